import { expect, test } from "./world";

test("the keyboard alone finds an instrument, arms a trigger, edits it and cancels it", async ({
  page,
  world,
}) => {
  await world.signIn(page);
  const keys = page.keyboard;
  await keys.press("Control+k");
  await expect(page.getByRole("combobox", { name: "Search instruments and commands" })).toBeFocused();
  await keys.type("infy");
  await expect(page.getByRole("option", { name: /^INFY/ }).first()).toBeVisible();
  await keys.press("Enter");
  const stop = page.getByLabel("Stop-loss trigger", { exact: true });
  await expect(stop).toBeFocused();
  await expect(stop).toHaveValue("1,493.40");
  await keys.press("ArrowUp");
  await keys.press("Shift+ArrowUp");
  await expect(stop).toHaveValue("1,494.50");
  await keys.press("Control+Enter");
  await expect(page.getByRole("dialog")).toBeVisible();
  // From Back, which is not the deed, to Arm.
  await expect(page.getByRole("button", { name: "Back" })).toBeFocused();
  await keys.press("Tab");
  await expect(page.getByRole("button", { name: "Arm SELL 1" })).toBeFocused();
  await keys.press("Enter");
  await expect(page.getByText("It is being watched on the host.")).toBeVisible();

  await keys.press("g");
  await keys.press("t");
  await expect(page.getByRole("grid")).toBeVisible();
  await keys.press("x");
  await expect(page.getByText("1 selected")).toBeVisible();
  await keys.press("x");
  await keys.press("e");
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("1,494.50");
  await page.getByLabel("Quantity", { exact: true }).focus();
  await keys.press("ArrowUp");
  await keys.press("Control+Enter");
  await expect(page.getByRole("button", { name: "Back" })).toBeFocused();
  await keys.press("Control+Enter");
  await expect(page.getByText("It is being watched on the host.")).toBeVisible();

  await keys.press("g");
  await keys.press("t");
  await keys.press("Delete");
  await expect(page.getByRole("button", { name: "Keep" })).toBeFocused();
  await keys.press("Tab");
  await keys.press("Enter");
  await expect(page.getByRole("row").filter({ hasText: "INFY" })).toContainText("Cancelled");
  await keys.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await keys.press("Escape");
});

test("single keys can be switched off", async ({ page, world }) => {
  await world.signIn(page, "/settings");
  await page.getByRole("radio", { name: "Off" }).click();
  await page.locator("main").focus();
  await page.keyboard.press("n");
  await page.waitForTimeout(300);
  expect(page.url()).toContain("/settings");
  await page.keyboard.press("Control+k");
  await expect(page.getByRole("dialog")).toBeVisible();
});
