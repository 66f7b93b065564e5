import { CLOSE_READ_AFRESH, CLOSE_SIGN_IN_AGAIN, type Frame } from "./frames";

// One stream of one page: opens it, notices when it is dead, opens it again and asks for what was missed. It knows
// nothing of what the frames mean to the screen.
export type Link =
  | { state: "connecting" }
  | { state: "live" }
  // `answered`: the engine does answer requests; it is the stream alone that does not come about.
  // `retryAt`: null while something else has to happen first.
  | { state: "lost"; since: number; because: string; retryAt: number | null; answered: boolean };

export interface StreamDoors {
  ticket(): Promise<string>;
  open(path: string): WebSocket;
  onFrame(frame: Frame): void;
  onLink(link: Link): void;
  onFresh(): void; // everything that was read before may be out of date
  onRefused(): void; // sign in again, then `retryNow`
}

const SILENCE_MS = 5_000; // the engine's heart beats every second
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

export class Stream {
  private socket: WebSocket | null = null;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private lastHeard = 0;
  private seen: number | null = null;
  private failures = 0;
  private lostSince = 0;
  private closed = false;
  private asking = false; // for a ticket
  private greeted = false; // by a hello on the connection of the moment
  private sent = "";

  constructor(
    private doors: StreamDoors,
    private tokens: () => number[],
  ) {}

  start(): void {
    this.doors.onLink({ state: "connecting" });
    void this.connect();
  }

  stop(): void {
    this.closed = true;
    clearTimeout(this.timer);
    this.socket?.close();
  }

  // The user, or the browser's network, says that now is a good time.
  retryNow(): void {
    if (this.closed || this.socket) return;
    clearTimeout(this.timer);
    void this.connect();
  }

  subscribe(): void {
    const frame = JSON.stringify({ t: "sub", px: this.tokens(), ch: ["trg", "ord", "stat"] });
    if (frame === this.sent || this.socket?.readyState !== WebSocket.OPEN) return;
    this.sent = frame;
    this.socket.send(frame);
  }

  private async connect() {
    if (this.asking) return;
    let ticket: string;
    this.asking = true;
    try {
      ticket = await this.doors.ticket();
    } catch (error) {
      if (!this.closed) this.failed(error instanceof Error ? error.message : String(error), false);
      return;
    } finally {
      this.asking = false;
    }
    if (this.closed) return;
    const resume = this.seen === null ? "" : `&resume=${this.seen}`;
    const socket = this.doors.open(`/api/v1/stream?ticket=${encodeURIComponent(ticket)}${resume}`);
    this.socket = socket;
    this.lastHeard = Date.now();
    let because = "The live connection was cut";
    this.greeted = false;
    socket.onmessage = (message) => this.heard(String(message.data));
    socket.onclose = (event) => {
      clearTimeout(this.timer);
      this.socket = null;
      if (!this.closed) this.ended(event.code, event.reason || because);
    };
    const watch = () => {
      if (Date.now() - this.lastHeard > SILENCE_MS) {
        because = "The live connection went silent";
        // A dead peer never answers the closing handshake, so its end is not waited for.
        const end = socket.onclose;
        socket.onclose = null;
        socket.close();
        end?.call(socket, new CloseEvent("close", { code: 1006 }));
        return;
      }
      this.timer = setTimeout(watch, 1_000);
    };
    this.timer = setTimeout(watch, 1_000);
  }

  private heard(text: string) {
    this.lastHeard = Date.now();
    const frame = JSON.parse(text) as Frame;
    if (frame.t === "hello") {
      this.greeted = true;
      this.failures = 0;
      this.lostSince = 0;
      this.sent = "";
      if (this.seen === null) {
        this.seen = frame.seq;
        this.doors.onFresh();
      }
      this.doors.onLink({ state: "live" });
      this.doors.onFrame(frame);
      this.subscribe();
      return;
    }
    if ("seq" in frame) this.seen = Math.max(this.seen ?? 0, frame.seq);
    this.doors.onFrame(frame);
  }

  private ended(code: number, because: string) {
    if (code === CLOSE_SIGN_IN_AGAIN) {
      this.doors.onRefused();
      return;
    }
    if (code === CLOSE_READ_AFRESH) this.seen = null;
    // A stream that was there and is cut may mean that the engine is gone: the next try for a ticket tells.
    this.failed(because, !this.greeted);
  }

  private failed(because: string, answered: boolean) {
    this.failures += 1;
    this.lostSince ||= Date.now();
    const wait =
      Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1)) * (0.7 + 0.6 * Math.random());
    this.doors.onLink({
      state: "lost",
      since: this.lostSince,
      because,
      retryAt: Date.now() + wait,
      answered,
    });
    this.timer = setTimeout(() => void this.connect(), wait);
  }
}
