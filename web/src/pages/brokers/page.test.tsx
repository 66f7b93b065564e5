import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, render, screen } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { Broker } from "@/api/client";
import { queryClient } from "@/queries";
import { BrokersPage, readAgain } from "./page";

const anna = "00000000-0000-4000-8000-00000000000a";
const connection: Broker = {
  id: "00000000-0000-4000-8000-000000000002",
  user_id: anna,
  name: "My Kite",
  broker: "kite",
  account: null,
  enabled: true,
  has_api_key: true,
  has_api_secret: true,
  session: "none",
  session_expires_at: null,
  live: false,
  why_not_live: "Log in",
  version: 1,
  created_at: "2026-11-20T04:00:00.000Z",
  updated_at: "2026-11-20T04:00:00.000Z",
};
const refusal = { error: { code: "forbidden", message: "Not now", field: null } };

afterEach(() => {
  cleanup();
  queryClient.clear();
  vi.unstubAllGlobals();
});

it("a read that fails in the background leaves the page as it is, and says so", async () => {
  let refuses = false;
  const answers: Record<string, () => Response> = {
    "/api/v1/sign-in": () => Response.json({ mode: "jwt", password: null }),
    "/api/v1/session": () => Response.json({ actor: "anna", user_id: anna, operator: false }),
    "/api/v1/brokers": () =>
      refuses ? Response.json(refusal, { status: 403 }) : Response.json({ brokers: [connection] }),
  };
  vi.stubGlobal("fetch", async (request: Request) => answers[new URL(request.url).pathname]?.());
  render(
    <QueryClientProvider client={queryClient}>
      <BrokersPage />
    </QueryClientProvider>,
  );
  const shown = await screen.findByRole("button", { name: "Paste a token" });
  refuses = true;
  await readAgain();
  await screen.findByText(/could not be read again: what is shown may be old. Not now/);
  expect(shown.isConnected).toBe(true);
});
