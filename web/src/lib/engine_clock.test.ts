import { afterEach, expect, it, vi } from "vitest";
import { engineClockHeard, engineNow } from "./engine_clock";
import { formatShort } from "./time";

afterEach(() => {
  vi.useRealTimers();
  engineClockHeard(Date.now());
});

it("tells the engine's time on a browser whose clock is two hours ahead", () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-20T06:00:00Z") });
  engineClockHeard(Date.parse("2026-11-20T04:00:00Z"));
  vi.advanceTimersByTime(1_500);
  expect(new Date(engineNow()).toISOString()).toBe("2026-11-20T04:00:01.500Z");
});

it("knows the engine's today on a browser whose date is wrong", () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-22T06:00:00Z") });
  engineClockHeard(Date.parse("2026-11-20T04:00:00Z"));
  expect(formatShort("2026-11-20T03:00:00Z")).toBe("08:30:00");
});
