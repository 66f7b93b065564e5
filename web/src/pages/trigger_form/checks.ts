import { formatBasisPoints } from "@/lib/percent";
import {
  amountOf,
  basisPointsBetween,
  formatPrice,
  isOnTick,
  type Money,
  type Price,
  parsePrice,
} from "@/lib/price";
import { fromLocalInput } from "@/lib/time";
import type { Row } from "@/live/trigger_rows";
import { type Draft, directionOf, type Ground, rupees } from "./draft";

// What is wrong with a draft (it cannot be sent) and what its owner should know. The engine judges again.
export type FieldName =
  | "trigger_price_1"
  | "order_price_1"
  | "trigger_price_2"
  | "order_price_2"
  | "quantity_1"
  | "quantity_2"
  | "expires_at";

export interface Findings {
  errors: Partial<Record<FieldName, string>>;
  crossed: boolean; // a level is reached already: only fire_if_crossed arms it
  warnings: string[];
}

const CLOSE_BASIS_POINTS = 25;

export function reaches(price: Price, direction: ">=" | "<=", level: Price): boolean {
  return direction === ">=" ? price >= level : price <= level;
}

export function quantityOf(text: string): number | null {
  const plain = text.replace(/,/g, "").trim();
  return /^\d{1,8}$/.test(plain) ? Number(plain) : null;
}

export function checked(draft: Draft, ground: Ground, now: number): Findings {
  const findings: Findings = { errors: {}, crossed: false, warnings: [] };
  checkLeg(draft, 0, ground, findings);
  if (draft.kind === "two-leg") {
    checkLeg(draft, 1, ground, findings);
    checkOrder(draft, findings);
  }
  checkQuantity(draft.quantity, "quantity_1", ground, findings);
  if (draft.kind === "two-leg" && draft.quantity2 !== null)
    checkQuantity(draft.quantity2, "quantity_2", ground, findings);
  if (draft.expires !== "") {
    const at = fromLocalInput(draft.expires);
    if (at === null) findings.errors.expires_at = "This is not a date and time";
    else if (Date.parse(at) <= now) findings.errors.expires_at = "This time is over";
    else if (Date.parse(at) - now < 2 * 86_400_000) findings.warnings.push("It expires within two days.");
  }
  return findings;
}

const names = (draft: Draft, leg: 0 | 1) =>
  draft.kind === "single" ? "trigger" : leg === 0 ? "stop-loss" : "target";

function checkLeg(draft: Draft, index: 0 | 1, ground: Ground, findings: Findings) {
  const leg = draft.legs[index];
  const field = index === 0 ? "trigger_price_1" : "trigger_price_2";
  const level = checkPrice(leg.trigger, field, ground, findings);
  if (level !== null && ground.last !== null) {
    const direction = directionOf(draft, index);
    if (reaches(ground.last, direction, level)) {
      findings.crossed = true;
      if (draft.fireIfCrossed) {
        findings.warnings.push(
          `The last price ${rupees(ground.last)} has reached the ${names(draft, index)} already: it fires at once, and its order is sent.`,
        );
      } else {
        const side = direction === "<=" ? "below" : "above";
        findings.errors[field] =
          `The last price ${rupees(ground.last)} has reached it already: a ${names(draft, index)} that fires here must be ${side} it`;
      }
    } else if (Math.abs(basisPointsBetween(ground.last, level)) < CLOSE_BASIS_POINTS) {
      findings.warnings.push(
        `The ${names(draft, index)} is ${formatBasisPoints(basisPointsBetween(ground.last, level))} from the last price: it may fire almost at once.`,
      );
    }
  }
  if (leg.order === "MARKET") return;
  const limit = checkPrice(leg.limit, index === 0 ? "order_price_1" : "order_price_2", ground, findings);
  if (limit === null || level === null) return;
  if (draft.side === "SELL" ? limit > level : limit < level) {
    findings.warnings.push(
      `The ${names(draft, index)}'s limit is ${draft.side === "SELL" ? "above" : "below"} its trigger: the order may wait unfilled while the price moves away.`,
    );
  }
}

function checkPrice(text: string, field: FieldName, ground: Ground, findings: Findings): Price | null {
  const price = parsePrice(text);
  if (price === null || price <= 0) {
    findings.errors[field] = text.trim() === "" ? "A price is needed" : "This is not a price";
    return null;
  }
  if (!isOnTick(price, ground.tick)) {
    findings.errors[field] = `Not a multiple of the tick ${formatPrice(ground.tick)}`;
    return null;
  }
  return price;
}

function checkOrder(draft: Draft, findings: Findings) {
  const stop = parsePrice(draft.legs[0].trigger);
  const target = parsePrice(draft.legs[1].trigger);
  if (stop === null || target === null || findings.errors.trigger_price_1 || findings.errors.trigger_price_2)
    return;
  const apart = draft.side === "SELL" ? stop < target : stop > target;
  if (!apart)
    findings.errors.trigger_price_2 =
      draft.side === "SELL"
        ? "The target must be above the stop-loss"
        : "The target must be below the stop-loss";
}

function checkQuantity(text: string, field: "quantity_1" | "quantity_2", ground: Ground, findings: Findings) {
  const quantity = quantityOf(text);
  if (quantity === null || quantity < 1) findings.errors[field] = "A whole number is needed";
  else if (quantity > 10_000_000) findings.errors[field] = "At most 1,00,00,000";
  else if (quantity % ground.lot !== 0) findings.errors[field] = `Not a multiple of the lot of ${ground.lot}`;
}

export function isTwin(row: Row, token: number, draft: Draft): boolean {
  if (row.status !== "active" || row.instrument_token !== token || row.transaction_type !== draft.side)
    return false;
  const level = (text: string) => parsePrice(text);
  const same = (stored: number | null, text: string) =>
    stored !== null && Math.round(stored * 1e7) === level(text);
  if (row.condition_type !== draft.kind || !same(row.trigger_price_1, draft.legs[0].trigger)) return false;
  return draft.kind === "single" || same(row.trigger_price_2, draft.legs[1].trigger);
}

export interface Stakes {
  risk: Money;
  reward: Money;
}

// From the last price to each leg's limit (or trigger, for a market order), before charges.
export function stakesOf(draft: Draft, ground: Ground): Stakes | null {
  const quantity = quantityOf(draft.quantity);
  if (draft.kind !== "two-leg" || ground.last === null || quantity === null) return null;
  const [stop, target] = draft.legs.map((leg) => parsePrice(leg.order === "LIMIT" ? leg.limit : leg.trigger));
  if (stop === null || target === null || stop === undefined || target === undefined) return null;
  const sign = draft.side === "SELL" ? 1 : -1;
  const second = quantityOf(draft.quantity2 ?? draft.quantity) ?? quantity;
  return {
    risk: amountOf((ground.last - stop) * sign, quantity),
    reward: amountOf((target - ground.last) * sign, second),
  };
}
