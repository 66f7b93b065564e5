import type { Instrument } from "@/api/client";
import { formatPrice, parsePrice } from "@/lib/price";
import { type Draft, directionOf } from "./draft";

// The trigger in plain words, for the review: what is watched, and exactly what is sent.
export interface Sentence {
  when: string;
  sends: string;
}

const rupees = (text: string) => `₹${formatPrice(parsePrice(text) ?? 0)}`;

export function sentencesOf(draft: Draft, instrument: Instrument): Sentence[] {
  const legs = draft.kind === "two-leg" ? ([0, 1] as const) : ([0] as const);
  return legs.map((index) => {
    const leg = draft.legs[index];
    const side = directionOf(draft, index) === "<=" ? "at or below" : "at or above";
    const quantity = Number(
      (index === 1 ? (draft.quantity2 ?? draft.quantity) : draft.quantity).replace(/,/g, ""),
    );
    const how =
      leg.order === "LIMIT" ? `limit ${rupees(leg.limit)}` : "at market, with the broker's protection";
    return {
      when: `When ${instrument.trading_symbol} (${instrument.exchange}) trades ${side} ${rupees(leg.trigger)}`,
      sends: `the engine sends ${draft.side} ${quantity.toLocaleString("en-IN")} ${draft.product}, ${how}`,
    };
  });
}
