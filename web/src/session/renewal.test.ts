import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Credentials, credentials, isKept, signIn, signOut } from "./credentials";
import { renewNow } from "./renewal";

const jwt = (user: string, mark: string) => `head.${btoa(JSON.stringify({ sub: user }))}.${mark}`;
const held = (token: string, refreshToken = "r1"): Credentials => ({ token, refreshToken, expiresAt: null });
const old = held(jwt("anna", "old"));
const issued = () => answer(200, { access_token: jwt("anna", "new"), refresh_token: "r2", expires_in: 3600 });
const answer = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });
const storedByAnotherTab = (other: Credentials) =>
  localStorage.setItem("hmt.credentials", JSON.stringify(other));

// Step by step: between two timers answers are read, which takes turns of its own.
const pass = async (seconds: number) => {
  for (let second = 0; second < seconds; ++second) await vi.advanceTimersByTimeAsync(1_000);
};

let asked: number;
let issuer: () => Response;

beforeEach(() => {
  vi.useFakeTimers();
  signOut();
  asked = 0;
  issuer = issued;
  vi.stubGlobal("fetch", async (to: Request | string) => {
    if (typeof to !== "string")
      return answer(200, { mode: "jwt", password: { url: "https://p.example/auth/v1", key: "anon" } });
    asked += 1;
    return issuer();
  });
});
afterEach(() => {
  Reflect.deleteProperty(navigator, "locks");
  signOut();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

it("however many ask, the issuer is asked once, and what was kept stays kept", async () => {
  signIn(old, true);
  expect(await Promise.all([renewNow(), renewNow()])).toEqual([true, true]);
  expect(asked).toBe(1);
  expect(credentials.get()).toMatchObject({ token: jwt("anna", "new"), refreshToken: "r2" });
  expect(isKept()).toBe(true);
});

it("an issuer that is away, overloaded or broken is asked again, and nobody is signed out", async () => {
  signIn(old, true);
  issuer = () => {
    if (asked === 1) throw new TypeError("no network");
    if (asked === 2) return answer(429, { msg: "too many requests" });
    if (asked === 3) return answer(503, {});
    return issued();
  };
  const renewed = renewNow();
  await pass(2 + 4 + 4);
  expect(asked).toBe(3);
  expect(credentials.get()).toBe(old);
  await pass(8);
  expect(await renewed).toBe(true);
  expect(credentials.get()?.refreshToken).toBe("r2");
});

it("is asked once a minute at last", async () => {
  signIn(old, true);
  issuer = () => answer(500, {});
  const renewed = renewNow();
  await pass(2 + 4 + 8 + 16 + 32 + 20);
  expect(asked).toBe(6);
  await pass(3 * 60);
  expect(asked).toBeGreaterThan(7);
  expect(asked).toBeLessThan(10);
  issuer = issued;
  await pass(80);
  expect(await renewed).toBe(true);
});

it.each([400, 401])("its answer %i is final", async (status) => {
  signIn(old, true);
  issuer = () => answer(status, { error_description: "Invalid Refresh Token" });
  expect(await renewNow()).toBe(false);
  expect(asked).toBe(1);
});

it("who has signed out meanwhile stays signed out", async () => {
  signIn(old, true);
  issuer = () => answer(503, {});
  const renewed = renewNow();
  await pass(1);
  signOut();
  issuer = issued;
  await pass(10);
  expect(await renewed).toBe(false);
  expect(credentials.get()).toBeNull();
  expect(asked).toBe(1);
});

it("who signs out while the issuer is asked stays signed out", async () => {
  signIn(old, true);
  issuer = () => {
    signOut();
    return issued();
  };
  expect(await renewNow()).toBe(false);
  expect(asked).toBe(1);
  expect(credentials.get()).toBeNull();
});

it("waits for its turn among the tabs, and takes what another one has renewed", async () => {
  signIn(old, true);
  const request = vi.fn(async (_name: string, work: () => Promise<boolean>) => {
    storedByAnotherTab(held(jwt("anna", "of the other tab"), "r9"));
    return work();
  });
  Object.defineProperty(navigator, "locks", { value: { request }, configurable: true });
  expect(await renewNow()).toBe(true);
  expect(request).toHaveBeenCalledTimes(1);
  expect(asked).toBe(0);
  expect(credentials.get()).toMatchObject({ token: jwt("anna", "of the other tab"), refreshToken: "r9" });
});

it("without turns, a refusal of what another tab has used up is not the end", async () => {
  signIn(old, true);
  issuer = () => {
    storedByAnotherTab(held(jwt("anna", "of the other tab"), "r9"));
    return answer(400, { error_description: "Invalid Refresh Token: Already Used" });
  };
  expect(await renewNow()).toBe(true);
  expect(credentials.get()?.refreshToken).toBe("r9");
});

it("another person's sign-in in another tab is not taken for one's own", async () => {
  signIn(old, true);
  storedByAnotherTab(held(jwt("ben", "new"), "r9"));
  expect(await renewNow()).toBe(true);
  expect(asked).toBe(1);
  expect(credentials.get()?.token).toBe(jwt("anna", "new"));
});
