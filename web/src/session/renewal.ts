import { queryClient } from "@/queries";
import { credentials, isKept, signIn } from "./credentials";
import { renewed } from "./issuer";
import { signInQuery } from "./who";

// JWTs live for an hour; the issuer gives a new one for the refresh token.
let timer: ReturnType<typeof setTimeout> | undefined;
let underway: Promise<boolean> | null = null;
const EARLY_MS = 120_000;

// Whether there is a new token now. However many ask, the issuer is asked once.
export function renewNow(): Promise<boolean> {
  underway ??= renew().finally(() => {
    underway = null;
  });
  return underway;
}

async function renew(): Promise<boolean> {
  const held = credentials.get();
  if (!held?.refreshToken) return false;
  try {
    const { password } = await queryClient.fetchQuery(signInQuery);
    if (!password) return false;
    signIn(await renewed(password, held.refreshToken), isKept());
    void queryClient.invalidateQueries();
    return true;
  } catch {
    return false;
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
