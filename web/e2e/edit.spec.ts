import { expect, test } from "./world";

test("two tabs edit one trigger: the second is shown what the first did, and nothing is lost", async ({
  context,
  world,
}) => {
  const row = await world.arm();
  const first = await context.newPage();
  const second = await context.newPage();
  for (const page of [first, second]) {
    await world.signIn(page, `/triggers/${row.id}/edit`);
    await expect(page.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("1,500.00");
  }
  await first.getByLabel("Stop-loss trigger", { exact: true }).fill("1510");
  await first.getByRole("button", { name: "Review" }).click();
  await first.getByRole("button", { name: "Save SELL 10" }).click();
  await expect(first.getByText("It is being watched on the host.")).toBeVisible();

  await second.getByLabel("Target trigger", { exact: true }).fill("1700");
  await second.getByRole("button", { name: "Review" }).click();
  await second.getByRole("button", { name: "Save SELL 10" }).click();
  const conflict = second.getByRole("alert").filter({ hasText: "changed elsewhere" });
  await expect(conflict.getByRole("row").filter({ hasText: "Trigger 1" })).toContainText("1,510.00");
  await expect(conflict.getByRole("row").filter({ hasText: "Trigger 2" })).toContainText("1,700.00");
  await second.getByRole("button", { name: "Put my changes on top" }).click();
  await second.getByRole("button", { name: "Review" }).click();
  await second.getByRole("button", { name: "Save SELL 10" }).click();
  await expect(second.getByText("It is being watched on the host.")).toBeVisible();
  const now = await world.trigger(row.id);
  expect([now.trigger_price_1, now.trigger_price_2]).toEqual([1510, 1700]);
});

test("a trigger that fires while it is edited cannot be changed any more, and the form says so", async ({
  page,
  world,
}) => {
  const row = await world.arm();
  await world.signIn(page, `/triggers/${row.id}/edit`);
  await page.getByLabel("Target trigger", { exact: true }).fill("1700");
  await world.price("INFY", "1499");
  await expect(page.getByText(/INFY filled/).first()).toBeVisible();
  await page.getByRole("checkbox", { name: /Arm it all the same/ }).check();
  await page.getByRole("button", { name: "Review" }).click();
  await page.getByRole("button", { name: "Save SELL 10" }).click();
  await expect(page.getByText(/This trigger is filled now: it cannot be changed/)).toBeVisible();
});

test("several are cancelled at once, and the list follows by itself", async ({ page, world }) => {
  for (const level of ["1400", "1410", "1420"])
    await world.arm({ trigger_price_1: level, order_price_1: level });
  await world.signIn(page, "/triggers");
  await expect(page.getByRole("row")).toHaveCount(4);
  await page.getByRole("checkbox", { name: "Select all that are shown" }).check();
  await page.getByRole("button", { name: "Cancel triggers…" }).click();
  await expect(page.getByRole("button", { name: "Keep" })).toBeFocused();
  await page.getByRole("button", { name: "Cancel triggers", exact: true }).click();
  await expect(page.getByText("3 triggers are cancelled")).toBeVisible();
  await expect(page.getByRole("row").filter({ hasText: "Cancelled" })).toHaveCount(3);
  await page.getByRole("checkbox", { name: "Select all that are shown" }).check();
  await expect(page.getByText("None of them is armed")).toBeVisible();
  await expect(page.getByRole("button", { name: "Cancel triggers…" })).toBeDisabled();
  await page.getByRole("radio", { name: "Armed" }).click();
  await expect(page.getByText("No trigger is like this")).toBeVisible();
});
