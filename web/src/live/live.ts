import { useEffect } from "react";
import { api, ask } from "@/api/client";
import { engineClockHeard } from "@/lib/engine_clock";
import { Store, useStore } from "@/lib/store";
import { queryClient } from "@/queries";
import { credentials, signOut } from "@/session/credentials";
import { renewNow } from "@/session/renewal";
import type { EngineState, Frame, Happening } from "./frames";
import { interest, onInterest } from "./interest";
import { forgetPrices, takePrices } from "./prices";
import { type Link, Stream } from "./stream";
import { dropRow, type Row, readAllRows, readAllRowsAnew, takeRow } from "./trigger_rows";

// What the whole page shares of the one stream.
export const link = new Store<Link>({ state: "connecting" });
export const engine = new Store<EngineState | null>(null);
export const builds = new Store<{ engine: string; ui: string | null } | null>(null);
export interface Told extends Happening {
  seq: number;
  trigger: Row | null;
}
export const happenings = new Store<readonly Told[]>([]); // newest first
const HAPPENINGS_MAX = 100;

function remember(told: Told) {
  const known = happenings.get();
  // The frames of one event share its number.
  if (known.some((one) => one.seq === told.seq)) return;
  happenings.set([told, ...known].slice(0, HAPPENINGS_MAX));
}

// Whether a row is watched is not part of its version: it changes with the engine and with the sessions.
const watchWords = ({ status, reasons, open }: EngineState) => JSON.stringify([status, reasons, open]);

function takeEngine(next: EngineState) {
  const before = engine.get();
  engine.set(next);
  if (!before || watchWords(before) === watchWords(next)) return;
  void readAllRowsAnew();
  void queryClient.invalidateQueries({ queryKey: ["trigger"] });
}

// Orders come in bursts, and a burst is one new list.
const ORDERS_EVERY_MS = 500;
let ordersAreAsked = false;

function readOrdersSoon() {
  if (ordersAreAsked) return;
  ordersAreAsked = true;
  setTimeout(() => {
    ordersAreAsked = false;
    void queryClient.invalidateQueries({ queryKey: ["orders"] });
  }, ORDERS_EVERY_MS);
}

export function takeFrame(frame: Frame): void {
  switch (frame.t) {
    case "px":
      takePrices(frame.d);
      return;
    case "hello":
      engineClockHeard(frame.now);
      builds.set({ engine: frame.build, ui: frame.ui ?? null });
      takeEngine(frame.engine);
      return;
    case "hb":
      engineClockHeard(frame.now);
      return;
    case "stat":
      takeEngine(frame.d);
      return;
    case "trg": {
      const news = frame.d[0];
      if (news.gone) dropRow(news.id);
      else takeRow(news as unknown as Row);
      remember({ ...news, seq: frame.seq, trigger: news.gone ? null : (news as unknown as Row) });
      void queryClient.invalidateQueries({ queryKey: ["trigger", news.id] });
      return;
    }
    case "ord":
      readOrdersSoon();
      return;
    case "evt":
      remember({ ...frame.d[0], seq: frame.seq, trigger: null });
      void queryClient.invalidateQueries({ queryKey: ["brokers"] });
      return;
    default:
      return;
  }
}

// Where only the stream is missing (a proxy that knows no WebSocket, a sixth tab), everything is read again and again.
const POLL_MS = 5_000;
let polling: ReturnType<typeof setInterval> | undefined;

async function poll() {
  void readAllRows();
  void queryClient.invalidateQueries({ queryKey: ["trigger"] });
  try {
    takeEngine(await ask(api.GET("/functions/v1/hmt-trigger-engine/health")));
  } catch {
    // The next try for a stream will tell.
  }
}

function takeLink(next: Link) {
  const before = link.get();
  link.set(next);
  clearInterval(polling);
  polling = undefined;
  if (next.state === "lost" && next.answered) {
    forgetPrices();
    void poll();
    polling = setInterval(() => void poll(), POLL_MS);
  }
  if (next.state === "live" && before.state === "lost") {
    // Events are told again; whether rows are watched is no event.
    void readAllRows();
    void queryClient.invalidateQueries({ queryKey: ["trigger"] });
  }
}

const RENEWED_FIRST = "Its sign-in has run out, and the new one is being asked for";
const SIGN_IN_AGAIN = "Your sign-in has ended. Sign in again: triggers are watched on the host meanwhile.";

let stream: Stream | null = null;
export const retryNow = () => stream?.retryNow();

function socketAddress(path: string): string {
  const { protocol, host } = window.location;
  return `${protocol === "https:" ? "wss" : "ws"}://${host}${path}`;
}

// The engine ends a stream with the token that it was opened with. Most often a newer one is here by then; where none
// comes yet, because its issuer is away, the screen says that it is cut off, and stays.
async function signInAgain(ended: Stream, openedWith: string | undefined) {
  if (credentials.get()?.token === openedWith) {
    takeLink({ state: "lost", since: Date.now(), because: RENEWED_FIRST, retryAt: null, answered: false });
    if (!(await renewNow())) {
      if (credentials.get()?.token === openedWith) signOut(SIGN_IN_AGAIN);
      return;
    }
  }
  ended.retryNow();
}

// Mounted once, by the shell.
export function useLiveStream(): void {
  useEffect(() => {
    let openedWith: string | undefined;
    const mine = new Stream(
      {
        ticket: async () => {
          openedWith = credentials.get()?.token;
          return (await ask(api.POST("/api/v1/stream-ticket"))).ticket;
        },
        open: (path) => new WebSocket(socketAddress(path)),
        onFrame: takeFrame,
        onLink: takeLink,
        onFresh: () => {
          void readAllRows();
          void queryClient.invalidateQueries();
        },
        onRefused: () => {
          void signInAgain(mine, openedWith);
        },
      },
      () => (document.hidden ? [] : interest()),
    );
    stream = mine;
    const subscribe = () => mine.subscribe();
    onInterest(subscribe);
    document.addEventListener("visibilitychange", subscribe);
    window.addEventListener("online", retryNow);
    mine.start();
    return () => {
      mine.stop();
      clearInterval(polling);
      stream = null;
      onInterest(null);
      document.removeEventListener("visibilitychange", subscribe);
      window.removeEventListener("online", retryNow);
    };
  }, []);
}

export const useLink = () => useStore(link);
export const useEngine = () => useStore(engine);
export const useHappenings = () => useStore(happenings);
