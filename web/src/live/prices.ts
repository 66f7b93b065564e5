import { useSyncExternalStore } from "react";
import { type Price, priceOfTenThousandths } from "@/lib/price";

// The last price of each instrument that this page follows. Frames only write here; readers are told once for each
// frame that is painted, so that a thousand ticks a second cost one look.
export interface Quote {
  price: Price;
  at: number; // epoch ms of the exchange
  heardAt: number; // this browser's clock
  direction: -1 | 0 | 1; // against the price before
}

export type PxEntry = [token: number, tenThousandths: number, at: number];

const quotes = new Map<number, Quote>();
const readers = new Map<number, Set<() => void>>();
const changed = new Set<number>();
let painting = false;

export function takePrices(entries: PxEntry[], heardAt = Date.now()): void {
  for (const [token, count, at] of entries) {
    const price = priceOfTenThousandths(count);
    const before = quotes.get(token);
    const direction = before && before.price !== price ? (price > before.price ? 1 : -1) : 0;
    quotes.set(token, { price, at, heardAt, direction });
    changed.add(token);
  }
  if (painting || changed.size === 0) return;
  painting = true;
  requestAnimationFrame(tellReaders);
}

function tellReaders() {
  painting = false;
  const tokens = [...changed];
  changed.clear();
  for (const token of tokens) for (const reader of readers.get(token) ?? []) reader();
}

export const quoteOf = (token: number): Quote | undefined => quotes.get(token);

export function followPrice(token: number, reader: () => void): () => void {
  const known = readers.get(token) ?? new Set();
  readers.set(token, known);
  known.add(reader);
  return () => {
    known.delete(reader);
    if (known.size === 0) readers.delete(token);
  };
}

export function useQuote(token: number | null): Quote | undefined {
  return useSyncExternalStore(
    (reader) => (token === null ? () => {} : followPrice(token, reader)),
    () => (token === null ? undefined : quotes.get(token)),
  );
}

export function forgetPrices(): void {
  for (const token of quotes.keys()) changed.add(token);
  quotes.clear();
  tellReaders();
}
