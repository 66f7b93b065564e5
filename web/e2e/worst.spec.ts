import { complaintsOf, expect, test, until } from "./world";

// A trader's worst day: answers that are lost, a clock that is wrong, a session that dies at the fire.

test("an answer that is lost is told as unknown, and sending the same again arms it once", async ({
  page,
  world,
}) => {
  await world.signIn(page, "/triggers/new?token=408065");
  await page.getByLabel("Quantity", { exact: true }).fill("25");
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).not.toHaveValue("");
  let asked = 0;
  await page.route("**/api/v1/triggers", async (route) => {
    if (route.request().method() !== "POST" || asked++ > 0) return route.continue();
    await route.fetch();
    await route.abort("connectionreset");
  });
  const arm = async () => {
    await page.getByRole("button", { name: "Review" }).click();
    await page.getByRole("button", { name: /^Arm SELL/ }).click();
  };
  await arm();
  await expect(page.getByText(/Whether it was armed is not known: the engine did not answer/)).toBeVisible();
  await expect(page.getByText(/^Not armed/)).toBeHidden();
  await arm();
  await expect(page.getByText("It is being watched on the host.")).toBeVisible();
  expect(asked).toBe(2);
  const { triggers } = await world.api("GET", "/api/v1/triggers");
  expect(triggers.length).toBe(1);
});

test("a cancel whose answer is lost is not told as refused", async ({ page, world }) => {
  const row = await world.arm();
  await world.signIn(page, `/triggers/${row.id}`);
  await page.route(`**/api/v1/triggers/${row.id}`, async (route) => {
    if (route.request().method() !== "DELETE") return route.continue();
    await route.fetch();
    await route.abort("connectionreset");
  });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await page.getByRole("button", { name: "Cancel trigger" }).click();
  await expect(
    page.getByText("Whether INFY is cancelled is not known: the engine did not answer"),
  ).toBeVisible();
  await expect(page.locator("h1")).toContainText("Cancelled");
});

test("a browser whose clock is two hours ahead shows ages by the engine's clock", async ({ page, world }) => {
  await page.clock.install({ time: new Date(Date.now() + 2 * 3_600_000) });
  await world.arm();
  await world.signIn(page, "/watch");
  const row = page.getByRole("row").filter({ hasText: "INFY" });
  await expect(row).toContainText("1,572.00");
  await world.price("INFY", "1573");
  await expect(row).toContainText("1,573.00");
  await expect(row.getByRole("cell", { name: /^\d+ s$/ })).toBeVisible();
});

test("a fire that the broker's dead session refuses is told, with what is armed again", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.control("faults", [{ kind: "token_403", count: 1000 }]);
  await world.signIn(page, `/triggers/${row.id}`);
  await world.price("INFY", "1499");
  const why = page.getByRole("region", { name: "Why" });
  await expect(why).toContainText("Because: SELL leg 1: LTP 1499.00 <= 1500.00");
  await expect(why).toContainText("is known not to have been placed");
  await expect(why).toContainText("The broker's words: Incorrect `api_key` or `access_token`.");
  await expect(why).toContainText("It is armed again.");
  await expect(why).toContainText("It has not fired since, and it is not being watched:");
  const told = await world.api("GET", `/api/v1/triggers/${row.id}/why`);
  expect(told.summary).toMatch(
    /^It fired at .* and its order was not placed; it is armed again\. It is not watched:/,
  );
});

test("an order that is cancelled when part of it is filled says what is missing", async ({ page, world }) => {
  const row = await world.arm({ order_price_1: "1600" });
  await world.signIn(page, `/triggers/${row.id}`);
  await world.price("INFY", "1499");
  const { order_id } = await until(async () => {
    const now = await world.trigger(row.id);
    return now.order_id ? now : null;
  }, "its order has an id");
  await world.control(`order/${order_id}/fill`, { quantity: 4 });
  const why = page.getByRole("region", { name: "Why" });
  await expect(why).toContainText("Its order SELL 10 is partly filled: 4 so far.");
  await world.control(`order/${order_id}/cancel`);
  await expect(why).toContainText("Its order SELL 10 was cancelled: 4 filled, 6 not.");
  const told = await world.api("GET", `/api/v1/triggers/${row.id}/why`);
  expect(told.summary).toContain("the broker says CANCELLED, 4 of 10 filled");
});

test("an address that is no page leads back", async ({ page, world }) => {
  const complaints = complaintsOf(page);
  await page.goto(world.url(`/nonsense#token=${world.token}`));
  await page.getByRole("link", { name: "To the dashboard" }).click();
  await expect(page.getByRole("button", { name: /^Engine: Running/ })).toBeVisible();
  expect(complaints).toEqual([]);
});
