import { expect, it } from "vitest";
import type { EngineState } from "@/live/frames";
import type { Link } from "@/live/stream";
import { conditionOf, pricesAreOld } from "./condition";

const live: Link = { state: "live" };
const lost: Link = { state: "lost", since: 0, because: "cut", retryAt: 0, answered: false };
const streamless: Link = { ...lost, answered: true };
const engine = (status: EngineState["status"], websocket_status = "connected") =>
  ({ status, stats: { websocket_status } }) as unknown as EngineState;

it.each([
  ["this browser is cut off, whatever the engine was", lost, engine("running"), "cut-off", true],
  ["the engine answers, and the stream alone is missing", streamless, engine("running"), "polled", true],
  [
    "the stream is missing, and the engine does not run either",
    streamless,
    engine("stopped"),
    "stopped",
    true,
  ],
  ["nothing was heard yet", { state: "connecting" } as Link, null, "connecting", true],
  ["the engine does not run", live, engine("stopped"), "stopped", true],
  ["it runs and gets no prices", live, engine("degraded", "disconnected"), "no-feed", true],
  ["it says running while the ticker connects", live, engine("running", "connecting"), "no-feed", true],
  ["it runs, but not as it should", live, engine("degraded"), "degraded", false],
  ["it starts", live, engine("starting"), "starting", false],
  ["all is well", live, engine("running"), "running", false],
] as const)("%s", (_, link, state, kind, old) => {
  const condition = conditionOf(link, state);
  expect(condition.kind).toBe(kind);
  expect(pricesAreOld(condition)).toBe(old);
});
