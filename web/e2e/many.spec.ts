import { test as bare } from "@playwright/test";
import { MANY, manyRows } from "./many";
import { expect, World } from "./world";

bare(
  "ten thousand triggers: a list that scrolls, filters, sorts by distance and exports",
  async ({ page }) => {
    bare.setTimeout(180_000);
    const world = await World.start();
    try {
      world.writeRows(manyRows());
      await world.startEngine();
      await world.waitRunning();
      await page.goto(world.url(`/triggers#token=${world.token}`));
      const grid = page.getByRole("grid");
      await expect(page.getByText("10,000", { exact: true })).toBeVisible({ timeout: 60_000 });
      await expect(grid).toHaveAttribute("aria-rowcount", String(MANY + 1));
      expect(await page.getByRole("row").count()).toBeLessThan(60);
      await grid.evaluate((element) => {
        element.scrollTop = element.scrollHeight;
      });
      await expect(page.locator(`[aria-rowindex="${MANY + 1}"]`)).toBeVisible();
      await page.getByRole("searchbox").fill("tcs");
      await expect(page.getByText("2,500 of 10,000")).toBeVisible();
      await expect(page).toHaveURL(/q=tcs/);
      await page.getByRole("button", { name: "Distance" }).click();
      await expect(page.getByRole("columnheader", { name: "Distance" })).toHaveAttribute(
        "aria-sort",
        "ascending",
      );
      await world.price("TCS", "2980");
      // The nearest level of TCS is 8 % below 3,120.
      await expect(page.locator('[aria-rowindex="2"]')).toContainText("2,870.00");
      await expect(page.locator('[aria-rowindex="2"]')).toContainText("−3.69%");
      const download = page.waitForEvent("download");
      await page.getByRole("button", { name: "Export as CSV" }).click();
      const stream = await (await download).createReadStream();
      let text = "";
      for await (const chunk of stream) text += chunk;
      expect(text.split("\r\n").length).toBe(2_501);
    } finally {
      await world.close();
    }
  },
);
