import { credentials, isKept, signIn } from "./credentials";
import { type Issuer, renewed } from "./issuer";

// JWTs live for an hour; the issuer gives a new one for the refresh token.
let issuer: Issuer | null = null;
let timer: ReturnType<typeof setTimeout> | undefined;
let underway: Promise<boolean> | null = null;
const EARLY_MS = 120_000;

export function renewWith(known: Issuer | null): void {
  issuer = known;
  plan();
}

export function renewNow(): Promise<boolean> {
  underway ??= renew().finally(() => {
    underway = null;
  });
  return underway;
}

async function renew(): Promise<boolean> {
  const held = credentials.get();
  if (!issuer || !held?.refreshToken) return false;
  try {
    signIn(await renewed(issuer, held.refreshToken), isKept());
    return true;
  } catch {
    return false;
  }
}

function plan() {
  clearTimeout(timer);
  const held = credentials.get();
  if (!issuer || !held?.refreshToken || !held.expiresAt) return;
  timer = setTimeout(() => void renewNow(), Math.max(1_000, held.expiresAt - Date.now() - EARLY_MS));
}

credentials.subscribe(plan);
