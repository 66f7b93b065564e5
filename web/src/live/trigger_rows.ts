import { api, ask, Problem, type Trigger } from "@/api/client";
import { Store } from "@/lib/store";

// All triggers of the user: read page by page once, then kept true by the stream. A row is taken only when it is not
// older than the one that is held, so it does not matter whether the page or the event comes first.
export type Row = Trigger;

export interface TriggerRows {
  rows: readonly Row[]; // newest first
  state: "loading" | "ready" | "failed";
  problem: Problem | null;
}

export const triggerRows = new Store<TriggerRows>({ rows: [], state: "loading", problem: null });

const held = new Map<string, Row>();
const gone = new Set<string>();
let toldMeanwhile = new Set<string>(); // by the stream, while the pages are being read
let reading: AbortController | null = null;
let publishing: ReturnType<typeof setTimeout> | undefined;

export function takeRow(row: Row): void {
  gone.delete(row.id);
  toldMeanwhile.add(row.id);
  hold(row);
  publishSoon();
}

// What this page wrote itself is seen at once: the next key may be about it.
export function takeWritten(row: Row): void {
  takeRow(row);
  const { state, problem } = triggerRows.get();
  publish(state, problem);
}

function hold(row: Row) {
  const before = held.get(row.id);
  if (before && before.version > row.version) return;
  held.set(row.id, row);
  if (isUnwatched(row)) lookAgain(row.id, FIRST_LOOK_MS);
}

// A new row is stored before the engine watches it, and no event tells when it does. So a few of those that are not
// watched are looked at again, ever more seldom; when the engine's own state changes, all are read.
const FIRST_LOOK_MS = 400;
const LAST_LOOK_MS = 30_000;
const LOOKS_MAX = 20;
const looks = new Map<string, ReturnType<typeof setTimeout>>();
const isUnwatched = (row: Row | undefined) => row?.status === "active" && !row.monitored;

function lookAgain(id: string, waitMs: number) {
  if (looks.has(id) || looks.size >= LOOKS_MAX) return;
  const look = async () => {
    try {
      const row = await ask(api.GET("/api/v1/triggers/{id}", { params: { path: { id } } }));
      looks.delete(id);
      if (!held.has(id)) return;
      if (isUnwatched(row)) lookAgain(id, Math.min(LAST_LOOK_MS, waitMs * 2));
      hold(row);
      publishSoon();
    } catch {
      looks.delete(id);
    }
  };
  looks.set(
    id,
    setTimeout(() => void look(), waitMs),
  );
}

export function dropRow(id: string): void {
  gone.add(id);
  toldMeanwhile.add(id);
  if (held.delete(id)) publishSoon();
}

const newestFirst = (a: Row, b: Row) =>
  a.created_at < b.created_at ? 1 : a.created_at > b.created_at ? -1 : 0;

function publish(state: TriggerRows["state"], problem: Problem | null = null) {
  triggerRows.set({ rows: [...held.values()].sort(newestFirst), state, problem });
}

// A burst of events is one new list.
function publishSoon() {
  if (publishing) return;
  publishing = setTimeout(() => {
    publishing = undefined;
    const { state, problem } = triggerRows.get();
    publish(state, problem);
  }, 50);
}

export async function readAllRows(): Promise<void> {
  reading?.abort();
  const mine = new AbortController();
  reading = mine;
  const seen = new Set<string>();
  toldMeanwhile = new Set();
  try {
    let cursor: string | null = null;
    do {
      const page: { triggers: Row[]; next_cursor: string | null } = await ask(
        api.GET("/api/v1/triggers", {
          params: { query: { limit: 1000, ...(cursor ? { cursor } : {}) } },
          signal: mine.signal,
        }),
      );
      for (const row of page.triggers) {
        seen.add(row.id);
        if (!gone.has(row.id)) hold(row);
      }
      cursor = page.next_cursor;
      if (triggerRows.get().state !== "ready") publish(cursor ? "loading" : "ready");
    } while (cursor);
    if (mine.signal.aborted) return;
    // What neither the pages nor the stream know was deleted while this page was cut off.
    for (const id of held.keys()) if (!seen.has(id) && !toldMeanwhile.has(id)) held.delete(id);
    publish("ready");
  } catch (error) {
    if (mine.signal.aborted) return;
    publish("failed", error instanceof Problem ? error : new Problem(0, "internal", String(error), null));
  }
}

export function forgetRows(): void {
  reading?.abort();
  for (const timer of looks.values()) clearTimeout(timer);
  looks.clear();
  clearTimeout(publishing);
  publishing = undefined;
  held.clear();
  gone.clear();
  triggerRows.set({ rows: [], state: "loading", problem: null });
}
