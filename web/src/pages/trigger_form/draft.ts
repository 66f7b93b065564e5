import type { Instrument, NewTrigger, Trigger, TriggerChange } from "@/api/client";
import { parseBasisPoints } from "@/lib/percent";
import {
  decimalsOfTick,
  formatPrice,
  movedBy,
  type Price,
  parsePrice,
  priceOf,
  roundToTick,
  toWire,
} from "@/lib/price";
import { fromLocalInput, toLocalInput } from "@/lib/time";

// What is on the form: text as it was typed. Leg 1 of a pair is the stop-loss, leg 2 the target.
export type SideWord = "BUY" | "SELL";
export type Kind = "single" | "two-leg";
export type Product = "CNC" | "NRML" | "MIS" | "MTF";
export type Direction = ">=" | "<=";

export interface LegDraft {
  trigger: string;
  order: "LIMIT" | "MARKET";
  limit: string;
  linked: boolean; // the limit keeps its distance when the trigger moves
}

export interface Draft {
  kind: Kind;
  side: SideWord;
  direction: Direction; // of a single trigger
  product: Product;
  quantity: string;
  quantity2: string | null; // null: the target's is the same
  legs: readonly [LegDraft, LegDraft];
  connection: string; // "" : the only one
  onUnknown: "park" | "retry";
  expires: string; // a local time of India, or ""
  fireIfCrossed: boolean; // consent for the levels as they stand: another level asks again
}

export interface Ground {
  tick: Price;
  lot: number;
  decimals: number;
  last: Price | null;
}

export function groundOf(instrument: Instrument, last: Price | null): Ground {
  const tick = priceOf(instrument.tick_size);
  return { tick, lot: Math.max(1, instrument.lot_size), decimals: decimalsOfTick(tick), last };
}

// The side of the level on which a leg fires, as the engine's rule has it.
export function directionOf(draft: Draft, leg: 0 | 1): Direction {
  if (draft.kind === "single") return draft.direction;
  const stop = draft.side === "SELL" ? "<=" : ">=";
  if (leg === 0) return stop;
  return stop === "<=" ? ">=" : "<=";
}

export const usualDirection = (side: SideWord): Direction => (side === "SELL" ? "<=" : ">=");

export function usualProduct(instrument: Instrument): Product {
  return instrument.exchange === "NSE" || instrument.exchange === "BSE" ? "CNC" : "NRML";
}

const LIMIT_GAP_BASIS_POINTS = 20;

// A limit a little past its trigger, on the side on which it still fills when the price goes on moving.
export function usualLimit(side: SideWord, trigger: Price, tick: Price): Price {
  return movedBy(trigger, side === "SELL" ? -LIMIT_GAP_BASIS_POINTS : LIMIT_GAP_BASIS_POINTS, tick);
}

const emptyLeg: LegDraft = { trigger: "", order: "LIMIT", limit: "", linked: true };

export function emptyDraft(instrument: Instrument, side: SideWord): Draft {
  return {
    kind: "two-leg",
    side,
    direction: usualDirection(side),
    product: usualProduct(instrument),
    quantity: String(Math.max(1, instrument.lot_size)),
    quantity2: null,
    legs: [emptyLeg, emptyLeg],
    connection: "",
    onUnknown: "park",
    expires: "",
    fireIfCrossed: false,
  };
}

export const shown = (price: Price, ground: Ground): string => formatPrice(price, ground.decimals);

// Levels at the user's usual distances from the last price; legs in which something was typed keep it.
export function withUsualLevels(
  draft: Draft,
  ground: Ground,
  percents: { stop: number; target: number },
): Draft {
  const { last, tick } = ground;
  if (last === null) return draft;
  const legs = draft.legs.map((leg, index) => {
    if (leg.trigger !== "" || leg.limit !== "") return leg;
    const away = index === 0 ? percents.stop : percents.target;
    const signed = directionOf({ ...draft, kind: draft.kind }, index as 0 | 1) === "<=" ? -away : away;
    const trigger = movedBy(last, signed, tick);
    return {
      ...leg,
      trigger: shown(trigger, ground),
      limit: shown(usualLimit(draft.side, trigger, tick), ground),
    };
  });
  return { ...draft, legs: [legs[0] as LegDraft, legs[1] as LegDraft] };
}

export interface Evaluated {
  text: string;
  note: string | null;
}

// What was typed, made a price: "-5%" and "+12" are from the last price; all else is rounded to the tick.
export function evaluated(text: string, ground: Ground): Evaluated {
  const typed = text.trim();
  const moved = relative(typed, ground);
  if (moved !== null) return { text: shown(moved, ground), note: `${typed} from the last price` };
  const price = parsePrice(typed);
  if (price === null) return { text, note: null };
  const rounded = roundToTick(price, ground.tick);
  const words = shown(rounded, ground);
  return {
    text: words,
    note: rounded === price ? null : `Rounded to ${words}: the tick is ${formatPrice(ground.tick)}`,
  };
}

