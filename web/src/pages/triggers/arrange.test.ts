import { expect, it } from "vitest";
import { priceOf } from "@/lib/price";
import { row } from "@/test_rows";
import { arrange, distanceOf, isAttention } from "./arrange";
import { csvOf } from "./csv";

const last = priceOf(1572);

it("tells how far the nearest armed level is, with its direction", () => {
  expect(distanceOf(row(), last)).toBe(-458);
  expect(distanceOf(row({ leg_1_state: "failed" }), last)).toBe(496);
  expect(distanceOf(row({ status: "triggered" }), last)).toBeNull();
  expect(distanceOf(row(), null)).toBeNull();
});

it("sorts by distance, with rows without one at the end, and back again", () => {
  const rows = [
    row({ id: "done", status: "cancelled" }),
    row({ id: "far", trigger_price_1: 1000, trigger_price_2: 2500 }),
    row({ id: "near", trigger_price_1: 1571 }),
  ];
  const order = (reverse?: boolean) => arrange(rows, { sort: "distance", reverse }).map((one) => one.id);
  expect(order()).toEqual(["near", "far", "done"]);
  expect(order(true)).toEqual(["done", "far", "near"]);
  expect(rows[0]?.id).toBe("done");
});

it("filters by words, side, type and what needs attention", () => {
  const rows = [
    row({ id: "a" }),
    row({ id: "b", trading_symbol: "TCS", transaction_type: "BUY", condition_type: "single" }),
    row({ id: "c", monitored: false }),
    row({ id: "d", status: "triggered", order_status: "REJECTED" }),
  ];
  const found = (search: Parameters<typeof arrange>[1]) => arrange(rows, search).map((one) => one.id);
  expect(found({ q: "nse tc" })).toEqual(["b"]);
  expect(found({ side: "BUY" })).toEqual(["b"]);
  expect(found({ kind: "two-leg" })).toEqual(["a", "c", "d"]);
  expect(found({ show: "active" })).toEqual(["a", "b", "c"]);
  expect(found({ show: "attention" })).toEqual(["c", "d"]);
  expect(found({ show: "done" })).toEqual(["d"]);
  expect(isAttention(row({ status: "triggered", order_status: "COMPLETE" }))).toBe(false);
  expect(isAttention(row({ status: "firing" }))).toBe(false);
  expect(isAttention(row({ status: "firing", order_status: "UNKNOWN" }))).toBe(true);
});

it("exports no formula and no broken line", () => {
  const text = csvOf([row({ error_message: '=HYPERLINK("http://evil"),\n"x"' })]);
  expect(text.split("\r\n").length).toBe(2);
  expect(text).toContain(`"'=HYPERLINK(""http://evil""),\n""x"""`);
});
