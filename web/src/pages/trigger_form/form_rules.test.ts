import { describe, expect, it } from "vitest";
import type { Instrument } from "@/api/client";
import { priceOf } from "@/lib/price";
import { row } from "@/test_rows";
import { checked, isTwin, stakesOf } from "./checks";
import {
  bodyOf,
  changeOf,
  type Draft,
  draftOf,
  emptyDraft,
  evaluated,
  groundOf,
  stepped,
  withLeg,
  withSide,
  withTrigger,
  withUsualLevels,
} from "./draft";
import { sentencesOf } from "./words";

const infy: Instrument = {
  instrument_token: 408065,
  exchange: "NSE",
  trading_symbol: "INFY",
  name: "INFOSYS",
  segment: "NSE",
  instrument_type: "EQ",
  tick_size: 0.05,
  lot_size: 1,
  strike: null,
  expiry: null,
  tradable: true,
  last_price: 1572,
  last_price_at: null,
};
const ground = groundOf(infy, priceOf(1572));
const percents = { stop: 500, target: 500 };
const now = Date.parse("2026-11-20T04:00:00Z");
const offered = (side: "BUY" | "SELL" = "SELL") => withUsualLevels(emptyDraft(infy, side), ground, percents);
const errorsOf = (draft: Draft) => checked(draft, ground, now).errors;

describe("what is offered", () => {
  it("is a stop below and a target above for a sale, with limits that still fill", () => {
    const { legs } = offered();
    expect(legs[0]).toMatchObject({ trigger: "1,493.40", limit: "1,490.40" });
    expect(legs[1]).toMatchObject({ trigger: "1,650.60", limit: "1,647.30" });
    expect(errorsOf(offered())).toEqual({});
  });
  it("leaves alone what was typed before the first price came", () => {
    const empty = emptyDraft(infy, "SELL");
    const typed: Draft = {
      ...empty,
      quantity: "25",
      legs: [{ ...empty.legs[0], limit: "1,4" }, empty.legs[1]],
    };
    const { quantity, legs } = withUsualLevels(typed, ground, percents);
    expect(quantity).toBe("25");
    expect(legs[0]).toMatchObject({ trigger: "", limit: "1,4" });
    expect(legs[1]).toMatchObject({ trigger: "1,650.60", limit: "1,647.30" });
  });
  it("is the other way round for a purchase", () => {
    const { legs } = offered("BUY");
    expect(legs[0]).toMatchObject({ trigger: "1,650.60", limit: "1,653.90" });
    expect(legs[1]).toMatchObject({ trigger: "1,493.40", limit: "1,496.40" });
    expect(errorsOf(offered("BUY"))).toEqual({});
  });
  it("changes places when the side is changed, and is right again", () => {
    const turned = withSide(offered(), "BUY", ground);
    expect(turned.legs[0].trigger).toBe("1,650.60");
    expect(errorsOf(turned)).toEqual({});
    expect(withSide(turned, "SELL", ground)).toEqual(offered());
  });
});

describe("a price", () => {
  it.each([
    ["-5%", "1,493.40", /from the last price/],
    ["+12", "1,584.00", /from the last price/],
    ["1500.03", "1,500.05", /Rounded to 1,500\.05/],
    ["1,500", "1,500.00", null],
    ["abc", "abc", null],
  ])("typed as %s becomes %s", (typed, text, note) => {
    const after = evaluated(typed, ground);
    expect(after.text).toBe(text);
    if (note) expect(after.note).toMatch(note);
    else expect(after.note).toBeNull();
  });
  it("steps by ticks, from the last price when there is none", () => {
    expect(stepped("1,500.00", 10, ground)).toBe("1,500.50");
    expect(stepped("", -1, ground)).toBe("1,571.95");
    expect(stepped("0.05", -1, ground)).toBe("0.05");
  });
  it("takes its linked limit along, and leaves an unlinked one", () => {
    const leg = offered().legs[0];
    expect(withTrigger(leg, "1500", "SELL", ground).limit).toBe("1,497.00");
    expect(withTrigger({ ...leg, linked: false }, "1500", "SELL", ground).limit).toBe("1,490.40");
    expect(withTrigger(leg, "15x", "SELL", ground).limit).toBe("1,490.40");
  });
});

