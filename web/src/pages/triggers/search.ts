// What the address says of the list: shareable, and the back button works.
export const shows = ["all", "active", "attention", "done"] as const;
export const sorts = ["newest", "symbol", "distance", "status"] as const;

export interface TriggersSearch {
  show?: (typeof shows)[number];
  side?: "BUY" | "SELL";
  kind?: "single" | "two-leg";
  q?: string;
  sort?: (typeof sorts)[number];
  reverse?: boolean;
}

const oneOf = <T extends string>(value: unknown, known: readonly T[]): T | undefined =>
  known.find((one) => one === value);

export function readTriggersSearch(search: Record<string, unknown>): TriggersSearch {
  return {
    show: oneOf(search.show, shows),
    side: oneOf(search.side, ["BUY", "SELL"] as const),
    kind: oneOf(search.kind, ["single", "two-leg"] as const),
    q: search.q === undefined || search.q === "" ? undefined : String(search.q),
    sort: oneOf(search.sort, sorts),
    reverse: search.reverse === true ? true : undefined,
  };
}
