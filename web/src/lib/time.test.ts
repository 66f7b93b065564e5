import { expect, it } from "vitest";
import { formatBasisPoints, parseBasisPoints } from "./percent";
import {
  formatExactClock,
  formatMicroseconds,
  formatMoment,
  formatShort,
  formatSpan,
  fromLocalInput,
  toLocalInput,
} from "./time";

it("tells India's time wherever the browser is", () => {
  expect(formatExactClock("2026-11-20T04:44:03.221Z")).toBe("10:14:03.221");
  expect(formatMoment("2026-11-20T19:00:00Z")).toBe("21 Nov 2026, 00:30:00");
  expect(formatShort("2026-11-20T04:44:03Z", "2026-11-20T10:00:00Z")).toBe("10:14:03");
});

it("takes and gives local times of a form in India's time", () => {
  expect(toLocalInput("2026-11-20T10:00:00Z")).toBe("2026-11-20T15:30");
  expect(fromLocalInput("2026-11-20T15:30")).toBe("2026-11-20T10:00:00.000Z");
  expect(fromLocalInput("")).toBeNull();
});

it.each([
  [900, "0 s"],
  [61_000, "1 min"],
  [11_100_000, "3 h 05 min"],
  [187_200_000, "2 d 04 h"],
])("%d ms are %s", (span, text) => expect(formatSpan(span)).toBe(text));

it.each([
  [4.2, "4.20 µs"],
  [41, "41 µs"],
  [1820, "1.82 ms"],
  [118_000, "118 ms"],
  [2_100_000, "2.10 s"],
])("%d µs are %s", (span, text) => expect(formatMicroseconds(span)).toBe(text));

it("reads and shows percentages as basis points", () => {
  expect(parseBasisPoints("-5")).toBe(-500);
  expect(parseBasisPoints("+2.5 %")).toBe(250);
  expect(parseBasisPoints("2.345")).toBeNull();
  expect(formatBasisPoints(-48)).toBe("\u22120.48%");
  expect(formatBasisPoints(500)).toBe("+5.00%");
  expect(formatBasisPoints(0)).toBe("0.00%");
});
