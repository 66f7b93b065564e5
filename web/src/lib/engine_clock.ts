// The engine's clock as this browser knows it: ages of prices and "today" must not depend on how the browser's is set.
let aheadMs = 0; // the engine's before this browser's

export function engineClockHeard(engineMs: number): void {
  aheadMs = engineMs - Date.now();
}

export const engineNow = (): number => Date.now() + aheadMs;
