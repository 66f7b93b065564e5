import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { pagesOf, SIZES, tellStories } from "./pages";
import { test } from "./world";

// The pictures under docs/screens: every page at three sizes, light and dark in turn. Made on demand, looked at by
// people; nothing compares them.
const folder = join(import.meta.dirname, "../../docs/screens");

for (const theme of ["light", "dark"] as const) {
  test(`pictures of every page, ${theme}`, async ({ page, world }) => {
    test.setTimeout(240_000);
    mkdirSync(folder, { recursive: true });
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(SIZES[0]);
    await page.goto(world.url("/sign-in"));
    await page.getByText("The engine is running").waitFor();
    await page.screenshot({ path: join(folder, `sign-in-desktop-${theme}.png`) });
    const shown = pagesOf(await tellStories(world));
    await world.signIn(page);
    for (const { name, path, ready } of shown) {
      for (const size of SIZES) {
        // The dark theme is shown on the desktop alone: the sizes are the same.
        if (theme === "dark" && size.name !== "desktop") continue;
        await page.setViewportSize(size);
        await page.goto(world.url(path));
        await ready(page);
        await page.waitForTimeout(700);
        await page.screenshot({ path: join(folder, `${name}-${size.name}-${theme}.png`) });
      }
    }
  });
}
