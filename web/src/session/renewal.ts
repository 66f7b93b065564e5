import { queryClient } from "@/queries";
import { type Credentials, credentials, isKept, signIn, storedCredentials } from "./credentials";
import { renewed, SignInRefused } from "./issuer";
import { signInQuery } from "./who";

// JWTs live for an hour; the issuer gives a new one for the refresh token.
let timer: ReturnType<typeof setTimeout> | undefined;
let underway: Promise<boolean> | null = null;
const EARLY_MS = 120_000;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 60_000;

// Whether there is a new token now; false: the issuer gives none any more. However many ask, it is asked once. While it
// is away this takes as long as that: nobody is signed out for the want of an answer.
export function renewNow(): Promise<boolean> {
  underway ??= renew().finally(() => {
    underway = null;
  });
  return underway;
}

async function renew(): Promise<boolean> {
  const held = credentials.get();
  const refreshToken = held?.refreshToken;
  if (!held || !refreshToken) return false;
  for (let waitMs = FIRST_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
    try {
      const good = await inTurn(() => renewOnce(held, refreshToken));
      if (good) void queryClient.invalidateQueries();
      return good;
    } catch {
      await new Promise((done) => setTimeout(done, waitMs));
    }
    if (credentials.get() !== held) return credentials.get() !== null;
  }
}

// One tab at a time: a refresh token is good once. Browsers give locks to pages of HTTPS and of this machine.
async function inTurn(work: () => Promise<boolean>): Promise<boolean> {
  return navigator.locks ? await navigator.locks.request("hmt.renewal", work) : await work();
}

async function renewOnce(held: Credentials, refreshToken: string): Promise<boolean> {
  if (tookFromAnotherTab(held)) return true;
  const { password } = await signInQuery.queryFn();
  if (!password) return false;
  let next: Credentials;
  try {
    next = await renewed(password, refreshToken);
  } catch (error) {
    if (error instanceof SignInRefused && error.isFinal) return tookFromAnotherTab(held);
    throw error;
  }
  // Signed out, or in anew, while the issuer was asked: that stands.
  if (credentials.get() !== held) return credentials.get() !== null;
  signIn(next, isKept());
  return true;
}

// Tabs share a sign-in that is kept: what another one has renewed is taken.
function tookFromAnotherTab(held: Credentials): boolean {
  const stored = storedCredentials();
  if (!stored || stored.token === held.token || userOf(stored.token) !== userOf(held.token)) return false;
  credentials.set(stored);
  return true;
}

function userOf(token: string): unknown {
  try {
    const claims = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
    return (JSON.parse(atob(claims)) as { sub?: unknown }).sub;
  } catch {
    return undefined;
  }
}

function plan() {
  clearTimeout(timer);
  const held = credentials.get();
  if (!held?.refreshToken || !held.expiresAt) return;
  timer = setTimeout(() => void renewNow(), Math.max(1_000, held.expiresAt - Date.now() - EARLY_MS));
}

export function keepRenewed(): void {
  credentials.subscribe(plan);
  plan();
}
