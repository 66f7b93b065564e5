import { formatMicroseconds } from "@/lib/time";

export interface Bar {
  name: string;
  count: number;
  bad?: boolean;
}

// The engine's buckets put together to a quarter of a doubling each, with the empty ones in between, so that equal
// widths mean equal ratios.
const PARTS = 4;
const slotOf = (micros: number) => Math.floor(Math.log2(Math.max(1, micros)) * PARTS);
const fromOf = (slot: number) => 2 ** (slot / PARTS);

export function barsOf(buckets: readonly (readonly number[])[]): Bar[] {
  const counts = new Map<number, number>();
  for (const [from, until, count] of buckets) {
    if (from === undefined || until === undefined || count === undefined) continue;
    // A bucket lies where its middle lies.
    const slot = slotOf((from + until) / 2);
    counts.set(slot, (counts.get(slot) ?? 0) + count);
  }
  if (counts.size === 0) return [];
  const first = Math.min(...counts.keys()) - 1;
  const last = Math.max(...counts.keys()) + 1;
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const slot = first + index;
    return {
      name: `${formatMicroseconds(fromOf(slot))} to ${formatMicroseconds(fromOf(slot + 1))}`,
      count: counts.get(slot) ?? 0,
    };
  });
}
