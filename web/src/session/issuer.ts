import type { Credentials } from "./credentials";

// A GoTrue-compatible endpoint (Supabase's sign-in), as the engine's configuration names it.
export interface Issuer {
  url: string;
  key: string;
}

export class SignInRefused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }

  // Too many requests, or a fault of the service itself, say nothing about who asks.
  get isFinal(): boolean {
    return this.status === 400 || this.status === 401;
  }
}

const PATIENCE_MS = 20_000;

interface Granted {
  access_token: string;
  refresh_token?: string;
  expires_in?: number;
}

async function grant(issuer: Issuer, type: "password" | "refresh_token", body: object): Promise<Credentials> {
  const response = await fetch(`${issuer.url}/token?grant_type=${type}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", apikey: issuer.key },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(PATIENCE_MS),
  });
  if (!response.ok) throw new SignInRefused(response.status, await wordsOf(response));
  const granted = (await response.json()) as Granted;
  if (typeof granted.access_token !== "string") throw new Error("The sign-in service gave no token");
  return {
    token: granted.access_token,
    refreshToken: granted.refresh_token ?? null,
    expiresAt: granted.expires_in ? Date.now() + granted.expires_in * 1000 : null,
  };
}

async function wordsOf(response: Response): Promise<string> {
  try {
    const said = (await response.json()) as Record<string, unknown>;
    const words = said.error_description ?? said.msg ?? said.message;
    if (typeof words === "string") return words;
  } catch {
    // No JSON: the status alone has to do.
  }
  return `The sign-in service answered ${response.status}`;
}

export const withPassword = (issuer: Issuer, email: string, password: string) =>
  grant(issuer, "password", { email, password });

export const renewed = (issuer: Issuer, refreshToken: string) =>
  grant(issuer, "refresh_token", { refresh_token: refreshToken });
