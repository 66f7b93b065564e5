import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test as base, expect, type Page } from "@playwright/test";

// The real program and the simulated broker, in processes of their own; prices move only when a test says so.
const binary = resolve(process.env.HMT_BINARY ?? join(import.meta.dirname, "../../build/dev/hmt"));
export const TOKEN = "screens-admin-token-0123456789";
const SOON_MS = 20_000;

export async function until<T>(
  look: () => Promise<T> | T,
  what: string,
  withinMs = SOON_MS,
): Promise<NonNullable<T>> {
  const end = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen) return seen as NonNullable<T>;
    if (Date.now() > end) throw new Error(`waited ${withinMs} ms for: ${what}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const address = server.address();
  await new Promise((done) => server.close(done));
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

class Program {
  readonly child: ChildProcess;
  private log: string;

  constructor(args: string[], environment: Record<string, string>, folder: string, name: string) {
    this.log = join(folder, `${name}.log`);
    const passed = Object.fromEntries(
      Object.entries(process.env).filter(([key]) => ["PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS"].includes(key)),
    );
    this.child = spawn(binary, args, { env: { ...passed, HOME: folder, ...environment }, cwd: folder });
    for (const out of [this.child.stdout, this.child.stderr])
      out?.on("data", (chunk: Buffer) => appendFileSync(this.log, chunk));
    appendFileSync(this.log, "");
  }

  text(): string {
    return readFileSync(this.log, "utf8");
  }

  address(): Promise<string> {
    return until(() => {
      if (this.child.exitCode !== null) throw new Error(`it ended before it listened:\n${this.text()}`);
      return /"event":"listening".*?"address":"([^"]+)"/.exec(this.text())?.[1];
    }, "the line that says where it listens");
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((done) => this.child.once("exit", done));
    this.child.kill(signal);
    await ended;
  }
}

export class World {
  readonly folder = mkdtempSync(join(tmpdir(), "hmt-screens-"));
  private sim: Program | undefined;
  private engine: Program | undefined;
  private simAddress = "";
  private runs = 0;
  address = "";
  environment: Record<string, string> = {};
  token = TOKEN; // of the one who sets things up

  static async start(environment: Record<string, string> = {}, simArguments: string[] = []): Promise<World> {
    const world = new World();
    world.environment = environment;
    await world.startSim(simArguments);
    world.address = `127.0.0.1:${await freePort()}`;
    return world;
  }

  private async startSim(more: string[]): Promise<void> {
    const args = ["sim", "--listen", "127.0.0.1:0", "--price-interval-ms", "50", "--still", ...more];
    this.sim = new Program(args, {}, this.folder, "sim");
    this.simAddress = await this.sim.address();
  }

  settings(): Record<string, string> {
    const all: Record<string, string> = {
      HMT_DATABASE_URL: `sqlite:${join(this.folder, "hmt.db")}`,
      HMT_LISTEN: this.address,
      HMT_SESSIONS: "always",
      HMT_ADMIN_TOKEN: TOKEN,
      HMT_LOG_FORMAT: "json",
      KITE_API_KEY: "simkey",
      KITE_API_SECRET: "simsecret",
      KITE_ACCESS_TOKEN: "simtoken",
      KITE_API_URL: `http://${this.simAddress}`,
      KITE_TICKER_URL: `ws://${this.simAddress}`,
      KITE_LOGIN_URL: `http://${this.simAddress}/connect/login`,
      ...this.environment,
    };
    return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ""));
  }

  // `hmt migrate` and then SQL straight into the file, for what would take long through the API.
  writeRows(sql: string): void {
    execFileSync(binary, ["migrate"], {
      env: { PATH: process.env.PATH, ...this.settings() },
      cwd: this.folder,
    });
    execFileSync("sqlite3", [join(this.folder, "hmt.db")], { input: sql });
  }

  async startEngine(): Promise<void> {
    this.engine = new Program(["serve"], this.settings(), this.folder, `engine-${++this.runs}`);
    await this.engine.address();
  }

  // Ten thousand rows of a build with sanitizers take their time on a busy machine.
  async waitRunning(): Promise<void> {
    await until(async () => (await this.health()).status === "running", "the engine runs", 60_000);
  }

  kill(): Promise<void> {
    return this.engine?.end("SIGKILL") ?? Promise.resolve();
  }

  async close(): Promise<void> {
    await this.engine?.end("SIGKILL");
    await this.sim?.end("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  logs(): string {
    return this.engine?.text().split("\n").slice(-30).join("\n") ?? "";
  }

  async control(path: string, body: unknown = {}): Promise<void> {
    const answer = await fetch(`http://${this.simAddress}/sim/${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`/sim/${path}: ${answer.status} ${await answer.text()}`);
  }

  // The broker's own list of what is traded today, as CSV.
  async instruments(): Promise<Record<string, string>[]> {
    const answer = await fetch(`http://${this.simAddress}/instruments`, {
      headers: { Authorization: "token simkey:simtoken" },
    });
    const [head = [], ...rows] = (await answer.text())
      .trim()
      .split("\n")
      .map((line) => line.split(","));
    return rows.map((row) => Object.fromEntries(head.map((name, index) => [name, row[index] ?? ""])));
  }

  price(symbol: string, price: string): Promise<void> {
    return this.control("price", { instrument: `NSE:${symbol}`, price });
  }

  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of all kinds
  async api(method: string, path: string, body?: unknown): Promise<any> {
    const answer = await fetch(`http://${this.address}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${this.token}`,
        ...(body ? { "Content-Type": "application/json" } : {}),
      },
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  health() {
    return this.api("GET", "/functions/v1/hmt-trigger-engine/health");
  }

  trigger(id: string) {
    return this.api("GET", `/api/v1/triggers/${id}`);
  }

  // A SELL of INFY with stop-loss and target unless said otherwise; watched when it returns.
  async arm(fields: Record<string, unknown> = {}) {
    const row = await this.api("POST", "/api/v1/triggers", {
      exchange: "NSE",
      trading_symbol: "INFY",
      condition_type: "two-leg",
      transaction_type: "SELL",
      product_type_1: "CNC",
      trigger_price_1: "1500",
      order_price_1: "1497",
      quantity_1: 10,
      product_type_2: "CNC",
      trigger_price_2: "1650",
      order_price_2: "1647",
      quantity_2: 10,
      ...fields,
    });
    await until(async () => (await this.trigger(row.id)).monitored, "the trigger is watched");
    return row;
  }

  url(path = "/"): string {
    return `http://${this.address}${path}`;
  }

  // As the link that `hmt demo` prints does it.
  async signIn(page: Page, path = "/"): Promise<void> {
    await page.goto(this.url(`${path}#token=${this.token}`));
    await expect(page.getByRole("button", { name: /^Engine: Running/ })).toBeVisible();
  }
}

// Every test gets a world that runs; one that fails tells the engine's last words.
export const test = base.extend<{ world: World }>({
  // biome-ignore lint/correctness/noEmptyPattern: the runner wants it so
  world: async ({}, use, info) => {
    const world = await World.start();
    await world.startEngine();
    await world.waitRunning();
    await world.price("INFY", "1572");
    await use(world);
    if (info.status !== info.expectedStatus) console.log(world.logs());
    await world.close();
  },
});

// A page that complains in its console is broken, whatever it shows.
export function complaintsOf(page: Page): string[] {
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    // A refused or broken connection is logged by the browser itself; tests cause these on purpose.
    if (message.type() === "error" && !/Failed to load resource|WebSocket connection/.test(message.text()))
      complaints.push(message.text());
  });
  return complaints;
}

export { expect };
