import type { Page } from "@playwright/test";
import { complaintsOf, expect, test, until } from "./world";

// Where the pointer is on a line, the cursor says so.
async function yOfLine(page: Page, from: number, to: number, x: number): Promise<number> {
  const chart = page.getByRole("img", { name: /^INFY: / });
  for (let y = from; y < to; y += 3) {
    await page.mouse.move(x, y);
    if (await chart.evaluate((element) => element.style.cursor === "ns-resize")) return y + 2;
  }
  throw new Error("no line is there");
}

test("a stop-loss is moved on the chart: nothing is sent before Save, and the limit keeps its distance", async ({
  page,
  world,
}) => {
  const complaints = complaintsOf(page);
  const row = await world.arm();
  await world.signIn(page, "/chart?token=408065");
  await expect(page.getByText("Candles of the broker")).toBeVisible();
  const box = await page.getByRole("img", { name: /^INFY: / }).boundingBox();
  if (!box) throw new Error("the chart has no place");
  const x = box.x + box.width / 3;
  // The target is the upper line, the stop-loss the lower one.
  const y = await yOfLine(page, box.y + box.height / 2, box.y + box.height, x);
  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y - 30, { steps: 5 });
  await page.mouse.up();
  const bar = page.getByRole("status").filter({ hasText: "Not saved yet." });
  await expect(bar).toContainText("SL 10: 1,500.00 →");
  expect((await world.trigger(row.id)).trigger_price_1).toBe(1500);
  await page.keyboard.press("Escape");
  await expect(bar).toBeHidden();

  await page.mouse.move(x, y);
  await page.mouse.down();
  await page.mouse.move(x, y - 30, { steps: 5 });
  await page.mouse.up();
  await bar.getByRole("button", { name: "Save" }).click();
  await expect(bar).toBeHidden();
  const moved = await world.trigger(row.id);
  expect(moved.trigger_price_1).toBeGreaterThan(1500);
  expect(Math.round(moved.trigger_price_1 * 100) % 10).toBe(0);
  expect(Math.round((moved.trigger_price_1 - moved.order_price_1) * 100)).toBe(300);

  // The same by the field beside the chart.
  const field = page.getByLabel("TGT 10 fires at");
  await field.fill("1660.04");
  await field.press("Enter");
  await expect(bar).toContainText("1,660.00");
  await bar.getByRole("button", { name: "Save" }).click();
  await until(async () => (await world.trigger(row.id)).trigger_price_2 === 1660, "the target is moved");
  await page.getByRole("button", { name: "As a table" }).click();
  await expect(page.getByRole("columnheader", { name: "Close" })).toBeVisible();
  expect(complaints).toEqual([]);
});

test("prices come of instruments that no trigger watches, in the list and in the form", async ({
  page,
  world,
}) => {
  await world.price("RELIANCE", "1402");
  await world.signIn(page, "/watch");
  await expect(page.getByText("Nothing to watch yet")).toBeVisible();
  await page.getByRole("button", { name: "Add an instrument" }).click();
  await page.getByRole("combobox", { name: "Instrument" }).fill("reliance");
  await page.getByRole("option", { name: /^RELIANCE NSE/ }).click();
  const line = page.getByRole("row").filter({ hasText: "RELIANCE" });
  await expect(line).toContainText("1,402.00");
  await world.price("RELIANCE", "1403.5");
  await expect(line).toContainText("1,403.50");
  await line.getByRole("link", { name: "Trigger to buy RELIANCE" }).click();
  await expect(page.getByRole("radio", { name: "Buy" })).toBeChecked();
  await expect(page.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("1,473.70");
});
