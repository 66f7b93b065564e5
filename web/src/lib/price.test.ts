import { describe, expect, it } from "vitest";
import {
  amountOf,
  basisPointsBetween,
  decimalsOfTick,
  formatMoney,
  formatPrice,
  formatRatio,
  isOnTick,
  movedBy,
  ONE_RUPEE,
  parsePrice,
  priceOf,
  priceOfTenThousandths,
  roundToTick,
  toWire,
} from "./price";

// A small generator whose seed is told when a property fails.
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

function forRandomPrices(check: (price: number, random: () => number) => void) {
  const seed = Number(process.env.HMT_TEST_SEED ?? Date.now() % 2 ** 31);
  const random = numbers(seed);
  for (let round = 0; round < 2000; ++round) {
    const price = Math.floor(random() * 2 ** 50);
    try {
      check(price, random);
    } catch (error) {
      throw new Error(`HMT_TEST_SEED=${seed}, price ${price}: ${error}`);
    }
  }
}

describe("a price", () => {
  it("goes to the wire and comes back exactly", () =>
    forRandomPrices((price) => {
      expect(parsePrice(toWire(price))).toBe(price);
      expect(priceOf(Number(toWire(price)))).toBe(price);
    }));

  it("reads as it was shown", () =>
    forRandomPrices((price) => expect(parsePrice(formatPrice(price))).toBe(price)));

  it("rounds to the nearest tick, and the three ways agree", () =>
    forRandomPrices((price, random) => {
      const tick = [500_000, 25_000, 1_000_000, 100_000][Math.floor(random() * 4)] ?? 500_000;
      const down = roundToTick(price, tick, "down");
      const up = roundToTick(price, tick, "up");
      const near = roundToTick(price, tick);
      for (const each of [down, up, near]) expect(isOnTick(each, tick)).toBe(true);
      expect(down <= price && price <= up && up - down <= tick).toBe(true);
      expect(Math.abs(near - price) * 2 <= tick).toBe(true);
    }));

  it.each([
    ["1,394.05", 1394.05],
    ["₹ 1,23,456.75", 123456.75],
    ["83.0025", 83.0025],
    ["12.", 12],
    ["0.05", 0.05],
  ])("%s is read as %d rupees", (text, rupees) => expect(parsePrice(text)).toBe(priceOf(rupees)));

  it.each(["", "-5", "+5", "1e3", "NaN", "1.2.3", "12.00000001", "999999999", "0x10", "५"])(
    "%j is none",
    (text) => expect(parsePrice(text)).toBeNull(),
  );

  it("is shown the Indian way, with the decimals of its tick and never fewer than it has", () => {
    expect(formatPrice(priceOf(123456.75))).toBe("1,23,456.75");
    expect(formatPrice(priceOf(83), 4)).toBe("83.0000");
    expect(formatPrice(priceOf(83.0025))).toBe("83.0025");
    expect(formatPrice(-priceOf(1.5))).toBe("\u22121.50");
  });

  it("of the stream counts ten-thousandths, or finer", () => {
    expect(priceOfTenThousandths(830025)).toBe(priceOf(83.0025));
    expect(priceOfTenThousandths(0.125)).toBe(125);
  });

  it("moves by a percentage without binary fractions", () => {
    const tick = priceOf(0.05);
    expect(movedBy(priceOf(2370.9), -500, tick)).toBe(priceOf(2252.35));
    expect(movedBy(priceOf(0.1), -9_999, tick)).toBe(tick);
    expect(basisPointsBetween(priceOf(200), priceOf(190))).toBe(-500);
    expect(basisPointsBetween(0, priceOf(1))).toBe(0);
  });

  it("has the decimals of its tick", () => {
    expect(decimalsOfTick(priceOf(0.05))).toBe(2);
    expect(decimalsOfTick(priceOf(0.0025))).toBe(4);
    expect(decimalsOfTick(priceOf(1))).toBe(2);
  });
});

describe("money", () => {
  it("is exact however large", () => {
    expect(formatMoney(amountOf(priceOf(99_999_999.95), 10_000_000))).toBe("₹99,99,99,99,95,00,000.00");
    expect(formatMoney(-amountOf(priceOf(118.605), 1))).toBe("\u2212₹118.61");
    expect(formatMoney(BigInt(ONE_RUPEE), true)).toBe("+₹1.00");
  });
  it("has a ratio of risk and reward", () => {
    expect(formatRatio(amountOf(priceOf(50), 1), amountOf(priceOf(117.5), 1))).toBe("1 : 2.35");
    expect(formatRatio(0n, 1n)).toBe("–");
  });
});
