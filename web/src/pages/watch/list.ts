import { Store } from "@/lib/store";

// The user's own list of instruments, kept in this browser. Those of armed triggers are there without being asked.
const KEY = "hmt.watch";
export const WATCH_MAX = 200;

function read(): number[] {
  try {
    const held = JSON.parse(localStorage.getItem(KEY) ?? "[]") as unknown;
    return Array.isArray(held) ? held.filter((one) => Number.isSafeInteger(one)) : [];
  } catch {
    return [];
  }
}

export const watched = new Store<readonly number[]>(read());

function write(next: readonly number[]) {
  localStorage.setItem(KEY, JSON.stringify(next));
  watched.set(next);
}

export function addToWatch(token: number): void {
  const known = watched.get();
  if (!known.includes(token) && known.length < WATCH_MAX) write([...known, token]);
}

export const removeFromWatch = (token: number): void => write(watched.get().filter((one) => one !== token));

export function moveInWatch(token: number, by: -1 | 1): void {
  const next = [...watched.get()];
  const at = next.indexOf(token);
  const to = at + by;
  if (at < 0 || to < 0 || to >= next.length) return;
  next.splice(at, 1);
  next.splice(to, 0, token);
  write(next);
}
