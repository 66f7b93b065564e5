import { useEffect, useState } from "react";
import { engineNow } from "@/lib/engine_clock";

function useClock(read: () => number, everyMs: number): number {
  const [now, setNow] = useState(read);
  useEffect(() => {
    const timer = setInterval(() => setNow(read()), everyMs);
    return () => clearInterval(timer);
  }, [read, everyMs]);
  return now;
}

// For what the engine dates: prices, sessions, today.
export const useEngineNow = (everyMs = 1_000): number => useClock(engineNow, everyMs);

// For what this browser dates itself.
export const useBrowserNow = (everyMs = 1_000): number => useClock(Date.now, everyMs);
