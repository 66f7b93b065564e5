import { chromium } from "playwright-core";

const base = process.env.BASE ?? "http://127.0.0.1:18091";
const token = process.env.TOKEN ?? "demodemodemodemo1";
const out = process.env.OUT ?? "/tmp/shots";
const sizes = { d: [1440, 900], t: [820, 1180], m: [390, 844] };
const [, , what = "/", size = "d", theme = "light", wait = "1500"] = process.argv;
const browser = await chromium.launch({
  executablePath: "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--font-render-hinting=none"],
});
const page = await browser.newPage({
  viewport: { width: sizes[size][0], height: sizes[size][1] },
  colorScheme: theme,
});
page.on("console", (m) => ["error", "warning"].includes(m.type()) && console.log("console:", m.text()));
page.on("pageerror", (e) => console.log("pageerror:", e.message));
await page.goto(`${base}/#token=${token}`);
await page.waitForTimeout(800);
if (what !== "/") await page.goto(`${base}${what}`);
await page.waitForTimeout(Number(wait));
await page.screenshot({ path: `${out}/shot-${size}-${theme}.png` });
console.log(await page.title(), page.url());
await browser.close();
