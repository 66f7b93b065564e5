import { expect, it } from "vitest";
import { row } from "@/test_rows";
import { standingOf } from "./badge";

it.each([
  [{}, "Armed", "accent"],
  [{ monitored: false }, "Not watched", "warn"],
  [{ leg_1_state: "failed" }, "Armed, one leg failed", "warn"],
  [{ status: "firing" }, "Firing", "warn"],
  [{ status: "firing", order_status: "UNKNOWN" }, "Order unknown", "warn"],
  [{ status: "triggered" }, "Order sent", "info"],
  [
    { status: "triggered", order_status: "OPEN", filled_quantity: 4, triggered_leg: 1 },
    "Partly filled 4/10",
    "info",
  ],
  [{ status: "triggered", order_status: "COMPLETE" }, "Filled", "up"],
  [{ status: "triggered", order_status: "REJECTED" }, "Order rejected", "down"],
  [{ status: "triggered", order_status: "CANCELLED" }, "Order cancelled", "down"],
  [{ status: "triggered", order_status: "CANCELLED", filled_quantity: 3 }, "Cancelled, 3 filled", "down"],
  [{ status: "triggered", order_status: "UNKNOWN" }, "Order unknown", "warn"],
  [{ status: "failed" }, "Failed", "down"],
  [{ status: "needs_attention" }, "Needs attention", "down"],
  [{ status: "cancelled" }, "Cancelled", "neutral"],
  [{ status: "expired" }, "Expired", "neutral"],
] as const)("a trigger with %j is %s", (changes, word, tone) => {
  expect(standingOf(row(changes))).toMatchObject({ word, tone });
});
