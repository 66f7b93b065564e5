import { expect, test, until } from "./world";

test("stopping says what it costs, and nothing fires until it is started again", async ({ page, world }) => {
  const row = await world.arm();
  await world.signIn(page, `/triggers/${row.id}`);
  await page.getByRole("button", { name: "Stop engine" }).click();
  const question = page.getByRole("alertdialog");
  await expect(question).toContainText("1 armed trigger will not fire");
  await expect(question.getByRole("button", { name: "Cancel" })).toBeFocused();
  await question.getByRole("button", { name: "Stop engine" }).click();
  await expect(page.getByText("The engine is stopped.")).toBeVisible();
  await expect(page.locator("h1")).toContainText("Not watched");
  await world.price("INFY", "1490");
  await page.waitForTimeout(500);
  expect((await world.trigger(row.id)).status).toBe("active");
  await page.getByRole("button", { name: "Start engine" }).first().click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Start engine" }).click();
  await expect(page.getByRole("region", { name: "Why" })).toContainText(
    "Because: SELL leg 1: LTP 1490.00 <= 1500.00",
  );
});

test("the engine is killed: the page says that it is this browser that is cut off, and comes back by itself", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.signIn(page, "/triggers");
  await expect(page.getByRole("row").filter({ hasText: "INFY" })).toContainText("Armed");
  await world.kill();
  await expect(page.getByText("This browser is cut off from the engine.")).toBeVisible();
  await expect(page.getByRole("button", { name: /No link to the engine/ })).toBeVisible();
  await world.startEngine();
  await world.waitRunning();
  await expect(page.getByRole("button", { name: /^Engine: Running/ })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByText("This browser is cut off from the engine.")).toBeHidden();
  await until(async () => (await world.trigger(row.id)).monitored, "it is watched again");
  await world.price("INFY", "1499");
  await expect(page.getByRole("row").filter({ hasText: "INFY" })).toContainText("Filled");
  const { orders } = await world.api("GET", "/api/v1/orders");
  expect(orders.length).toBe(1);
});

test("where the stream is blocked the page reads again and again, and says so", async ({ page, world }) => {
  const row = await world.arm();
  await page.routeWebSocket(/stream/, (socket) => socket.close());
  await page.goto(world.url(`/triggers#token=${world.token}`));
  await expect(page.getByText("No live stream reaches this browser")).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "INFY" })).toContainText("Armed");
  await world.price("INFY", "1499");
  await until(async () => (await world.trigger(row.id)).order_status === "COMPLETE", "it is filled");
  await expect(page.getByRole("row").filter({ hasText: "INFY" })).toContainText("Filled");
});

test("the feed falls silent: the page says that the engine gets no prices", async ({ page, world }) => {
  await world.arm();
  await world.signIn(page, "/triggers");
  await world.control("faults", [{ kind: "connect_403", count: 1000 }]);
  await world.control("pause");
  await expect(page.getByText("The engine runs, but gets no prices.")).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("row").filter({ hasText: "INFY" })).toContainText("Not watched");
  await world.control("faults", []);
  await world.control("resume");
});

test("the broker's session ends: triggers are shown as not watched, with the reason", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.signIn(page, `/triggers/${row.id}`);
  await world.control("expire");
  await world.control("drop");
  await expect(page.locator("h1")).toContainText("Not watched", { timeout: 30_000 });
  await expect(page.getByRole("region", { name: "Why" })).toContainText("it is not being watched");
  await expect(page.getByText(/access token|log in/i).first()).toBeVisible();
});
