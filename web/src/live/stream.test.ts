import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Frame } from "./frames";
import { type Link, Stream } from "./stream";

// A socket that the test plays the engine on.
class Played {
  static all: Played[] = [];
  readyState = 1;
  sent: string[] = [];
  onmessage: ((event: { data: string }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  constructor(readonly path: string) {
    Played.all.push(this);
  }
  send(text: string) {
    this.sent.push(text);
  }
  close() {
    this.readyState = 3;
  }
  say(frame: unknown) {
    this.onmessage?.({ data: JSON.stringify(frame) });
  }
  end(code: number, reason = "") {
    this.onclose?.({ code, reason });
  }
}

const hello = (seq: number) => ({
  t: "hello",
  build: "b",
  sid: "s",
  seq,
  now: 0,
  engine: { status: "running" },
});

let links: Link[];
let frames: Frame[];
let fresh: number;
let refused: number;
let tokens: number[];
let stream: Stream;

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, "random").mockReturnValue(0.5);
  Played.all = [];
  links = [];
  frames = [];
  fresh = 0;
  refused = 0;
  tokens = [408065];
  stream = new Stream(
    {
      ticket: async () => "a ticket",
      open: (path) => new Played(path) as unknown as WebSocket,
      onFrame: (frame) => frames.push(frame),
      onLink: (link) => links.push(link),
      onFresh: () => {
        fresh += 1;
      },
      onRefused: () => {
        refused += 1;
      },
    },
    () => tokens,
  );
});
afterEach(() => {
  stream.stop();
  vi.useRealTimers();
  vi.restoreAllMocks();
});

const latest = () => Played.all.at(-1) as Played;
const begin = async () => {
  stream.start();
  await vi.advanceTimersByTimeAsync(0);
};

it("reads afresh when it begins, and asks for its prices", async () => {
  await begin();
  expect(latest().path).toBe("/api/v1/stream?ticket=a%20ticket");
  latest().say(hello(812));
  expect(fresh).toBe(1);
  expect(links.at(-1)?.state).toBe("live");
  expect(JSON.parse(latest().sent[0] ?? "")).toEqual({ t: "sub", px: [408065], ch: ["trg", "ord", "stat"] });
});

it("says the same subscription once", async () => {
  await begin();
  latest().say(hello(1));
  stream.subscribe();
  expect(latest().sent.length).toBe(1);
  tokens = [1];
  stream.subscribe();
  expect(latest().sent.length).toBe(2);
});

it("comes back after a cut with what was missed, and reads nothing again", async () => {
  await begin();
  latest().say(hello(812));
  latest().say({ t: "trg", seq: 820, d: [{ id: "x" }] });
  latest().end(1006);
  expect(links.at(-1)).toMatchObject({
    state: "lost",
    because: "The live connection was cut",
    answered: false,
  });
  await vi.advanceTimersByTimeAsync(500);
  expect(latest().path).toBe("/api/v1/stream?ticket=a%20ticket&resume=820");
  latest().say(hello(830));
  expect(fresh).toBe(1);
  expect(links.at(-1)?.state).toBe("live");
});

it("reads afresh when the engine says that too much was missed", async () => {
  await begin();
  latest().say(hello(812));
  latest().end(4001, "read afresh");
  await vi.advanceTimersByTimeAsync(600);
  expect(latest().path).not.toContain("resume");
  latest().say(hello(9000));
  expect(fresh).toBe(2);
});

it("gives up the sign-in when the engine refuses it, and does not knock again", async () => {
  await begin();
  latest().say(hello(1));
  latest().end(4003);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(refused).toBe(1);
  expect(Played.all.length).toBe(1);
});

it("notices within seconds that nothing comes any more", async () => {
  await begin();
  latest().say(hello(1));
  await vi.advanceTimersByTimeAsync(4_000);
  latest().say({ t: "hb", now: 1 });
  await vi.advanceTimersByTimeAsync(4_000);
  expect(links.at(-1)?.state).toBe("live");
  await vi.advanceTimersByTimeAsync(3_000);
  expect(links.find((link) => link.state === "lost")).toMatchObject({
    because: "The live connection went silent",
  });
});

it("waits longer each time, and no longer than a quarter of a minute", async () => {
  await begin();
  const waits: number[] = [];
  for (let i = 0; i < 9; ++i) {
    latest().end(1006);
    const link = links.at(-1);
    if (link?.state !== "lost" || link.retryAt === null) throw new Error("it is not tried again");
    const wait = link.retryAt - Date.now();
    waits.push(wait);
    await vi.advanceTimersByTimeAsync(wait);
  }
  expect(waits.slice(0, 4)).toEqual([500, 1_000, 2_000, 4_000]);
  expect(Math.max(...waits)).toBe(15_000);
});

it("tells a stream that never comes about from an engine that does not answer", async () => {
  await begin();
  latest().end(1006);
  expect(links.at(-1)).toMatchObject({ state: "lost", answered: true });
});

it("tries at once when it is asked to", async () => {
  await begin();
  latest().say(hello(1));
  for (let i = 0; i < 6; ++i) {
    latest().end(1006);
    await vi.advanceTimersByTimeAsync(20_000);
  }
  latest().end(1006);
  const before = Played.all.length;
  stream.retryNow();
  await vi.advanceTimersByTimeAsync(0);
  expect(Played.all.length).toBe(before + 1);
});
