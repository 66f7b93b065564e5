import { execFileSync } from "node:child_process";
import { test } from "@playwright/test";
import { violationsOf } from "./axe";
import { Issuer, PASSWORD, SECRET } from "./issuer";
import { complaintsOf, expect, until, World } from "./world";

// Many users on PostgreSQL, who sign in with a password. HMT_TEST_POSTGRES: the superuser's URL of a server.
const server = process.env.HMT_TEST_POSTGRES ?? "";
const OPERATOR = "screens-service-role-key-0123456789";

function freshDatabase(): string {
  if (server === "")
    throw new Error("HMT_TEST_POSTGRES names no server: run this under tools/with_postgres.py");
  const name = `screens_${process.pid}_${Date.now()}`;
  execFileSync("psql", [server, "-qc", `CREATE DATABASE ${name}`]);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}

const manyUsers = (issuer: Issuer): Record<string, string> => ({
  HMT_DATABASE_URL: freshDatabase(),
  HMT_ADMIN_TOKEN: "",
  KITE_API_KEY: "",
  KITE_API_SECRET: "",
  KITE_ACCESS_TOKEN: "",
  SUPABASE_JWT_SECRET: SECRET,
  SUPABASE_SERVICE_ROLE_KEY: OPERATOR,
  HMT_SIGN_IN_URL: issuer.url,
  HMT_SIGN_IN_KEY: "sb_publishable_of_the_tests",
});

test("two users sign in with their passwords, each with a broker of their own, and see nothing of one another", async ({
  browser,
}) => {
  test.setTimeout(150_000);
  const issuer = await Issuer.start();
  const world = await World.start(manyUsers(issuer));
  world.token = OPERATOR;
  try {
    issuer.add("anna@example.com");
    issuer.add("ben@example.com");
    await world.startEngine();
    await world.control("account", {
      api_key: "annakey",
      api_secret: "anna-secret",
      user_id: "ANNA01",
      redirect_url: world.url("/api/v1/brokers/callback"),
    });
    const open = async (email: string) => {
      const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
      await page.goto(world.url("/brokers"));
      await page.getByLabel("Email").fill(email);
      await page.getByLabel("Password", { exact: true }).fill("wrong");
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByText("Invalid login credentials")).toBeVisible();
      await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
      await page.getByRole("button", { name: "Sign in" }).click();
      await expect(page.getByText("No broker connection yet")).toBeVisible();
      return page;
    };
    const anna = await open("anna@example.com");
    const complaints = complaintsOf(anna);
    await anna.getByRole("button", { name: "Add a connection" }).click();
    await anna.getByLabel("Name").fill("My Kite");
    await anna.getByLabel("API key").fill("annakey");
    await anna.getByLabel("API secret").fill("anna-secret");
    await anna.getByRole("button", { name: "Save" }).click();
    await expect(anna.getByText("Not logged in")).toBeVisible();
    await expect(anna.getByText("Its triggers cannot fire now:")).toBeVisible();
    // Over the broker's page and back.
    await anna.getByRole("button", { name: "Log in at the broker" }).click();
    await anna.waitForURL(/connect\/login/);
    await anna.getByRole("link").click();
    await anna.waitForURL(/brokers\/callback/);
    await anna.goto(world.url("/brokers"));
    await expect(anna.getByText("Logged in", { exact: true })).toBeVisible();
    await expect(anna.getByText("Its triggers can fire at this moment.")).toBeVisible({ timeout: 30_000 });
    expect(await violationsOf(anna)).toEqual([]);
    await anna.goto(world.url("/"));
    await expect(anna.getByText(/^Live until/)).toBeVisible();
    // Not the operator: the switch is not theirs.
    await expect(anna.getByRole("button", { name: "Stop engine" })).toBeHidden();

    await world.price("INFY", "1572");
    await anna.goto(world.url("/triggers/new?token=408065"));
    await expect(anna.getByLabel("Stop-loss trigger", { exact: true })).toHaveValue("1,493.40");
    await anna.getByRole("button", { name: "Review" }).click();
    await anna.getByRole("button", { name: "Arm SELL 1" }).click();
    await expect(anna.getByText("It is being watched on the host.")).toBeVisible();

    const ben = await open("ben@example.com");
    await ben.goto(world.url("/triggers"));
    await expect(ben.getByText("No triggers yet")).toBeVisible();
    await ben.goto(anna.url());
    await expect(ben.getByText("The trigger could not be read")).toBeVisible();
    await ben.goto(world.url("/audit"));
    await expect(ben.getByText("My Kite")).toBeHidden();

    await world.price("INFY", "1492");
    await expect(anna.locator("h1")).toContainText("Filled");
    await ben.goto(world.url("/orders"));
    await expect(ben.getByText("No orders yet")).toBeVisible();
    expect(complaints).toEqual([]);

    await anna.getByRole("button", { name: /^Sign out/ }).click();
    await expect(anna.getByLabel("Email")).toBeVisible();
  } finally {
    await world.close();
    issuer.close();
  }
});

test("a token that runs out is renewed before it does, and the stream goes on with the new one", async ({
  page,
}) => {
  const issuer = await Issuer.start();
  issuer.seconds = 125; // two minutes before its end it is renewed: in five seconds
  const world = await World.start(manyUsers(issuer));
  try {
    issuer.add("anna@example.com");
    await world.startEngine();
    await page.goto(world.url("/settings"));
    await page.getByLabel("Email").fill("anna@example.com");
    await page.getByLabel("Password", { exact: true }).fill(PASSWORD);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
    await until(() => issuer.renewals > 0, "the token is renewed", 15_000);
    await expect(page.getByRole("heading", { name: "Settings" })).toBeVisible();
  } finally {
    await world.close();
    issuer.close();
  }
});
