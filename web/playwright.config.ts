import { join } from "node:path";
import { defineConfig } from "@playwright/test";

const here = (path: string) => join(import.meta.dirname, path);

// Debian's browser; no other is downloaded. Each test has processes of its own, so they run side by side.
export default defineConfig({
  testDir: here("e2e"),
  outputDir: here("test-results"),
  timeout: 90_000,
  expect: { timeout: 15_000 },
  workers: 2,
  fullyParallel: true,
  reporter: [[here("e2e/reporter.ts")]],
  use: {
    browserName: "chromium",
    locale: "en-IN",
    viewport: { width: 1440, height: 900 },
    colorScheme: "light",
    actionTimeout: 15_000,
    screenshot: "only-on-failure",
    launchOptions: {
      executablePath: process.env.HMT_CHROMIUM ?? "/usr/bin/chromium",
      args: [
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--font-render-hinting=none",
      ],
    },
  },
});
