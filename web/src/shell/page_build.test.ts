import { afterEach, expect, it, vi } from "vitest";
import { reloadIfUpdated } from "./page_build";

afterEach(() => vi.unstubAllGlobals());

const pageOf = (build: string) =>
  new Response(`<!doctype html><meta name="hmt-ui-build" content="${build}"><div id="root"></div>`);

it.each([
  ["an engine that was updated brings the page of its own build", async () => pageOf("new"), 1],
  ["the same build is not loaded again", async () => pageOf("old"), 0],
  ["an engine that is away takes nothing from the screen", () => Promise.reject(new TypeError("gone")), 0],
  ["a proxy's page of an error is no update", async () => new Response("bad gateway", { status: 502 }), 0],
  ["a page without a build is no update", async () => new Response("<p>a portal</p>"), 0],
] as const)("%s", async (_, answer, times) => {
  vi.stubGlobal("fetch", answer);
  const reload = vi.fn();
  await reloadIfUpdated(reload, "old");
  expect(reload).toHaveBeenCalledTimes(times);
});
