import type { Page } from "@playwright/test";
import { test as bare } from "@playwright/test";
import { expect, test, until, World } from "./world";

// What a screen must not say: that a trigger is watched when nobody knows, that it has not fired when it has, that a
// price was agreed to when another one was; and a dead engine must not take the screen away.

const cutOff = (page: Page) => page.getByText("This browser is cut off from the engine.");
const pageLink = (page: Page, name: string) => page.getByRole("link", { name, exact: true }).first();

test("the engine is killed before a page was ever opened: the screen stays, and the page comes by itself", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.signIn(page, `/triggers/${row.id}`);
  await page.route(/assets\/.*\.js/, (route) => route.abort());
  await world.kill();
  await expect(cutOff(page)).toBeVisible();
  await expect(page.getByRole("region", { name: "Why" })).toContainText(
    "Whether it is being watched is not known here: this browser is cut off. When last heard, it was.",
  );
  for (const name of ["Performance", "Triggers", "Orders"]) {
    await pageLink(page, name).click();
    await expect(page.getByText("The page could not be read")).toBeVisible();
    await expect(cutOff(page)).toBeVisible();
    await expect(page.getByRole("button", { name: /No link to the engine/ })).toBeVisible();
  }
  await page.unroute(/assets\/.*\.js/);
  await world.startEngine();
  await world.waitRunning();
  await expect(cutOff(page)).toBeHidden({ timeout: 30_000 });
  await expect(page.getByRole("heading", { name: "Orders" })).toBeVisible();
});

test("while the engine is away every page still opens, with what was known", async ({ page, world }) => {
  await world.arm();
  await world.signIn(page, "/");
  const pagesHere = () =>
    page.evaluate(
      () => performance.getEntriesByType("resource").filter((one) => /\/page-/.test(one.name)).length,
    );
  await until(async () => (await pagesHere()) >= 11, "the code of every page is here");
  const fetched = () =>
    page.evaluate(
      () => performance.getEntriesByType("resource").filter((one) => one.name.includes("/assets/")).length,
    );
  const quiet = async () => {
    const before = await fetched();
    await page.waitForTimeout(1000);
    return (await fetched()) === before;
  };
  await until(quiet, "and what those share");
  await world.kill();
  await expect(cutOff(page)).toBeVisible();
  await pageLink(page, "Triggers").click();
  // Not in the colour of what is watched.
  const badge = page.getByRole("row").filter({ hasText: "INFY" }).getByText("Armed", { exact: true });
  await expect(badge).toHaveCSS("color", "rgb(74, 81, 93)");
  await pageLink(page, "Dashboard").click();
  await expect(page.getByText("Not known: this browser is cut off")).toBeVisible();
  await pageLink(page, "Settings").click();
  await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  await expect(cutOff(page)).toBeVisible();
});

test("while the trail is being read a filled trigger is never told as one that has not fired", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.price("INFY", "1499");
  await until(async () => (await world.trigger(row.id)).order_status === "COMPLETE", "it is filled");
  let held: (() => void) | undefined;
  await page.route("**/why", async (route) => {
    await new Promise<void>((done) => {
      held = done;
    });
    await route.continue();
  });
  await world.signIn(page, `/triggers/${row.id}`);
  const why = page.getByRole("region", { name: "Why" });
  await expect(why).toContainText("Filled. It fired at 1,499.00");
  await expect(why).not.toContainText("not fired");
  held?.();
  await expect(why).toContainText("Because: SELL leg 1: LTP 1499.00 <= 1500.00");
});

test("a level that is reached already: the review says that it fires at once, and another level asks again", async ({
  page,
  world,
}) => {
  await world.signIn(page, "/triggers/new?token=408065");
  const stop = page.getByLabel("Stop-loss trigger", { exact: true });
  const consent = page.getByRole("checkbox", { name: /Arm it all the same/ });
  await expect(stop).not.toHaveValue(""); // levels are offered to who has not begun to type
  await stop.fill("1600");
  await consent.check();
  await page.getByRole("button", { name: "Review" }).click();
  await expect(page.getByRole("dialog")).toContainText(
    "The last price ₹1,572.00 has reached the stop-loss already: it fires at once, and its order is sent.",
  );
  await page.getByRole("button", { name: "Back" }).click();
  await stop.fill("1620");
  await expect(consent).not.toBeChecked();
  await page.getByRole("button", { name: "Review" }).click();
  await expect(page.getByRole("dialog")).toBeHidden();
  await expect(page.getByText(/has reached it already/)).toBeVisible();
});

