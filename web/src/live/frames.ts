import type { Attempt, Health, Trigger } from "@/api/client";
import type { PxEntry } from "./prices";

// What the engine's stream says (src/api/README.md, "Stream").
export type EngineState = Pick<Health, "status" | "stats" | "reasons" | "open" | "lease_epoch">;

export interface Happening {
  event: string;
  severity: "info" | "warning" | "alarm";
  actor: string;
  at: string;
  detail: Record<string, string>;
}

export type TriggerNews = Happening & { id: string; gone?: boolean } & Partial<Trigger>;
export type OrderNews = Happening & { tag: string; trigger_id: string; order: Attempt | null };

export type Frame =
  | { t: "hello"; build: string; ui?: string; sid: string; seq: number; now: number; engine: EngineState }
  | { t: "px"; d: PxEntry[] }
  | { t: "trg"; seq: number; d: [TriggerNews] }
  | { t: "ord"; seq: number; d: [OrderNews] }
  | { t: "evt"; seq: number; d: [Happening] }
  | { t: "stat"; d: EngineState }
  | { t: "hb"; now: number }
  | { t: "resumed"; seq: number }
  | { t: "error"; error: { code: string; message: string; field: string | null } };

export const CLOSE_READ_AFRESH = 4001;
export const CLOSE_SIGN_IN_AGAIN = 4003;
