import { expect, it } from "vitest";
import { row } from "@/test_rows";
import { legWord } from "./leg_word";

it.each([
  ["both wait", row(), ["armed", "armed"]],
  ["the stop's order is on its way", row({ status: "firing", triggered_leg: 1 }), ["firing", "held"]],
  [
    "it is not clear what became of it",
    row({ status: "needs_attention", triggered_leg: 2 }),
    ["not armed", "unknown"],
  ],
  ["it was cancelled", row({ status: "cancelled" }), ["not armed", "not armed"]],
  [
    "it has fired",
    row({ status: "triggered", triggered_leg: 1, leg_1_state: "fired", leg_2_state: "dropped" }),
    ["fired", "dropped"],
  ],
  ["its stop's order was refused", row({ leg_1_state: "failed" }), ["failed", "armed"]],
] as const)("%s", (_, trigger, words) => {
  expect([legWord(trigger, 1), legWord(trigger, 2)]).toEqual(words);
});
