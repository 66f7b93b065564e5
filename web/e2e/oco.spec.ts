import { complaintsOf, expect, TOKEN, test } from "./world";

test("a trader signs in, arms a stop-loss with a target, and reads why it fired", async ({ page, world }) => {
  const complaints = complaintsOf(page);
  await page.goto(world.url("/triggers"));
  await expect(page.getByText("The engine is running")).toBeVisible();
  await page.getByLabel("Token", { exact: true }).fill("a-wrong-token-of-someone");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("This is not a token that the engine accepts.")).toBeVisible();
  await page.getByLabel("Token", { exact: true }).fill(TOKEN);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByText("No triggers yet")).toBeVisible();

  await page.getByRole("link", { name: "Create the first trigger" }).click();
  await page.getByRole("combobox", { name: "Instrument" }).fill("infy");
  await page.getByRole("option", { name: /^INFY NSE/ }).click();
  // Offered from the last price: five per cent to either side, on the tick.
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("1,493.40");
  await expect(page.getByLabel("Target trigger", { exact: true })).toHaveValue("1,650.60");
  await page.getByLabel("Stop-loss trigger", { exact: true }).fill("1500");
  await expect(page.getByLabel("Stop-loss limit", { exact: true })).toHaveValue("1,497.00");
  await page.getByLabel("Quantity", { exact: true }).fill("25");
  await page.getByRole("button", { name: "Review" }).click();
  const review = page.getByRole("dialog");
  await expect(review).toContainText("When INFY (NSE) trades at or below ₹1,500.00");
  await expect(review).toContainText("the engine sends SELL 25 CNC, limit ₹1,497.00");
  await expect(review).toContainText("The broker is simulated");
  await review.getByRole("button", { name: "Arm SELL 25" }).click();

  await expect(page.getByText("It is being watched on the host.")).toBeVisible();
  await expect(page.getByText(/INFY: (armed, and watched now|stored, not watched yet)/)).toBeVisible();
  await world.price("INFY", "1510");
  await expect(page.getByText(/Nearest to the stop-loss level 1,500\.00: 1,510\.00/)).toBeVisible();
  await world.price("INFY", "1499.90");
  const why = page.getByRole("region", { name: "Why" });
  await expect(why).toContainText("Because: SELL leg 1: LTP 1499.90 <= 1500.00");
  await expect(why).toContainText("Its order SELL 25 is filled: 25 at 1,499.90 on average.");
  await expect(page.locator("h1")).toContainText("Filled");
  const legs = page.getByRole("row").filter({ hasText: "Target" });
  await expect(legs).toContainText("dropped");
  await expect(page.getByText("broker answered")).toBeVisible();

  await page.getByRole("link", { name: "Orders", exact: true }).first().click();
  await expect(page.getByRole("row").filter({ hasText: "INFY" })).toContainText("COMPLETE");
  await page.getByRole("link", { name: "Dashboard", exact: true }).first().click();
  await expect(page.getByRole("link", { name: /Filled today/ })).toContainText("1");
  expect(complaints).toEqual([]);
});

test("a level that the price has reached is refused before it is sent", async ({ page, world }) => {
  await world.signIn(page, "/triggers/new?token=408065");
  await page.getByLabel("Stop-loss trigger", { exact: true }).fill("1600");
  await page.getByRole("button", { name: "Review" }).click();
  await expect(page.getByText(/The last price ₹1,572\.00 has reached it already/)).toBeVisible();
  await expect(page.getByRole("dialog")).toBeHidden();
  // Percentages and points are from the last price; off-tick prices are rounded, and it says so.
  await page.getByLabel("Stop-loss trigger", { exact: true }).fill("-10%");
  await page.getByLabel("Stop-loss trigger", { exact: true }).blur();
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("1,414.80");
  await page.getByLabel("Target trigger", { exact: true }).fill("1700.07");
  await page.getByLabel("Target trigger", { exact: true }).blur();
  await expect(page.getByText(/Rounded to 1,700\.10/)).toBeVisible();
});

test("an order that the broker rejects is told as rejected, in the broker's words, and never as filled", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  // Before it stands at the exchange: from then on the other leg is dropped.
  await world.control("faults", [{ kind: "reject_after_accept", message: "RMS: margin exceeds the limit" }]);
  await world.signIn(page, `/triggers/${row.id}`);
  await world.price("INFY", "1499");
  // The other leg stays armed, and the page says that the stop-loss is gone.
  await expect(page.locator("h1")).toContainText("Armed, one leg failed");
  const why = page.getByRole("region", { name: "Why" });
  await expect(why).toContainText("Because: SELL leg 1: LTP 1499.00 <= 1500.00");
  await expect(why).toContainText("The broker took its order SELL 10 and then rejected it.");
  await expect(why).toContainText("RMS: margin exceeds the limit");
  await expect(why).toContainText("That leg is not armed any more.");
  await expect(why).toContainText("The leg that is left has not fired.");
  const { summary } = await world.api("GET", `/api/v1/triggers/${row.id}/why`);
  expect(summary).toContain(
    "A leg fired because SELL leg 1: LTP 1499.00 <= 1500.00, and failed: the broker says REJECTED",
  );
});
