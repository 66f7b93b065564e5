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
  hold(row, 2 * LOOKS_MAX);
  publishSoon();
}

// What this page wrote itself is seen at once: the next key may be about it.
export function takeWritten(row: Row): void {
  takeRow(row);
  const { state, problem } = triggerRows.get();
  publish(state, problem);
}

// What a page has read by itself may know newer than the list does whether the row is watched.
export function takeRead(row: Row): void {
  if (!held.has(row.id)) return;
  hold(row);
  publishSoon();
}

function hold(row: Row, looksMax = LOOKS_MAX) {
  const before = held.get(row.id);
  if (before && before.version > row.version) return;
  held.set(row.id, row);
  if (isUnwatched(row)) lookAgain(row.id, FIRST_LOOK_MS, looksMax);
}

// A new row is stored before the engine watches it, and one without a price is watched from the first one on: no event
// tells of either. So those that are not watched are looked at again, ever more seldom: a few one by one, of which half
// the places are for what was just written or told, and where they are more, all armed ones page by page. When the
// engine's own state or the sessions change, all are read.
const FIRST_LOOK_MS = 400;
const LAST_LOOK_MS = 30_000;
const LOOKS_MAX = 20;
const FIRST_LOOK_AT_ALL_MS = 2_000;
const LAST_LOOK_AT_ALL_MS = 60_000;
const looks = new Map<string, ReturnType<typeof setTimeout>>();
let lookingAtAll: AbortController | null = null;
const isUnwatched = (row: Row | undefined) => row?.status === "active" && !row.monitored;
// What the engine refuses it refuses again; silence and overload pass.
const mayPass = (error: unknown) =>
  error instanceof Problem && (error.status === 0 || error.status === 429 || error.status >= 500);

function lookAgain(id: string, waitMs: number, looksMax: number) {
  if (looks.has(id)) return;
  if (looks.size >= looksMax) {
    void lookAtAll();
    return;
  }
  const later = () => lookAgain(id, Math.min(LAST_LOOK_MS, waitMs * 2), looksMax);
  const look = async () => {
    try {
      const row = await ask(api.GET("/api/v1/triggers/{id}", { params: { path: { id } } }));
      looks.delete(id);
      if (!held.has(id)) return;
      if (isUnwatched(row)) later();
      hold(row);
      publishSoon();
    } catch (error) {
      looks.delete(id);
      if (held.has(id) && mayPass(error)) later();
    }
  };
  looks.set(
    id,
    setTimeout(() => void look(), waitMs),
  );
}

async function lookAtAll(): Promise<void> {
  if (lookingAtAll) return;
  const mine = new AbortController();
  lookingAtAll = mine;
  let left = true;
  for (let waitMs = FIRST_LOOK_AT_ALL_MS; left; waitMs = Math.min(LAST_LOOK_AT_ALL_MS, waitMs * 2)) {
    await new Promise((done) => setTimeout(done, waitMs));
    if (mine.signal.aborted) return;
    try {
      await readPages({ status: "active" }, takeChanged, mine.signal);
      left = [...held.values()].some((row) => isUnwatched(row) && !looks.has(row.id));
    } catch (error) {
      left = mayPass(error);
    }
    if (mine.signal.aborted) return;
  }
  lookingAtAll = null;
}

// Of thousands of rows hardly any has changed: the others are not drawn anew.
function takeChanged(rows: readonly Row[]) {
  for (const row of rows) {
    const before = held.get(row.id);
    const same =
      before?.version === row.version &&
      before.monitored === row.monitored &&
      before.not_monitored_reason === row.not_monitored_reason;
    if (!same) takeRead(row);
  }
}

function stopLooking() {
  for (const timer of looks.values()) clearTimeout(timer);
  looks.clear();
  lookingAtAll?.abort();
  lookingAtAll = null;
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

async function readPages(
  query: { status?: "active" },
  take: (rows: readonly Row[], isLast: boolean) => void,
  signal: AbortSignal,
): Promise<void> {
  let cursor: string | null = null;
  do {
    const page: { triggers: Row[]; next_cursor: string | null } = await ask(
      api.GET("/api/v1/triggers", {
        params: { query: { limit: 1000, ...query, ...(cursor ? { cursor } : {}) } },
        signal,
      }),
    );
    cursor = page.next_cursor;
    take(page.triggers, cursor === null);
  } while (cursor);
}

export async function readAllRows(): Promise<void> {
  reading?.abort();
  const mine = new AbortController();
  reading = mine;
  const seen = new Set<string>();
  toldMeanwhile = new Set();
  try {
    await readPages(
      {},
      (rows, isLast) => {
        for (const row of rows) {
          seen.add(row.id);
          if (!gone.has(row.id)) hold(row);
        }
        if (triggerRows.get().state !== "ready") publish(isLast ? "ready" : "loading");
      },
      mine.signal,
    );
    if (mine.signal.aborted) return;
    // What neither the pages nor the stream know was deleted while this page was cut off.
    for (const id of held.keys()) if (!seen.has(id) && !toldMeanwhile.has(id)) held.delete(id);
    publish("ready");
  } catch (error) {
    if (mine.signal.aborted) return;
    publish("failed", error instanceof Problem ? error : new Problem(0, "internal", String(error), null));
  }
}

// What decides whether rows are watched has changed: what was to be looked at in half a minute is read now, and a read
// that fails does not leave all as they were.
export async function readAllRowsAnew(): Promise<void> {
  stopLooking();
  await readAllRows();
  if (triggerRows.get().state === "failed") void lookAtAll();
}

export function forgetRows(): void {
  reading?.abort();
  stopLooking();
  clearTimeout(publishing);
  publishing = undefined;
  held.clear();
  gone.clear();
  triggerRows.set({ rows: [], state: "loading", problem: null });
}
