import type { Page } from "@playwright/test";
import { violationsOf } from "./axe";
import { pagesOf, SIZES, tellStories } from "./pages";
import { complaintsOf, expect, test } from "./world";

// Wide as the screen: nothing scrolls sideways but what is made to.
const overflows = (page: Page) =>
  page.evaluate(() =>
    [document.documentElement, document.querySelector("main")].some(
      (element) => element && element.scrollWidth > element.clientWidth,
    ),
  );

for (const theme of ["light", "dark"] as const) {
  test(`axe finds nothing on any page at three sizes, ${theme}`, async ({ page, world }) => {
    test.setTimeout(240_000);
    const complaints = complaintsOf(page);
    await page.emulateMedia({ colorScheme: theme });
    const shown = pagesOf(await tellStories(world));
    const found: string[] = [];
    await page.goto(world.url("/sign-in"));
    await expect(page.getByText("The engine is running")).toBeVisible();
    for (const size of SIZES) {
      await page.setViewportSize(size);
      for (const one of await violationsOf(page)) found.push(`sign-in ${size.name}: ${one}`);
    }
    await world.signIn(page);
    for (const { name, path, ready } of shown) {
      await page.goto(world.url(path));
      for (const size of SIZES) {
        await page.setViewportSize(size);
        await ready(page);
        for (const one of await violationsOf(page)) found.push(`${name} ${size.name}: ${one}`);
        if (await overflows(page)) found.push(`${name} ${size.name}: wider than the screen`);
      }
      // As wide as a small phone, or a desktop that is enlarged four times.
      await page.setViewportSize({ width: 320, height: 640 });
      if (await overflows(page)) found.push(`${name}: wider than 320 pixels`);
    }
    expect(found).toEqual([]);
    expect(complaints).toEqual([]);
  });
}

test("dialogs, menus and banners are as accessible as pages", async ({ page, world }) => {
  await world.arm();
  await world.signIn(page, "/triggers");
  const found: string[] = [];
  const look = async (name: string) => {
    for (const one of await violationsOf(page)) found.push(`${name}: ${one}`);
  };
  await page.keyboard.press("Control+k");
  await page.keyboard.type("inf");
  await expect(page.getByRole("option").first()).toBeVisible();
  await look("palette");
  await page.keyboard.press("Escape");
  await page.keyboard.press("?");
  await expect(page.getByRole("dialog", { name: "Keys" })).toBeVisible();
  await look("help");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: /^Engine:/ }).click();
  await expect(page.getByText("Instruments watched")).toBeVisible();
  await look("status");
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Stop engine" }).click();
  await look("stop");
  await page.getByRole("alertdialog").getByRole("button", { name: "Stop engine" }).click();
  await expect(page.getByText("The engine is stopped.")).toBeVisible();
  await look("stopped");
  expect(found).toEqual([]);
});
