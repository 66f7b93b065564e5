import { test as bare } from "@playwright/test";
import { expect, World } from "./world";

// Six in the morning, one user: the token of yesterday is gone, and the engine must not be restarted for a new one.
bare("a single user logs in at the broker from the screen, with no restart", async ({ page }) => {
  const world = await World.start({
    KITE_API_KEY: "onekey",
    KITE_API_SECRET: "one-secret",
    KITE_ACCESS_TOKEN: "",
  });
  try {
    await world.control("account", {
      api_key: "onekey",
      api_secret: "one-secret",
      user_id: "ONE001",
      redirect_url: world.url("/api/v1/brokers/callback"),
    });
    const logIn = async () => {
      await page.getByRole("button", { name: "Log in at the broker" }).click();
      await page.waitForURL(/connect\/login/);
      await page.getByRole("link").click();
      await page.waitForURL(/brokers\/callback/);
    };
    await world.startEngine();
    await page.goto(world.url(`/#token=${world.token}`));
    await expect(page.getByText("The engine cannot start yet: nothing is watched.")).toBeVisible();
    await page.getByRole("link", { name: "To the broker's login" }).click();
    await logIn();
    await world.waitRunning();
    await page.goto(world.url("/brokers"));
    await expect(page.getByRole("button", { name: /^Engine: Running/ })).toBeVisible();
    await expect(page.getByText("Logged in", { exact: true })).toBeVisible();
    // The session ends while the page is open: the way back is where the banner leads.
    await world.control("expire");
    await world.control("drop");
    await expect(page.getByText("The engine runs, but gets no prices.")).toBeVisible({ timeout: 30_000 });
    await page.getByRole("link", { name: "To the broker's login" }).click();
    await page.getByRole("button", { name: "Paste a token" }).click();
    await expect(page.getByRole("dialog", { name: "Today's token for the simulated broker" })).toBeVisible();
    await page.getByLabel("Token", { exact: true }).fill("no-such-token");
    await page.getByRole("dialog").getByRole("button", { name: "Log in" }).click();
    await expect(page.getByRole("dialog")).toContainText("Not logged in");
    await page.getByRole("dialog").getByRole("button", { name: "Leave" }).click();
    await logIn();
    await world.waitRunning();
  } finally {
    await world.close();
  }
});
