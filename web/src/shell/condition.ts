import type { EngineState } from "@/live/frames";
import type { Link } from "@/live/stream";

// How things stand, in one word. Three failures that must never be mistaken for one another: this browser is cut
// off (the engine may be well), the engine does not run, or it runs and its prices do not come.
export type Condition =
  | { kind: "connecting"; word: string }
  | { kind: "cut-off"; word: string }
  | { kind: "polled"; word: string } // the engine answers, and only the live stream does not come about
  | { kind: "stopped"; word: string }
  | { kind: "starting"; word: string }
  | { kind: "no-feed"; word: string }
  | { kind: "degraded"; word: string }
  | { kind: "running"; word: string };

export function conditionOf(link: Link, engine: EngineState | null): Condition {
  if (link.state === "lost" && !link.answered) return { kind: "cut-off", word: "No link to the engine" };
  if (!engine) return { kind: "connecting", word: "Connecting…" };
  switch (engine.status) {
    case "stopped":
      return { kind: "stopped", word: "Stopped" };
    case "starting":
      return { kind: "starting", word: "Starting…" };
    default:
      if (engine.stats && engine.stats.websocket_status !== "connected")
        return { kind: "no-feed", word: "No prices" };
      if (link.state === "lost") return { kind: "polled", word: "No live stream" };
      return engine.status === "degraded"
        ? { kind: "degraded", word: "Degraded" }
        : { kind: "running", word: "Running" };
  }
}

// Old prices are shown as old.
export const pricesAreOld = (condition: Condition): boolean =>
  ["cut-off", "polled", "stopped", "no-feed", "connecting"].includes(condition.kind);
