import { type Price, priceOf } from "@/lib/price";
import type { Row } from "@/live/trigger_rows";

// An armed leg as a line on the chart.
export interface Line {
  key: string;
  row: Row;
  leg: 1 | 2;
  level: Price;
  limit: Price | null; // null: at market
  name: string;
  role: "stop" | "target" | "single";
}

// A line that was dragged or typed to another level, and is not saved.
export interface Moved {
  line: Line;
  to: Price;
}

const LINES_MAX = 40;

export function linesOf(rows: readonly Row[], token: number): Line[] {
  const lines: Line[] = [];
  for (const row of rows) {
    if (row.instrument_token !== token || row.status !== "active") continue;
    const pair = row.condition_type === "two-leg";
    if (row.leg_1_state === "armed") lines.push(lineOf(row, 1, pair ? "stop" : "single"));
    if (row.leg_2_state === "armed") lines.push(lineOf(row, 2, "target"));
    if (lines.length >= LINES_MAX) break;
  }
  return lines;
}

function lineOf(row: Row, leg: 1 | 2, role: Line["role"]): Line {
  const level = leg === 1 ? row.trigger_price_1 : (row.trigger_price_2 ?? 0);
  const limit = leg === 1 ? row.order_price_1 : row.order_price_2;
  const quantity = leg === 1 ? row.quantity_1 : (row.quantity_2 ?? row.quantity_1);
  const word = role === "stop" ? "SL" : role === "target" ? "TGT" : row.transaction_type;
  return {
    key: `${row.id}-${leg}`,
    row,
    leg,
    level: priceOf(level),
    limit: limit === null ? null : priceOf(limit),
    name: `${word} ${quantity.toLocaleString("en-IN")}`,
    role,
  };
}

// A limit keeps its distance from the trigger that moves.
export function limitOf({ line, to }: Moved): Price | null {
  return line.limit === null ? null : Math.max(1, line.limit + (to - line.level));
}
