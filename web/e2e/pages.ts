import { expect, type Page } from "@playwright/test";
import { until, type World } from "./world";

// Every page, with something on it; for the checks and pictures that go through all of them.
export interface Shown {
  name: string;
  path: string;
  ready: (page: Page) => Promise<void>;
}

export const SIZES = [
  { name: "desktop", width: 1440, height: 900 },
  { name: "tablet", width: 820, height: 1180 },
  { name: "phone", width: 390, height: 844 },
] as const;

// A few stories: one filled, one armed pair, one single, one cancelled.
export async function tellStories(world: World): Promise<{ fired: string; armed: string }> {
  await world.price("RELIANCE", "1402");
  await world.price("SBIN", "812");
  await world.price("TCS", "3120");
  const fired = await world.arm({
    trading_symbol: "RELIANCE",
    trigger_price_1: "1390",
    order_price_1: "1388",
    trigger_price_2: "1450",
    order_price_2: "1448",
  });
  const armed = await world.arm({ quantity_1: 25, quantity_2: 25 });
  await world.arm({
    trading_symbol: "TCS",
    condition_type: "single",
    transaction_type: "BUY",
    trigger_price_1: "3200",
    order_price_1: "3206",
    quantity_1: 5,
    product_type_2: null,
    trigger_price_2: null,
    order_price_2: null,
    quantity_2: null,
  });
  const gone = await world.arm({
    trading_symbol: "SBIN",
    trigger_price_1: "790",
    order_price_1: "788",
    trigger_price_2: "850",
    order_price_2: "848",
    quantity_1: 50,
    quantity_2: 50,
  });
  await world.api("DELETE", `/api/v1/triggers/${gone.id}`);
  await world.price("RELIANCE", "1389");
  await until(async () => (await world.trigger(fired.id)).order_status === "COMPLETE", "it is filled");
  return { fired: fired.id, armed: armed.id };
}

const sees = (text: string | RegExp) => async (page: Page) => {
  await expect(page.getByText(text).first()).toBeVisible();
};

export function pagesOf(stories: { fired: string; armed: string }): Shown[] {
  return [
    { name: "dashboard", path: "/", ready: sees("All 2 armed triggers are being watched") },
    { name: "triggers", path: "/triggers", ready: sees("Filled") },
    { name: "trigger-new", path: "/triggers/new?token=408065", ready: sees(/of LTP/) },
    { name: "trigger-search", path: "/triggers/new", ready: sees("Instrument") },
    { name: "trigger-edit", path: `/triggers/${stories.armed}/edit`, ready: sees(/of LTP/) },
    { name: "trigger-fired", path: `/triggers/${stories.fired}`, ready: sees("Because:") },
    { name: "trigger-armed", path: `/triggers/${stories.armed}`, ready: sees(/Nearest to the stop-loss/) },
    { name: "chart", path: "/chart?token=408065", ready: sees("Candles of the broker") },
    { name: "watch", path: "/watch", ready: sees("INFY") },
    { name: "orders", path: "/orders", ready: sees("COMPLETE") },
    { name: "audit", path: "/audit", ready: sees("order filled") },
    { name: "performance", path: "/performance", ready: sees("Ticks a minute") },
    { name: "brokers", path: "/brokers", ready: sees("Simulated broker") },
    { name: "settings", path: "/settings", ready: sees("Apache License 2.0") },
  ];
}
