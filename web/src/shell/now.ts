import { useEffect, useRef, useState } from "react";
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

// What changes in bursts, looked at no oftener than that: the first change at once, the last one always.
export function useCalm<T>(value: T, everyMs: number): T {
  const [calm, setCalm] = useState(value);
  const shownAt = useRef(0);
  useEffect(() => {
    const show = () => {
      shownAt.current = Date.now();
      setCalm(value);
    };
    const wait = shownAt.current + everyMs - Date.now();
    const timer = setTimeout(show, Math.max(0, wait));
    return () => clearTimeout(timer);
  }, [value, everyMs]);
  return calm;
}
