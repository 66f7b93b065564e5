import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { row } from "@/test_rows";
import { dropRow, forgetRows, readAllRows, takeRow, takeWritten, triggerRows } from "./trigger_rows";

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
