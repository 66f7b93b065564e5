import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { row } from "@/test_rows";
import {
  dropRow,
  forgetRows,
  readAllRows,
  readAllRowsAnew,
  takeRead,
  takeRow,
  takeWritten,
  triggerRows,
} from "./trigger_rows";

const json = (body: unknown) =>
  new Response(JSON.stringify(body), { status: 200, headers: { "Content-Type": "application/json" } });
const ids = () => triggerRows.get().rows.map((one) => one.id);

let answers: Record<string, () => Response>;

beforeEach(() => {
  vi.useFakeTimers();
  forgetRows();
  answers = {};
  vi.stubGlobal("fetch", async (request: Request) => {
    const { pathname, search } = new URL(request.url);
    const answer = answers[pathname + search] ?? answers[pathname];
    if (!answer) throw new TypeError("no answer");
    return answer();
  });
});
afterEach(() => {
  forgetRows();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const page = (rows: unknown[], next: string | null = null) => json({ triggers: rows, next_cursor: next });

it("reads page after page", async () => {
  answers["/api/v1/triggers?limit=1000"] = () => page([row({ id: "a" })], "more");
  answers["/api/v1/triggers?limit=1000&cursor=more"] = () => page([row({ id: "b" })]);
  await readAllRows();
  expect(ids().sort()).toEqual(["a", "b"]);
  expect(triggerRows.get().state).toBe("ready");
});

it("keeps the newer of two versions, whichever comes first", async () => {
  answers["/api/v1/triggers"] = () => page([row({ id: "a", version: 3 })]);
  takeRow(row({ id: "a", version: 5, status: "triggered" }));
  await readAllRows();
  expect(triggerRows.get().rows[0]?.version).toBe(5);
  takeRow(row({ id: "a", version: 4 }));
  vi.advanceTimersByTime(100);
  expect(triggerRows.get().rows[0]?.version).toBe(5);
});

it("forgets what was deleted while it was cut off, and nothing that came meanwhile", async () => {
  answers["/api/v1/triggers"] = () => page([row({ id: "a" }), row({ id: "b" })]);
  await readAllRows();
  answers["/api/v1/triggers"] = () => {
    takeRow(row({ id: "new" }));
    return page([row({ id: "a" })]);
  };
  await readAllRows();
  expect(ids().sort()).toEqual(["a", "new"]);
});

it("does not bring back a row whose deletion was told before its page came", async () => {
  answers["/api/v1/triggers"] = () => {
    dropRow("a");
    return page([row({ id: "a" })]);
  };
  await readAllRows();
  expect(ids()).toEqual([]);
});

it("says that it could not be read, and keeps what it has", async () => {
  takeWritten(row({ id: "a" }));
  await readAllRows();
  expect(triggerRows.get().state).toBe("failed");
  expect(triggerRows.get().problem?.code).toBe("unreachable");
  expect(ids()).toEqual(["a"]);
});

it("looks again at a row that is not watched yet, ever more seldom, until it is", async () => {
  const asked: number[] = [];
  answers["/api/v1/triggers/a"] = () => {
    asked.push(Date.now());
    return json(row({ id: "a", monitored: asked.length >= 3 }));
  };
  takeWritten(row({ id: "a", monitored: false }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked.length).toBe(3);
  expect(triggerRows.get().rows[0]?.monitored).toBe(true);
});

const unwatched = () => {
  const { rows } = triggerRows.get();
  return rows.filter((one) => !one.monitored).map((one) => one.id);
};

it("looks again at all that are not watched, however many they are", async () => {
  const many = Array.from({ length: 60 }, (_, index) => `t${index}`);
  let watched = false;
  answers["/api/v1/triggers"] = () => page(many.map((id) => row({ id, monitored: watched })));
  for (const id of many) answers[`/api/v1/triggers/${id}`] = () => json(row({ id, monitored: watched }));
  await readAllRows();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(unwatched().length).toBe(60);
  watched = true;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(unwatched()).toEqual([]);
});

it("what was just written is looked at soon, also beside many that are not watched", async () => {
  const many = Array.from({ length: 60 }, (_, index) => row({ id: `t${index}`, monitored: false }));
  answers["/api/v1/triggers"] = () => page(many);
  for (const one of many) answers[`/api/v1/triggers/${one.id}`] = () => json(one);
  await readAllRows();
  await vi.advanceTimersByTimeAsync(100_000);
  answers["/api/v1/triggers/new"] = () => json(row({ id: "new", monitored: true }));
  takeWritten(row({ id: "new", monitored: false }));
  await vi.advanceTimersByTimeAsync(1_000);
  expect(unwatched()).not.toContain("new");
});

it("a look that gets no answer is made again, and one that is refused is not", async () => {
  let asked = 0;
  answers["/api/v1/triggers/a"] = () => {
    asked += 1;
    if (asked === 1) throw new TypeError("no network");
    if (asked === 2) return new Response("{}", { status: 503 });
    return json(row({ id: "a", monitored: true }));
  };
  let refused = 0;
  answers["/api/v1/triggers/b"] = () => {
    refused += 1;
    return new Response("{}", { status: 404, headers: { "Content-Type": "application/json" } });
  };
  takeWritten(row({ id: "a", monitored: false }));
  takeWritten(row({ id: "b", monitored: false }));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(unwatched()).toEqual(["b"]);
  expect(refused).toBe(1);
});

it("when the sessions change, a read that fails does not leave the rows as they were", async () => {
  answers["/api/v1/triggers"] = () => page([row({ id: "a", monitored: true })]);
  await readAllRows();
  answers["/api/v1/triggers"] = () => new Response("{}", { status: 503 });
  await readAllRowsAnew();
  expect(unwatched()).toEqual([]);
  answers["/api/v1/triggers"] = () => page([row({ id: "a", monitored: false })]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(unwatched()).toEqual(["a"]);
});

it("a row that was read by itself replaces one of the same version, and brings no new one", () => {
  takeWritten(row({ id: "a", version: 2, monitored: true }));
  takeRead(row({ id: "a", version: 2, monitored: false, not_monitored_reason: "Its exchange is closed" }));
  takeRead(row({ id: "b" }));
  vi.advanceTimersByTime(100);
  expect(ids()).toEqual(["a"]);
  expect(triggerRows.get().rows[0]?.not_monitored_reason).toBe("Its exchange is closed");
  takeRead(row({ id: "a", version: 1, monitored: true }));
  vi.advanceTimersByTime(100);
  expect(unwatched()).toEqual(["a"]);
});

it("tells a burst of events as one new list", () => {
  let told = 0;
  const leave = triggerRows.subscribe(() => {
    told += 1;
  });
  for (let i = 0; i < 500; ++i) takeRow(row({ id: `t${i}` }));
  vi.advanceTimersByTime(100);
  leave();
  expect(told).toBe(1);
  expect(triggerRows.get().rows.length).toBe(500);
});
