import { expect, it } from "vitest";
import { priceOf } from "@/lib/price";
import { barsOf } from "@/pages/performance/bars";
import { row } from "@/test_rows";
import { readCandles, startOf, withPrice } from "./candles";
import { limitOf, linesOf } from "./lines";

const at = (text: string) => Date.parse(text);

it("a candle grows with its prices, and the next minute begins the next one", () => {
  const [first] = readCandles([[at("2026-11-20T03:45:00Z"), 100, 101, 99, 100.5, 7]]);
  if (!first) throw new Error("no candle");
  const same = withPrice(first, priceOf(102), at("2026-11-20T03:45:59Z"), "minute");
  expect(same).toMatchObject({ at: first.at, high: priceOf(102), low: priceOf(99), close: priceOf(102) });
  const next = withPrice(same, priceOf(98), at("2026-11-20T03:46:00Z"), "minute");
  expect(next).toMatchObject({ at: at("2026-11-20T03:46:00Z"), open: priceOf(98), volume: null });
  expect(withPrice(next, priceOf(1), at("2026-11-20T03:40:00Z"), "minute")).toBe(next);
});

it("a day is India's day", () => {
  expect(startOf(at("2026-11-20T18:29:59Z"), "day")).toBe(at("2026-11-19T18:30:00Z"));
  expect(startOf(at("2026-11-20T18:30:00Z"), "day")).toBe(at("2026-11-20T18:30:00Z"));
});

it("rows that are not whole are left out", () => {
  expect(readCandles([[1, 2, 3, null, 5, 6]])).toEqual([]);
});

it("each armed leg of the instrument is a line, and a limit keeps its distance", () => {
  const lines = linesOf([row(), row({ status: "triggered" }), row({ instrument_token: 1 })], 408065);
  expect(lines.map((line) => line.name)).toEqual(["SL 10", "TGT 10"]);
  const [stop] = lines;
  if (!stop) throw new Error("no line");
  expect(limitOf({ line: stop, to: priceOf(1510) })).toBe(priceOf(1507));
});

it("buckets become bars of equal ratio, with the empty ones between them", () => {
  const bars = barsOf([
    [40, 42, 3],
    [160, 168, 1],
  ]);
  expect(bars.reduce((sum, bar) => sum + bar.count, 0)).toBe(4);
  expect(bars.length).toBe(11);
  expect(barsOf([])).toEqual([]);
});
