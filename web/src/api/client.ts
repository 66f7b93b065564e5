import createClient from "openapi-fetch";
import { credentials, signOut } from "@/session/credentials";
import { renewNow } from "@/session/renewal";
import type { components, paths } from "./schema";

export type Trigger = components["schemas"]["Trigger"];
export type NewTrigger = components["schemas"]["NewTrigger"];
export type TriggerChange = components["schemas"]["TriggerChange"];
export type Attempt = components["schemas"]["Attempt"];
export type AuditRow = components["schemas"]["AuditRow"];
export type Broker = components["schemas"]["Broker"];
export type Instrument = components["schemas"]["Instrument"];
export type Health = components["schemas"]["Health"];
export type Session = components["schemas"]["Session"];
export type SignIn = components["schemas"]["SignIn"];

// An answer that is not the one asked for. `code` is the engine's, or "unreachable" when none came.
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly field: string | null,
  ) {
    super(message);
  }
}

export const unreachable = () =>
  new Problem(
    0,
    "unreachable",
    "The engine did not answer. Is it running, and is this device connected?",
    null,
  );

const SIGN_IN_AGAIN =
  "Your sign-in has ended or was refused. Sign in again: triggers are watched on the host meanwhile.";

const client = createClient<paths>({
  baseUrl: typeof window === "undefined" ? "" : window.location.origin,
  // Looked up for each request, so that a test can put another one in its place.
  fetch: (request) => globalThis.fetch(request),
});

client.use({
  onRequest({ request }) {
    const held = credentials.get();
    // A token that is being tried comes with its own header.
    if (held && !request.headers.has("Authorization"))
      request.headers.set("Authorization", `Bearer ${held.token}`);
    return request;
  },
  onResponse({ request, response }) {
    const asked = request.headers.get("Authorization");
    const held = credentials.get();
    // Only the token that was refused is given up: a newer one may have come while this answer was on its way.
    if (response.status !== 401 || !held || asked !== `Bearer ${held.token}`) return;
    void renewNow().then((good) => {
      if (!good && credentials.get()?.token === held.token) signOut(SIGN_IN_AGAIN);
    });
  },
});

export const api = client;

// Data or a Problem.
export async function ask<T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> {
  let answer: { data?: T; error?: unknown; response: Response };
  try {
    answer = await request;
  } catch (thrown) {
    if (thrown instanceof DOMException && thrown.name === "AbortError") throw thrown;
    throw unreachable();
  }
  if (answer.response.ok) return answer.data as T;
  throw problemOf(answer.response.status, answer.error);
}

function problemOf(status: number, body: unknown): Problem {
  const said = (body as { error?: { code?: string; message?: string; field?: string | null } } | undefined)
    ?.error;
  if (said?.message) return new Problem(status, said.code ?? "unknown", said.message, said.field ?? null);
  return new Problem(status, "unknown", `The engine answered ${status} without a reason`, null);
}

export function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

// Of a change that brought no good answer. Where none came at all, nobody knows whether it was done.
export function wordsOfChange(notDone: string, error: unknown): string {
  return error instanceof Problem && error.code === "unreachable"
    ? "Whether it was done is not known: the engine did not answer. Look at what is there before you try again."
    : `${notDone}: ${wordsOf(error)}`;
}
