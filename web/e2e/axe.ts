import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { Page } from "@playwright/test";

// axe-core inside the page, by the debugger's door: the page's policy would not let a script in.
const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

interface Found {
  violations: { id: string; impact: string; nodes: { target: string[] }[] }[];
}
interface Axe {
  run(what: Document, options: object): Promise<Found>;
}

export async function violationsOf(page: Page): Promise<string[]> {
  await page.evaluate(source);
  return page.evaluate(async () => {
    const { axe } = window as unknown as { axe: Axe };
    const { violations } = await axe.run(document, {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(
      (one) => `${one.id} (${one.impact}): ${one.nodes.map((node) => node.target.join(" ")).join(" | ")}`,
    );
  });
}