describe("a draft", () => {
  const with0 = (changes: Partial<Draft["legs"][0]>) => {
    const draft = offered();
    return { ...draft, legs: [{ ...draft.legs[0], ...changes }, draft.legs[1]] } as Draft;
  };
  it.each([
    ["no trigger", with0({ trigger: "" }), "trigger_price_1", /A price is needed/],
    ["a trigger off the tick", with0({ trigger: "1500.03" }), "trigger_price_1", /tick 0\.05/],
    [
      "a level that is reached",
      with0({ trigger: "1600" }),
      "trigger_price_1",
      /has reached it already.*must be below/,
    ],
    ["no limit", with0({ limit: "x" }), "order_price_1", /not a price/],
    ["no quantity", { ...offered(), quantity: "0" }, "quantity_1", /whole number/],
    ["half a share", { ...offered(), quantity: "1.5" }, "quantity_1", /whole number/],
    ["a time that is over", { ...offered(), expires: "2026-11-20T09:00" }, "expires_at", /is over/],
  ] as const)("with %s is wrong", (_, draft, field, words) => {
    expect(errorsOf(draft as Draft)[field]).toMatch(words);
  });
  it("at market needs no limit", () => {
    expect(errorsOf(with0({ order: "MARKET", limit: "" }))).toEqual({});
  });
  it("may fire at once when its owner says so", () => {
    const draft = { ...with0({ trigger: "1600", limit: "1597" }), kind: "single" as const };
    expect(checked(draft, ground, now).crossed).toBe(true);
    expect(errorsOf({ ...draft, fireIfCrossed: true })).toEqual({});
  });
  it("of a derivative comes in lots", () => {
    const future = { ...ground, lot: 75 };
    expect(checked({ ...offered(), quantity: "100" }, future, now).errors.quantity_1).toMatch(/lot of 75/);
    expect(checked({ ...offered(), quantity: "150" }, future, now).errors).toEqual({});
  });
  it("warns of what may surprise", () => {
    const words = (draft: Draft) => checked(draft, ground, now).warnings.join(" ");
    expect(words(with0({ trigger: "1571", limit: "1570" }))).toMatch(/may fire almost at once/);
    expect(words(with0({ limit: "1495" }))).toMatch(/limit is above its trigger/);
    expect(words(offered())).toBe("");
  });
  it("knows what is at stake", () => {
    expect(stakesOf({ ...offered(), quantity: "10" }, ground)).toEqual({
      risk: BigInt(priceOf(81.6)) * 10n,
      reward: BigInt(priceOf(75.3)) * 10n,
    });
  });
  it("is recognised when the same one is armed already", () => {
    const draft = draftOf(row(), ground);
    expect(isTwin(row(), 408065, draft)).toBe(true);
    expect(isTwin(row({ status: "triggered" }), 408065, draft)).toBe(false);
    expect(isTwin(row({ trigger_price_2: 1651 }), 408065, draft)).toBe(false);
  });
});

describe("what is sent", () => {
  it("is exact decimal text", () => {
    expect(bodyOf({ ...offered(), quantity: "1,250" })).toMatchObject({
      trigger_price_1: "1493.4",
      order_price_1: "1490.4",
      quantity_1: 1250,
      quantity_2: 1250,
      direction: null,
      expires_at: null,
    });
  });
  it("comes back from the row as it went", () => {
    const draft = draftOf(row(), ground);
    expect(bodyOf(draft)).toMatchObject({ trigger_price_1: "1500", order_price_2: "1647", quantity_2: 10 });
  });
  it("of an edit is what differs, and nothing else", () => {
    const before = bodyOf(draftOf(row(), ground));
    const after = bodyOf({ ...draftOf(row(), ground), quantity: "20" });
    expect(changeOf(before, after)).toEqual({ quantity_1: 20, quantity_2: 20 });
  });
  it("reads in plain words", () => {
    const [stop, target] = sentencesOf({ ...offered(), quantity: "100" }, infy);
    expect(stop?.when).toBe("When INFY (NSE) trades at or below ₹1,493.40");
    expect(stop?.sends).toBe("the engine sends SELL 100 CNC, limit ₹1,490.40");
    expect(target?.when).toContain("at or above");
  });
});

describe("consent to fire at once", () => {
  const at = (text: string, from: Draft) =>
    withLeg(from, 0, withTrigger(from.legs[0], text, from.side, ground));
  const agreed: Draft = { ...at("1600", offered()), fireIfCrossed: true };
  it("is repeated in the review's warnings", () => {
    const { errors, warnings } = checked(agreed, ground, now);
    expect(errors).toEqual({});
    expect(warnings.join()).toContain("has reached the stop-loss already: it fires at once");
  });
  it("ends with the level that it was given for", () => {
    const other = at("1620", agreed);
    expect(other.fireIfCrossed).toBe(false);
    expect(errorsOf(other).trigger_price_1).toMatch(/has reached it already/);
    expect(withSide(agreed, "BUY", ground).fireIfCrossed).toBe(false);
  });
  it("stays while something else is changed", () => {
    const limit = { ...agreed.legs[0], limit: "1590.00" };
    expect(withLeg(agreed, 0, limit).fireIfCrossed).toBe(true);
  });
});