test("a quantity that is typed before the first price comes does not keep the usual levels away", async ({
  page,
  world,
}) => {
  let release = () => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  await page.routeWebSocket(/stream/, (socket) => {
    const engine = socket.connectToServer();
    engine.onMessage(async (message) => {
      await released;
      socket.send(message);
    });
  });
  await page.route("**/api/v1/instruments?instrument_token=*", async (route) => {
    const answer = await route.fetch();
    const { instruments } = await answer.json();
    await route.fulfill({ json: { instruments: [{ ...instruments[0], last_price: null }] } });
  });
  await page.goto(world.url(`/triggers/new?token=408065#token=${world.token}`));
  await page.getByLabel("Quantity", { exact: true }).fill("25");
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("");
  release();
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).not.toHaveValue("");
  await expect(page.getByLabel("Quantity", { exact: true })).toHaveValue("25");
});

test("an OCO is armed by the keyboard alone in well under twenty seconds", async ({ page, world }) => {
  await world.signIn(page, "/");
  const began = Date.now();
  await page.keyboard.press("n");
  await expect(page.getByRole("combobox", { name: "Instrument" })).toBeFocused();
  await page.keyboard.type("infy", { delay: 120 });
  await page.getByRole("option", { name: /^INFY NSE/ }).waitFor();
  await page.keyboard.press("Enter");
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("1,493.40");
  await page.keyboard.type("-3%", { delay: 120 });
  await page.keyboard.press("Tab");
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("1,524.80");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByRole("button", { name: "Back" })).toBeFocused();
  await page.keyboard.press("Control+Enter");
  await expect(page.getByText("It is being watched on the host.")).toBeVisible();
  expect(Date.now() - began).toBeLessThan(20_000);
  const { triggers } = await world.api("GET", "/api/v1/triggers");
  expect(triggers.map((one: { trigger_price_1: number }) => one.trigger_price_1)).toEqual([1524.8]);
});

test("a cancel that comes after the fire is told what the trigger is now", async ({ page, world }) => {
  const row = await world.arm();
  await world.signIn(page, `/triggers/${row.id}`);
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await world.price("INFY", "1499");
  await until(async () => (await world.trigger(row.id)).order_status === "COMPLETE", "it is filled");
  await page.getByRole("button", { name: "Cancel trigger" }).click();
  await expect(page.getByText("INFY is not cancelled: it was too late, and it is filled now")).toBeVisible();
});

async function change(world: World, id: string, body: unknown): Promise<void> {
  const { version } = await world.trigger(id);
  const answer = await fetch(world.url(`/api/v1/triggers/${id}`), {
    method: "PATCH",
    headers: {
      Authorization: `Bearer ${world.token}`,
      "Content-Type": "application/json",
      "If-Match": `"${version}"`,
    },
    body: JSON.stringify(body),
  });
  expect(answer.status).toBe(200);
}

test("a change elsewhere is shown whatever it was: the product and the expiry too", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.signIn(page, `/triggers/${row.id}/edit`);
  await page.getByLabel("Target trigger", { exact: true }).fill("1700");
  await change(world, row.id, {
    product_type_1: "MIS",
    product_type_2: "MIS",
    expires_at: "2030-06-01T10:00:00Z",
  });
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("button", { name: "Save SELL 10" }).click();
  const conflict = page.getByRole("alert").filter({ hasText: "changed elsewhere" });
  await expect(conflict.getByRole("row").filter({ hasText: "Product 1" })).toContainText("MIS");
  await expect(conflict.getByRole("row").filter({ hasText: "Valid until" })).toContainText(
    "01 Jun 2030, 15:30:00",
  );
  await page.getByRole("button", { name: "Put my changes on top" }).click();
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("button", { name: "Save SELL 10" }).click();
  await expect(page.getByText("It is being watched on the host.")).toBeVisible();
  const now = await world.trigger(row.id);
  expect([now.trigger_price_2, now.product_type_1, now.expires_at]).toEqual([
    1700,
    "MIS",
    "2030-06-01T10:00:00.000Z",
  ]);
});

test("what is typed outlives a change elsewhere and a read that fails, and the change is told at the save", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  let cut = () => {};
  await page.routeWebSocket(/stream/, (socket) => {
    socket.connectToServer();
    cut = () => void socket.close({ code: 4001, reason: "read afresh" });
  });
  // As after too long a break: the page reads everything again.
  const readAfresh = async () => {
    const read = page.waitForResponse((answer) => answer.url().includes("/api/v1/triggers?"));
    cut();
    await read;
    await page.waitForTimeout(500); // the form's own read is asked for at the same moment
  };
  await world.signIn(page, `/triggers/${row.id}/edit`);
  const target = page.getByLabel("Target trigger", { exact: true });
  await target.fill("1700");
  await change(world, row.id, { trigger_price_1: "1510" });
  await readAfresh();
  await expect(target).toHaveValue(/^1,?700/);
  await page.route(`**/api/v1/triggers/${row.id}`, (route) =>
    route.fulfill({ status: 403, json: { error: { code: "forbidden", message: "Not now", field: null } } }),
  );
  await readAfresh();
  await expect(target).toHaveValue(/^1,?700/);
  await page.unroute(`**/api/v1/triggers/${row.id}`);
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("button", { name: "Save SELL 10" }).click();
  const conflict = page.getByRole("alert").filter({ hasText: "changed elsewhere" });
  await expect(conflict.getByRole("row").filter({ hasText: "Trigger 1" })).toContainText("1,510.00");
  await expect(conflict.getByRole("row").filter({ hasText: "Trigger 2" })).toContainText("1,700.00");
});

