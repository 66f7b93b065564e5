import { useQuery } from "@tanstack/react-query";
import { api, ask, type Trigger } from "@/api/client";
import type { components } from "@/api/schema";

export type Why = components["schemas"]["Why"];
export type ApproachSeen = NonNullable<Why["approach"]>;

// All that is known of a trigger. While it is armed, how near it comes changes without an event.
export const useWhy = (row: Pick<Trigger, "id" | "status">) =>
  useQuery({
    queryKey: ["trigger", row.id, "why"],
    queryFn: () => ask(api.GET("/api/v1/triggers/{id}/why", { params: { path: { id: row.id } } })),
    refetchInterval: row.status === "active" ? 5_000 : false,
  });
