import { formatDay } from "@/lib/time";
import type { Row } from "@/live/trigger_rows";
import { isAttention } from "@/pages/triggers/arrange";

// Where the user's triggers stand. "Filled" counts orders that the broker says are complete, nothing less.
export interface Counts {
  armed: number;
  watched: number;
  firing: number;
  firedToday: number;
  filledToday: number;
  attention: number;
}

export function countsOf(rows: readonly Row[], now: number): Counts {
  const today = formatDay(now);
  const counts: Counts = { armed: 0, watched: 0, firing: 0, firedToday: 0, filledToday: 0, attention: 0 };
  for (const row of rows) {
    if (row.status === "active") {
      counts.armed += 1;
      if (row.monitored) counts.watched += 1;
    }
    if (row.status === "firing") counts.firing += 1;
    if (row.triggered_at && formatDay(row.triggered_at) === today) {
      counts.firedToday += 1;
      if (row.order_status === "COMPLETE") counts.filledToday += 1;
    }
    if (isAttention(row)) counts.attention += 1;
  }
  return counts;
}

// Why armed triggers are not watched, with how many for each reason; the most first.
export function whyNotWatched(rows: readonly Row[]): [reason: string, count: number][] {
  const reasons = new Map<string, number>();
  for (const row of rows) {
    if (row.status !== "active" || row.monitored) continue;
    const reason = row.not_monitored_reason ?? "no reason is told";
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }
  return [...reasons].sort((a, b) => b[1] - a[1]);
}
