import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { api, ask, Problem } from "@/api/client";
import {
  credentials,
  isKept,
  ownPlace,
  signedOutBecause,
  signIn,
  signOut,
  takeTokenFromAddress,
} from "./credentials";
import { SignInRefused, withPassword } from "./issuer";

const held = (token: string) => ({ token, refreshToken: null, expiresAt: null });
const answer = (status: number, body: unknown) =>
  new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json" } });

beforeEach(() => signOut());
afterEach(() => vi.unstubAllGlobals());

const accepts = async () => true;
const refuses = async () => false;

it("a token in the link is taken, and leaves the address bar", async () => {
  window.history.replaceState(null, "", "/triggers?show=active#token=a%2Fb");
  await takeTokenFromAddress(refuses); // nobody is signed in who could lose by it
  expect(credentials.get()?.token).toBe("a/b");
  expect(window.location.hash).toBe("");
  expect(window.location.search).toBe("?show=active");
});

it("a JWT in a link is not taken: it could be somebody else's", async () => {
  window.history.replaceState(null, "", "/#token=aaa.bbb.ccc");
  await takeTokenFromAddress(accepts);
  expect(credentials.get()).toBeNull();
  expect(window.location.hash).toBe("");
});

it("a token in the link takes the place of a kept one when the engine has accepted it, and not before", async () => {
  signIn(held("kept"), true);
  window.history.replaceState(null, "", "/#token=bad");
  await takeTokenFromAddress(refuses);
  expect(credentials.get()?.token).toBe("kept");
  expect(isKept()).toBe(true);
  expect(window.location.hash).toBe("");
  window.history.replaceState(null, "", "/#token=good");
  await takeTokenFromAddress(accepts);
  expect(credentials.get()?.token).toBe("good");
});

it.each([
  ["/triggers?q=a", "/triggers?q=a"],
  ["//evil.example", "/"],
  ["/\\\\evil.example", "/"],
  ["https://evil.example", "/"],
  [undefined, "/"],
])("after the sign-in %s leads to %s", (wanted, place) => expect(ownPlace(wanted)).toBe(place));

it("stays for the tab alone unless one asks for more", () => {
  signIn(held("t"), false);
  expect(localStorage.length).toBe(0);
  signIn(held("t"), true);
  expect(isKept()).toBe(true);
  signOut();
  expect(localStorage.length + sessionStorage.length).toBe(0);
});

it("a refused token is given up, with the reason; a newer one is not", async () => {
  signIn(held("old"), false);
  vi.stubGlobal("fetch", async () => {
    signIn(held("new"), false);
    return answer(401, { error: { code: "unauthorized", message: "no", field: null } });
  });
  await expect(ask(api.GET("/api/v1/session"))).rejects.toBeInstanceOf(Problem);
  expect(credentials.get()?.token).toBe("new");
  vi.stubGlobal("fetch", async () =>
    answer(401, { error: { code: "unauthorized", message: "no", field: null } }),
  );
  await expect(ask(api.GET("/api/v1/session"))).rejects.toBeInstanceOf(Problem);
  await vi.waitFor(() => expect(credentials.get()).toBeNull());
  expect(signedOutBecause.get()).toContain("Sign in again");
});

it("an error is the engine's words and field; silence is told as silence", async () => {
  vi.stubGlobal("fetch", async () =>
    answer(409, { error: { code: "already_crossed", message: "It is.", field: "trigger_price_1" } }),
  );
  await expect(ask(api.GET("/api/v1/session"))).rejects.toMatchObject({
    status: 409,
    code: "already_crossed",
    field: "trigger_price_1",
  });
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("failed");
  });
  await expect(ask(api.GET("/api/v1/session"))).rejects.toMatchObject({ code: "unreachable" });
});

it("a password becomes a token at the issuer, or the issuer's own words", async () => {
  const issuer = { url: "https://p.example/auth/v1", key: "anon" };
  const asked: [string, RequestInit][] = [];
  vi.stubGlobal("fetch", async (url: string, init: RequestInit) => {
    asked.push([url, init]);
    return answer(200, { access_token: "jwt", refresh_token: "r", expires_in: 3600 });
  });
  const got = await withPassword(issuer, "a@example.com", "pw");
  expect(got).toMatchObject({ token: "jwt", refreshToken: "r" });
  expect(asked[0]?.[0]).toBe("https://p.example/auth/v1/token?grant_type=password");
  expect(asked[0]?.[1].headers).toMatchObject({ apikey: "anon" });
  vi.stubGlobal("fetch", async () => answer(400, { error_description: "Invalid login credentials" }));
  await expect(withPassword(issuer, "a@example.com", "x")).rejects.toThrow(SignInRefused);
  await expect(withPassword(issuer, "a@example.com", "x")).rejects.toThrow("Invalid login credentials");
  vi.stubGlobal("fetch", async () => answer(200, { portal: "Please log in to the hotel's network" }));
  await expect(withPassword(issuer, "a@example.com", "pw")).rejects.toThrow("gave no token");
});
