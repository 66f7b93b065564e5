import { type Price, priceOf } from "@/lib/price";

export interface Candle {
  at: number; // epoch ms of its beginning
  open: Price;
  high: Price;
  low: Price;
  close: Price;
  volume: number | null;
}

const DAY_MS = 86_400_000;

// How far back each interval is read.
export const spans = {
  minute: 3 * DAY_MS,
  "5minute": 10 * DAY_MS,
  "15minute": 30 * DAY_MS,
  day: 400 * DAY_MS,
} as const;
export type SpanWord = keyof typeof spans;

const lengths: Record<SpanWord, number> = {
  minute: 60_000,
  "5minute": 300_000,
  "15minute": 900_000,
  day: DAY_MS,
};
const INDIA_OFFSET_MS = 330 * 60_000;

export function readCandles(rows: readonly (readonly (number | null)[])[]): Candle[] {
  return rows.flatMap(([at, open, high, low, close, volume]) =>
    at == null || open == null || high == null || low == null || close == null
      ? []
      : [
          {
            at,
            open: priceOf(open),
            high: priceOf(high),
            low: priceOf(low),
            close: priceOf(close),
            volume: volume ?? null,
          },
        ],
  );
}

// Where the candle that holds `at` begins, by India's clock.
export function startOf(at: number, interval: SpanWord): number {
  const local = at + INDIA_OFFSET_MS;
  return local - (local % lengths[interval]) - INDIA_OFFSET_MS;
}

// The last candle with one more price: the same one, or the next.
export function withPrice(last: Candle, price: Price, at: number, interval: SpanWord): Candle {
  const start = startOf(at, interval);
  if (start < last.at) return last;
  if (start > last.at && startOf(last.at, interval) !== start)
    return { at: start, open: price, high: price, low: price, close: price, volume: null };
  return { ...last, high: Math.max(last.high, price), low: Math.min(last.low, price), close: price };
}
