import type { Trigger } from "@/api/client";

export const legTones = {
  armed: "accent",
  firing: "warn",
  held: "neutral",
  unknown: "warn",
  fired: "warn",
  failed: "down",
  dropped: "neutral",
  "not armed": "neutral",
} as const;
export type LegWord = keyof typeof legTones;

// The stored state of a leg is "armed" until its trigger's story goes on: a leg that cannot fire is not told as armed.
export function legWord(row: Trigger, leg: 1 | 2): LegWord | null {
  const state = leg === 1 ? row.leg_1_state : row.leg_2_state;
  if (state !== "armed" || row.status === "active") return state;
  const its = row.triggered_leg === leg;
  if (row.status === "firing") return its ? "firing" : "held";
  return row.status === "needs_attention" && its ? "unknown" : "not armed";
}
