import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

// axe-core inside the page, by the debugger's door: the page's policy would not let a script in.
const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(source);
  return page.evaluate(async () => {
    // biome-ignore lint/suspicious/noExplicitAny: axe puts itself into the page
    const axe = (window as any).axe;
    const result = await axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return result.violations.map(
      // biome-ignore lint/suspicious/noExplicitAny: as axe gives it
      (one: any) =>
        `${one.id} (${one.impact}): ${one.nodes.map((node: any) => node.target.join(" ")).join(" | ")}`,
    );
  });
}
