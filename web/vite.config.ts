import { fileURLToPath } from "node:url";
import tailwindcss from "@tailwindcss/vite";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

// `npm run dev` shows this page over a running engine's API.
const engine = process.env.HMT_DEV_ENGINE ?? "http://127.0.0.1:8080";

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  html: { cspNonce: "__CSP_NONCE__" },
  build: {
    // No data: URIs and no inline scripts, so that the page's security policy needs no exception.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "baseline-widely-available",
    chunkSizeWarningLimit: 450,
  },
  server: { proxy: { "/api": { target: engine, ws: true }, "/functions": engine } },
  test: {
    environment: "happy-dom",
    setupFiles: ["./src/test_setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    reporters: ["./vitest_reporter.ts"],
  },
});
