import { expect, it } from "vitest";
import type { Told } from "@/live/live";
import { row } from "@/test_rows";
import { wordsOfHappening } from "./announcer";

const told = (changes: Partial<Told>): Told => ({
  seq: 1,
  trigger: null,
  event: "engine_stopped",
  severity: "warning",
  actor: "engine",
  at: "2026-11-20T05:00:00.000Z",
  detail: {},
  ...changes,
});

it.each([
  [
    told({ event: "broker_session_refused", severity: "alarm", detail: { why: "the ticker answered 403" } }),
    "broker session refused: the ticker answered 403",
  ],
  [
    told({ event: "order_refused", severity: "alarm", trigger: row(), detail: { message: "no margin" } }),
    "INFY order refused: no margin",
  ],
  [told({ event: "order_update", severity: "info" }), null],
] as const)("%j is told as %s", (happening, words) => {
  expect(wordsOfHappening(happening)).toBe(words);
});
