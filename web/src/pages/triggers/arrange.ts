import { standingOf } from "@/components/badge";
import { basisPointsBetween, maybePriceOf, type Price, priceOf } from "@/lib/price";
import { quoteOf } from "@/live/prices";
import type { Row } from "@/live/trigger_rows";
import type { TriggersSearch } from "./search";

// Which rows the list shows, and in which order. Rows stay where they are; what is sorted is a list of their
// numbers, so ten thousand rows cost a few milliseconds.
export interface Leg {
  leg: 1 | 2;
  level: Price;
}

export function armedLegs(row: Row): Leg[] {
  const legs: Leg[] = [];
  if (row.leg_1_state === "armed") legs.push({ leg: 1, level: priceOf(row.trigger_price_1) });
  if (row.leg_2_state === "armed" && row.trigger_price_2 !== null)
    legs.push({ leg: 2, level: priceOf(row.trigger_price_2) });
  return legs;
}

export function lastPriceOf(row: Row): Price | null {
  return quoteOf(row.instrument_token)?.price ?? maybePriceOf(row.last_price);
}

// How far the price has to go to the nearest level, in basis points of the price and with its sign.
export function distanceOf(row: Row, last: Price | null): number | null {
  if (row.status !== "active" || last === null) return null;
  let nearest: number | null = null;
  for (const { level } of armedLegs(row)) {
    const away = basisPointsBetween(last, level);
    if (nearest === null || Math.abs(away) < Math.abs(nearest)) nearest = away;
  }
  return nearest;
}

const DONE = new Set(["triggered", "cancelled", "expired", "failed"]);

export function isAttention(row: Row): boolean {
  if (row.status === "needs_attention" || row.status === "failed") return true;
  if (row.status === "active")
    return !row.monitored || row.leg_1_state === "failed" || row.leg_2_state === "failed";
  if (row.status === "firing") return row.order_status === "UNKNOWN";
  return row.status === "triggered" && ["REJECTED", "UNKNOWN", "CANCELLED"].includes(row.order_status ?? "");
}

export function matches(row: Row, search: TriggersSearch): boolean {
  switch (search.show ?? "all") {
    case "active":
      if (row.status !== "active" && row.status !== "firing") return false;
      break;
    case "attention":
      if (!isAttention(row)) return false;
      break;
    case "done":
      if (!DONE.has(row.status)) return false;
      break;
  }
  if (search.side && row.transaction_type !== search.side) return false;
  if (search.kind && row.condition_type !== search.kind) return false;
  if (!search.q) return true;
  const text = `${row.trading_symbol} ${row.exchange} ${row.order_id ?? ""} ${row.id}`.toLowerCase();
  return search.q
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function arrange(rows: readonly Row[], search: TriggersSearch): Row[] {
  const kept = rows.filter((row) => matches(row, search));
  const sort = search.sort ?? "newest";
  if (sort === "distance") sortByDistance(kept);
  else if (sort === "symbol")
    kept.sort((a, b) =>
      a.trading_symbol < b.trading_symbol ? -1 : a.trading_symbol > b.trading_symbol ? 1 : 0,
    );
  else if (sort === "status") {
    const words = new Map(kept.map((row) => [row.id, standingOf(row).word]));
    kept.sort((a, b) => (words.get(a.id) ?? "").localeCompare(words.get(b.id) ?? ""));
  }
  return search.reverse ? kept.reverse() : kept;
}

function sortByDistance(rows: Row[]) {
  const keys = new Float64Array(rows.length);
  const order = new Uint32Array(rows.length);
  const before = [...rows];
  before.forEach((row, index) => {
    order[index] = index;
    const away = distanceOf(row, lastPriceOf(row));
    keys[index] = away === null ? Number.POSITIVE_INFINITY : Math.abs(away);
  });
  order.sort((a, b) => {
    const left = keys[a] ?? 0;
    const right = keys[b] ?? 0;
    return left < right ? -1 : left > right ? 1 : a - b;
  });
  order.forEach((from, to) => {
    const row = before[from];
    if (row) rows[to] = row;
  });
}
