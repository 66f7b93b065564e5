import { expect, it, vi } from "vitest";
import { shownToasts, toast } from "./toast";

vi.useFakeTimers();

it("an error is not pushed out by messages that leave by themselves", () => {
  toast("bad", "INFY order refused: no margin");
  for (let i = 0; i < 10; ++i) toast("plain", `filled ${i}`);
  expect(shownToasts().map((one) => one.words)).toContain("INFY order refused: no margin");
  expect(shownToasts().length).toBe(4);
  vi.advanceTimersByTime(60_000);
  expect(shownToasts().map((one) => one.words)).toEqual(["INFY order refused: no margin"]);
});

it("the same words again are counted, not stacked", () => {
  for (let i = 0; i < 26; ++i) toast("bad", "below the circuit limit");
  const same = shownToasts().filter((one) => one.words === "below the circuit limit");
  expect(same.map((one) => one.times)).toEqual([26]);
});
