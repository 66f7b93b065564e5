import { Store } from "@/lib/store";

// What this browser signs its requests with. Kept for the tab alone unless the user asks to stay signed in.
export interface Credentials {
  token: string;
  refreshToken: string | null; // of a JWT that can be renewed
  expiresAt: number | null; // epoch ms
}

const KEY = "hmt.credentials";

// Another tab of this browser may have stored newer ones than this tab holds.
export function storedCredentials(): Credentials | null {
  const text = sessionStorage.getItem(KEY) ?? localStorage.getItem(KEY);
  if (!text) return null;
  try {
    const held = JSON.parse(text) as Credentials;
    return typeof held.token === "string" ? held : null;
  } catch {
    return null;
  }
}

export const credentials = new Store<Credentials | null>(storedCredentials());
// Why the user finds themselves at the sign-in page again; null when they came by themselves.
export const signedOutBecause = new Store<string | null>(null);

export function isKept(): boolean {
  return localStorage.getItem(KEY) !== null;
}

export function signIn(held: Credentials, keep: boolean): void {
  forgetStored();
  (keep ? localStorage : sessionStorage).setItem(KEY, JSON.stringify(held));
  signedOutBecause.set(null);
  credentials.set(held);
}

export function signOut(because: string | null = null): void {
  forgetStored();
  signedOutBecause.set(because);
  credentials.set(null);
}

function forgetStored() {
  sessionStorage.removeItem(KEY);
  localStorage.removeItem(KEY);
}

// `hmt demo` prints a link that ends with #token=…: a fragment reaches no server and no log, and it must not stay
// in the address bar or in the history either. A user's JWT is not taken this way: a link that somebody else has made
// would sign its reader in as somebody else. Who is signed in already stays so until the engine has accepted the token
// of the link: any page may lead here with a bad one.
export async function takeTokenFromAddress(isAccepted: (token: string) => Promise<boolean>): Promise<void> {
  const match = /^#token=([^&]+)$/.exec(window.location.hash);
  if (!match?.[1]) return;
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  const token = decodeURIComponent(match[1]);
  if (token.split(".").length === 3) return;
  const before = credentials.get();
  if (before?.token === token || (before && !(await isAccepted(token)))) return;
  signIn({ token, refreshToken: null, expiresAt: null }, false);
}

// Where one wanted to go: an address of these screens alone, never one of another site.
export function ownPlace(wanted: string | undefined): string {
  return wanted !== undefined && /^\/(?![/\\])/.test(wanted) ? wanted : "/";
}
