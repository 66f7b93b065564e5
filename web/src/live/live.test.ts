import { cleanup, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { credentials, signedOutBecause, signIn, signOut } from "@/session/credentials";
import type { EngineState } from "./frames";
import { engine, link, takeFrame, useLiveStream } from "./live";
import { forgetRows } from "./trigger_rows";

// A socket that the test plays the engine on.
class Played {
  static readonly OPEN = 1;
  static all: Played[] = [];
  readyState = 1;
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor(readonly address: string) {
    Played.all.push(this);
  }
  send() {}
  close() {
    this.readyState = 3;
  }
  greet() {
    const hello = { t: "hello", build: "b", sid: "s", seq: 1, now: Date.now(), engine: state([]) };
    this.onmessage?.({ data: JSON.stringify(hello) });
  }
  endSignIn() {
    this.onclose?.({ code: 4003, reason: "sign in again" });
  }
}

const state = (open: string[]): EngineState => ({ status: "running", reasons: [], open, lease_epoch: 1 });
const answer = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
// Answers are read in turns of their own.
const settled = async () => {
  for (let turn = 0; turn < 20; ++turn) await vi.advanceTimersByTimeAsync(1);
};

let lists: number;
let renewals: number;
let issuer: () => Response;

beforeEach(() => {
  vi.useFakeTimers();
  Played.all = [];
  lists = 0;
  renewals = 0;
  issuer = () => answer(200, { access_token: "renewed", refresh_token: "r2", expires_in: 3600 });
  vi.stubGlobal("WebSocket", Played);
  vi.stubGlobal("fetch", async (to: Request | string) => {
    if (typeof to === "string") {
      renewals += 1;
      return issuer();
    }
    switch (new URL(to.url).pathname) {
      case "/api/v1/triggers":
        lists += 1;
        return answer(200, { triggers: [], next_cursor: null });
      case "/api/v1/stream-ticket":
        return answer(201, { ticket: "t", expires_in_seconds: 30 });
      case "/api/v1/sign-in":
        return answer(200, { mode: "jwt", password: { url: "https://p.example/auth/v1", key: "anon" } });
      default:
        throw new TypeError("no answer");
    }
  });
});
afterEach(() => {
  cleanup();
  signOut();
  forgetRows();
  engine.set(null);
  link.set({ state: "connecting" });
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("reads the rows again when an exchange opens or closes: whether they are watched is no event", async () => {
  takeFrame({ t: "stat", d: state([]) });
  takeFrame({ t: "stat", d: state([]) });
  await settled();
  expect(lists).toBe(0);
  takeFrame({ t: "stat", d: state(["NSE", "BSE"]) });
  await settled();
  expect(lists).toBe(1);
  takeFrame({ t: "stat", d: state(["NSE", "BSE"]) });
  takeFrame({ t: "stat", d: state([]) });
  await settled();
  expect(lists).toBe(2);
});

const opened = async (token: string, refreshToken: string | null) => {
  signIn({ token, refreshToken, expiresAt: null }, false);
  renderHook(useLiveStream);
  await settled();
  Played.all[0]?.greet();
  expect(link.get().state).toBe("live");
};

it("a stream that ends with its token is opened anew with the one that is held, and none is asked for", async () => {
  await opened("old", "r1");
  signIn({ token: "new", refreshToken: "r2", expiresAt: null }, false);
  Played.all[0]?.endSignIn();
  await settled();
  expect(Played.all.length).toBe(2);
  expect(renewals).toBe(0);
  expect(credentials.get()?.token).toBe("new");
});

it("while the issuer is away the page says that it is cut off, and comes back by itself", async () => {
  await opened("old", "r1");
  const good = issuer;
  issuer = () => answer(503, {});
  Played.all[0]?.endSignIn();
  await settled();
  expect(link.get()).toMatchObject({ state: "lost", retryAt: null, answered: false });
  expect(credentials.get()?.token).toBe("old");
  issuer = good;
  await vi.advanceTimersByTimeAsync(2_000);
  await settled();
  expect(credentials.get()?.token).toBe("renewed");
  expect(Played.all.length).toBe(2);
  Played.all[1]?.greet();
  expect(link.get().state).toBe("live");
});

it("a token that nothing renews ends the sign-in with its stream", async () => {
  await opened("pasted", null);
  Played.all[0]?.endSignIn();
  await settled();
  expect(credentials.get()).toBeNull();
  expect(signedOutBecause.get()).toContain("Your sign-in has ended");
});
