import { useEffect } from "react";

// Which instruments this page wants prices of. The engine gives one stream at most 500; what is on the screen
// comes first, then what is only sorted by.
export const TOKENS_MAX = 500;

type Rank = "shown" | "sorted";
interface Want {
  tokens: readonly number[];
  rank: Rank;
}

const wants = new Set<Want>();
let listener: (() => void) | null = null;
let scheduled = false;

export function onInterest(told: (() => void) | null): void {
  listener = told;
}

export function interest(): number[] {
  const out = new Set<number>();
  for (const rank of ["shown", "sorted"] as const) {
    for (const want of wants) {
      if (want.rank !== rank) continue;
      for (const token of want.tokens) {
        if (out.size >= TOKENS_MAX) return [...out];
        out.add(token);
      }
    }
  }
  return [...out];
}

function changed() {
  if (scheduled) return;
  scheduled = true;
  // Scrolling changes it many times a second; the engine takes 20 frames a second from a page.
  setTimeout(() => {
    scheduled = false;
    listener?.();
  }, 150);
}

export function usePricesOf(tokens: readonly number[], rank: Rank = "shown"): void {
  const key = tokens.join(",");
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the list
  useEffect(() => {
    const want = { tokens: [...tokens], rank };
    wants.add(want);
    changed();
    return () => {
      wants.delete(want);
      changed();
    };
  }, [key, rank]);
}
