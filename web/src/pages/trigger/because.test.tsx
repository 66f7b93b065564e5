import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Attempt, Trigger } from "@/api/client";
import { engine, link } from "@/live/live";
import { row } from "@/test_rows";
import { Because } from "./because";

afterEach(() => {
  cleanup();
  vi.unstubAllGlobals();
  link.set({ state: "connecting" });
  engine.set(null);
});

const attempt: Attempt = {
  tag: "T000000000000000000A",
  trigger_id: row().id,
  fire_no: 1,
  attempt_no: 0,
  leg: 1,
  lease_epoch: 1,
  trading_date: "2026-11-20",
  exchange: "NSE",
  trading_symbol: "INFY",
  transaction_type: "SELL",
  order_type: "LIMIT",
  product: "CNC",
  quantity: 10,
  price: 1497,
  state: "placed",
  order_id: "1",
  order_status: "COMPLETE",
  message: null,
  filled_quantity: 10,
  average_price: 1499,
  created_at: "2026-11-20T05:00:00.000Z",
  forwarded_at: "2026-11-20T05:00:00.001Z",
  answered_at: "2026-11-20T05:00:00.020Z",
  evidence: {
    last_price: 1499,
    exchange_time: "2026-11-20T05:00:00.000Z",
    last_trade_time: "2026-11-20T05:00:00.000Z",
    received_at: "2026-11-20T05:00:00.000Z",
    after_gap: false,
    rule: "SELL leg 1: LTP 1499.00 <= 1500.00",
  },
};
const filled = row({
  status: "triggered",
  fire_no: 1,
  triggered_at: "2026-11-20T05:00:00.000Z",
  triggered_leg: 1,
  triggered_price: 1499,
  order_status: "COMPLETE",
  filled_quantity: 10,
  average_price: 1499,
});

function show(shown: Trigger, answer: () => Promise<Response>) {
  vi.stubGlobal("fetch", answer);
  const client = new QueryClient({ defaultOptions: { queries: { retry: false } } });
  render(
    <QueryClientProvider client={client}>
      <Because row={shown} />
    </QueryClientProvider>,
  );
  return screen.getByRole("region", { name: "Why" });
}

const trail = (attempts: Attempt[]) => () =>
  Promise.resolve(Response.json({ summary: "", trigger: filled, approach: null, attempts, events: [] }));

it("never says of a filled trigger that it has not fired, while the trail is on its way", () => {
  const why = show(filled, () => new Promise(() => {}));
  expect(why.textContent).not.toContain("not fired");
  expect(why.textContent).toContain("Filled. It fired at 1,499.00, 20 Nov 2026, 10:30:00.");
  expect(why.textContent).toContain("Reading why…");
});

it("says that why is not known when the trail cannot be read", async () => {
  const why = show(filled, () =>
    Promise.resolve(
      Response.json(
        { error: { code: "unavailable", message: "The database is away", field: null } },
        { status: 503 },
      ),
    ),
  );
  await screen.findByText(/Why is not known now: The database is away/);
  expect(why.textContent).not.toContain("not fired");
});

it("tells of no fire that the trail does not have yet", async () => {
  const why = show(filled, trail([]));
  await screen.findByText("The trail tells nothing of it.");
  expect(why.textContent).not.toContain("not fired");
});

it("says why it fired once the trail is there", async () => {
  const why = show(filled, trail([attempt]));
  await screen.findByText(/Because: SELL leg 1/);
  expect(why.textContent).toContain("is filled: 10 at 1,499.00 on average");
});

it("does not claim that it is watched when this browser is cut off", async () => {
  link.set({ state: "lost", since: 0, because: "cut", retryAt: 0, answered: false });
  const why = show(row(), trail([]));
  await screen.findByText(/not known here: this browser is cut off/);
  expect(why.textContent).toContain("When last heard, it was.");
  expect(why.textContent).not.toContain("It is being watched");
});

it("tells what to look for when nobody knows what became of the order", async () => {
  const parked = {
    ...filled,
    status: "needs_attention",
    order_status: "UNKNOWN",
    filled_quantity: 0,
  } as const;
  const words = "The broker never said whether it has this order: check before trading on";
  const why = show(
    { ...parked, error_message: words },
    trail([{ ...attempt, state: "unknown", order_status: null, order_id: null, filled_quantity: 0 }]),
  );
  await screen.findByText("You have to look.");
  expect(why.textContent).toContain(words);
  expect(why.textContent).not.toContain("The broker's words");
  expect(why.textContent).toContain(`SELL 10 INFY with the tag ${attempt.tag}`);
  expect(why.textContent).not.toContain("not fired");
});

it("lays nothing in the broker's mouth while the outcome is open", async () => {
  const open = { ...filled, status: "firing", order_status: "UNKNOWN", filled_quantity: 0 } as const;
  const words = "The broker gave no clear answer: the order is being looked up by its tag";
  const why = show(
    { ...open, error_message: words },
    trail([{ ...attempt, state: "unknown", order_status: null, order_id: null, filled_quantity: 0 }]),
  );
  await screen.findByText(words);
  expect(why.textContent).not.toContain("The broker's words");
});

it("says that nothing is armed any more when the order was rejected after the other leg was dropped", async () => {
  const rejected = {
    ...filled,
    order_status: "REJECTED",
    filled_quantity: 0,
    error_message: "RMS: margin exceeds the limit",
  } as const;
  const why = show(rejected, trail([{ ...attempt, order_status: "REJECTED", filled_quantity: 0 }]));
  await screen.findByText("Nothing of this trigger is armed any more.");
  expect(why.textContent).toContain("The broker's words: RMS: margin exceeds the limit");
});