test("an order whose answer does not come: no leg of its trigger is told as armed", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.control("faults", [
    { kind: "accept_then_timeout", count: 1 },
    { kind: "lose_updates", count: 1000 },
    { kind: "book_5xx", count: 1000 },
  ]);
  await world.signIn(page, `/triggers/${row.id}`);
  await world.price("INFY", "1499");
  await expect(page.locator("h1")).toContainText("Firing");
  await expect(page.getByRole("row").filter({ hasText: "Stop-loss" })).toContainText("firing");
  await expect(page.getByRole("row").filter({ hasText: "Target" })).toContainText("held");
});

test("an order whose answer was lost is unknown everywhere, and needs attention, until it is found", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.control("faults", [
    { kind: "accept_then_reset", count: 1 },
    { kind: "lose_updates", count: 1000 },
    { kind: "book_5xx", count: 1000 },
  ]);
  await world.signIn(page, `/triggers/${row.id}`);
  await world.price("INFY", "1499");
  await expect(page.locator("h1")).toContainText("Order unknown");
  const why = page.getByRole("region", { name: "Why" });
  await expect(why).toContainText("it is being looked up, and is not sent again blindly");
  await expect(why).not.toContainText("The broker's words");
  await page.getByRole("link", { name: "Dashboard", exact: true }).first().click();
  await expect(page.getByRole("link", { name: /Need attention/ })).toContainText("1");
  await world.control("faults", []);
  await page.getByRole("link", { name: "Triggers", exact: true }).first().click();
  await expect(page.getByRole("row").filter({ hasText: "INFY" })).toContainText("Filled", {
    timeout: 30_000,
  });
  const { orders } = await world.api("GET", "/api/v1/orders");
  expect(orders.length).toBe(1);
});

test("sixty triggers fire at once: the dashboard asks a few times, not once for each event", async ({
  page,
  world,
}) => {
  for (let i = 0; i < 60; ++i)
    await world.api("POST", "/api/v1/triggers", {
      exchange: "NSE",
      trading_symbol: "INFY",
      condition_type: "single",
      transaction_type: "SELL",
      product_type_1: "CNC",
      trigger_price_1: String(1450 + i),
      order_price_1: String(1440 + i),
      quantity_1: 1,
    });
  await world.signIn(page, "/");
  await expect(page.getByText("All 60 armed triggers are being watched")).toBeVisible();
  let asked = 0;
  page.on("request", (request) => {
    if (request.url().includes("/api/v1/audit")) asked += 1;
  });
  const began = Date.now();
  await world.price("INFY", "1449");
  await expect(page.getByRole("link", { name: /Fired today/ })).toContainText("60");
  await page.waitForTimeout(2_000);
  expect(asked).toBeGreaterThan(0);
  expect(asked).toBeLessThanOrEqual((Date.now() - began) / 1_000 + 2);
});

bare("long names and words of any kind stay inside a phone, and are shown as they are", async ({ page }) => {
  const words = `<img src=x onerror=alert(1)> \u202Edetrever ${"A_word_without_an_end_".repeat(12)}`;
  const world = await World.start();
  try {
    world.writeRows(
      `INSERT INTO hmt_gtt_orders (id, trading_symbol, exchange, instrument_token, condition_type, transaction_type, product_type_1, trigger_price_1, order_price_1, quantity_1, status, error_message) VALUES ('00000000-0000-4000-8000-000000000001', '${"ALONGSYMBOL".repeat(5)}', 'NFO', 408065, 'single', 'SELL', 'CNC', '1500', '1499', 10000000, 'failed', '${words}');`,
    );
    await world.startEngine();
    await world.waitRunning();
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(world.url(`/triggers/00000000-0000-4000-8000-000000000001#token=${world.token}`));
    const why = page.getByRole("region", { name: "Why" });
    await expect(why).toContainText("<img src=x onerror=alert(1)>");
    // What turns the writing round does so for the words alone.
    await expect(why.locator("bdi")).toHaveText(words);
    for (const part of [page.locator("h1"), why]) {
      const { right, cut } = await part.evaluate((element) => ({
        right: element.getBoundingClientRect().right,
        cut: element.scrollWidth > element.clientWidth,
      }));
      expect(right).toBeLessThanOrEqual(390);
      expect(cut).toBe(false);
    }
  } finally {
    await world.close();
  }
});