function relative(typed: string, { last, tick }: Ground): Price | null {
  if (last === null) return null;
  if (typed.endsWith("%")) {
    const basisPoints = parseBasisPoints(typed);
    return basisPoints === null ? null : movedBy(last, basisPoints, tick);
  }
  const match = /^([+\-\u2212])(.+)$/.exec(typed);
  const points = match?.[2] ? parsePrice(match[2]) : null;
  if (points === null) return null;
  return Math.max(tick, roundToTick(match?.[1] === "+" ? last + points : last - points, tick));
}

export function stepped(text: string, ticks: number, ground: Ground): string {
  const from = parsePrice(text) ?? ground.last;
  if (from === null) return text;
  return shown(Math.max(ground.tick, roundToTick(from, ground.tick) + ticks * ground.tick), ground);
}

// The leg with another trigger; a linked limit moves along.
export function withTrigger(leg: LegDraft, text: string, side: SideWord, ground: Ground): LegDraft {
  const next = { ...leg, trigger: text };
  if (!leg.linked) return next;
  const to = parsePrice(text);
  if (to === null) return next;
  const from = parsePrice(leg.trigger);
  const limit = parsePrice(leg.limit);
  const moved = from !== null && limit !== null ? to + (limit - from) : usualLimit(side, to, ground.tick);
  return { ...next, limit: shown(Math.max(ground.tick, moved), ground) };
}

export function withLeg(draft: Draft, index: 0 | 1, next: LegDraft): Draft {
  const moved = next.trigger !== draft.legs[index].trigger;
  return {
    ...draft,
    legs: index === 0 ? [next, draft.legs[1]] : [draft.legs[0], next],
    fireIfCrossed: draft.fireIfCrossed && !moved,
  };
}

// The other side: the legs change places about the last price, and limits go to their fillable side.
export function withSide(draft: Draft, side: SideWord, ground: Ground): Draft {
  if (side === draft.side) return draft;
  const swapped = draft.kind === "two-leg" ? [draft.legs[1], draft.legs[0]] : [draft.legs[0], draft.legs[1]];
  const legs = swapped.map((leg) => {
    const trigger = parsePrice((leg as LegDraft).trigger);
    if (trigger === null) return leg as LegDraft;
    return { ...(leg as LegDraft), limit: shown(usualLimit(side, trigger, ground.tick), ground) };
  });
  return {
    ...draft,
    side,
    direction: draft.direction === usualDirection(draft.side) ? usualDirection(side) : draft.direction,
    fireIfCrossed: false,
    legs: [legs[0] as LegDraft, legs[1] as LegDraft],
  };
}

const wire = (text: string): string => toWire(parsePrice(text) ?? 0);

export type Body = Omit<NewTrigger, "instrument_token" | "exchange" | "trading_symbol">;

// What the API is told. Call it for a draft without errors.
export function bodyOf(draft: Draft): Body {
  const [first, second] = draft.legs;
  const quantity = Number(draft.quantity.replace(/,/g, ""));
  const pair = draft.kind === "two-leg";
  return {
    condition_type: draft.kind,
    transaction_type: draft.side,
    direction: pair ? null : draft.direction,
    product_type_1: draft.product,
    trigger_price_1: wire(first.trigger),
    order_price_1: first.order === "LIMIT" ? wire(first.limit) : null,
    quantity_1: quantity,
    product_type_2: pair ? draft.product : null,
    trigger_price_2: pair ? wire(second.trigger) : null,
    order_price_2: pair && second.order === "LIMIT" ? wire(second.limit) : null,
    quantity_2: pair ? Number((draft.quantity2 ?? draft.quantity).replace(/,/g, "")) : null,
    on_unknown: draft.onUnknown,
    expires_at: draft.expires === "" ? null : fromLocalInput(draft.expires),
    ...(draft.connection ? { broker_connection_id: draft.connection } : {}),
    ...(draft.fireIfCrossed ? { fire_if_crossed: true } : {}),
  };
}

// The row as a draft, to edit or to clone it.
export function draftOf(row: Trigger, ground: Ground): Draft {
  const leg = (trigger: number | null, limit: number | null): LegDraft => ({
    trigger: trigger === null ? "" : shown(priceOf(trigger), ground),
    order: trigger !== null && limit === null ? "MARKET" : "LIMIT",
    limit: limit === null ? "" : shown(priceOf(limit), ground),
    linked: true,
  });
  return {
    kind: row.condition_type,
    side: row.transaction_type,
    direction: row.direction ?? usualDirection(row.transaction_type),
    product: row.product_type_1,
    quantity: String(row.quantity_1),
    quantity2: row.quantity_2 !== null && row.quantity_2 !== row.quantity_1 ? String(row.quantity_2) : null,
    legs: [leg(row.trigger_price_1, row.order_price_1), leg(row.trigger_price_2, row.order_price_2)],
    connection: "",
    onUnknown: row.on_unknown,
    expires: row.expires_at ? toLocalInput(row.expires_at) : "",
    fireIfCrossed: false,
  };
}

// Only what differs from what was read: an edit must not put back what another tab has changed.
export function changeOf(before: Body, after: Body): TriggerChange {
  const change: Record<string, unknown> = {};
  for (const name of Object.keys(after) as (keyof Body)[]) {
    if (name === "broker_connection_id") continue;
    if (after[name] !== before[name]) change[name] = after[name];
  }
  return change as TriggerChange;
}

export const rupees = (price: Price): string => `₹${formatPrice(price)}`;
