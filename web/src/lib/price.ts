// Exact prices. A Price counts ten-millionths of a rupee, as the engine does: a whole number that fits a
// double's 53 bits up to ₹22 crore a unit, so that nothing here is ever binary floating-point money.
export type Price = number;

export const ONE_RUPEE = 10_000_000;
const DECIMALS_MAX = 7;
const PRICE_MAX = 2 ** 51;
const PER_TEN_THOUSANDTH = 1_000;
const MINUS = "\u2212";

// Of a JSON number with at most seven decimals: its double is so near that rounding gives the exact price.
export function priceOf(rupees: number): Price {
  return Math.round(rupees * ONE_RUPEE);
}

export function maybePriceOf(rupees: number | null | undefined): Price | null {
  return rupees === null || rupees === undefined ? null : priceOf(rupees);
}

// Of the stream's "px" frames.
export function priceOfTenThousandths(count: number): Price {
  return Math.round(count * PER_TEN_THOUSANDTH);
}

// What a person typed: "1,394.05", "₹ 1394". Null when it is not a price: signs, exponents, too many decimals.
export function parsePrice(text: string): Price | null {
  const plain = text.replace(/[₹,\s]/g, "");
  const match = /^(\d{1,9})(?:\.(\d{0,7}))?$/.exec(plain);
  if (!match) return null;
  const price = Number(match[1]) * ONE_RUPEE + Number((match[2] ?? "").padEnd(DECIMALS_MAX, "0"));
  return price <= PRICE_MAX ? price : null;
}

// The exact decimal text that the API reads.
export function toWire(price: Price): string {
  const fraction = String(price % ONE_RUPEE)
    .padStart(DECIMALS_MAX, "0")
    .replace(/0+$/, "");
  const whole = String(Math.trunc(price / ONE_RUPEE));
  return fraction === "" ? whole : `${whole}.${fraction}`;
}

export function decimalsOfTick(tick: Price): number {
  const fraction = String(tick % ONE_RUPEE)
    .padStart(DECIMALS_MAX, "0")
    .replace(/0+$/, "");
  return Math.max(2, fraction.length);
}

export function isOnTick(price: Price, tick: Price): boolean {
  return tick <= 0 || price % tick === 0;
}

export function roundToTick(price: Price, tick: Price, toward: "nearest" | "down" | "up" = "nearest"): Price {
  if (tick <= 0) return price;
  const over = price % tick;
  if (over === 0) return price;
  const down = price - over;
  if (toward === "down") return down;
  if (toward === "up") return down + tick;
  return over * 2 >= tick ? down + tick : down;
}

// A share of a price in basis points (100 = 1 %), exactly, rounded to the tick and never below one tick.
export function movedBy(price: Price, basisPoints: number, tick: Price): Price {
  const moved = (BigInt(price) * BigInt(10_000 + basisPoints)) / 10_000n;
  return Math.max(tick, roundToTick(Number(moved), tick));
}

// How far `to` is from `from`, in basis points.
export function basisPointsBetween(from: Price, to: Price): number {
  if (from === 0) return 0;
  const tenths = (BigInt(to - from) * 100_000n) / BigInt(from);
  return Math.round(Number(tenths) / 10);
}

const grouped = new Intl.NumberFormat("en-IN", { maximumFractionDigits: 0 });

// 1,23,456.75; more decimals than asked for only when the price has them.
export function formatPrice(price: Price, decimals = 2): string {
  const size = Math.abs(price);
  let fraction = String(size % ONE_RUPEE).padStart(DECIMALS_MAX, "0");
  fraction = fraction.slice(0, decimals) + fraction.slice(decimals).replace(/0+$/, "");
  const whole = grouped.format(Math.trunc(size / ONE_RUPEE));
  return `${price < 0 ? MINUS : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`;
}

// Money is a price times a quantity: it may leave 53 bits, so it is a bigint of the same unit.
export type Money = bigint;

export function amountOf(price: Price, quantity: number): Money {
  return BigInt(price) * BigInt(quantity);
}

// ₹1,23,456.75, rounded to paise.
export function formatMoney(amount: Money, signed = false): string {
  const paise = 100_000n;
  const size = amount < 0n ? -amount : amount;
  const rounded = (size + paise / 2n) / paise;
  const sign = amount < 0n ? MINUS : signed && amount > 0n ? "+" : "";
  return `${sign}₹${grouped.format(rounded / 100n)}.${String(rounded % 100n).padStart(2, "0")}`;
}

// Risk to reward as "1 : 2.35".
export function formatRatio(risk: Money, reward: Money): string {
  if (risk <= 0n) return "–";
  const hundredths = (reward * 100n + risk / 2n) / risk;
  return `1 : ${hundredths / 100n}.${String(hundredths % 100n).padStart(2, "0")}`;
}
