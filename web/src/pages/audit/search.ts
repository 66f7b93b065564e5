export interface AuditSearch {
  severity?: "warning" | "alarm";
  trigger?: string;
}

export function readAuditSearch(search: Record<string, unknown>): AuditSearch {
  return {
    severity: search.severity === "warning" || search.severity === "alarm" ? search.severity : undefined,
    trigger: typeof search.trigger === "string" && search.trigger !== "" ? search.trigger : undefined,
  };
}
