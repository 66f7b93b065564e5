import { useState } from "react";
import { api, ask, Problem } from "@/api/client";
import { standingOf } from "@/components/badge";
import { Confirm } from "@/components/dialog";
import { toast } from "@/components/toast";
import { randomKey } from "@/lib/random";
import { type Row, takeWritten } from "@/live/trigger_rows";

// Several at once, a few requests at a time; each names the version that the user saw.
const TOGETHER = 4;

async function cancelOne(row: Row): Promise<void> {
  const cancelled = await ask(
    api.DELETE("/api/v1/triggers/{id}", {
      params: {
        path: { id: row.id },
        header: { "If-Match": `"${row.version}"`, "Idempotency-Key": randomKey() },
      },
    }),
  );
  takeWritten(cancelled);
}

async function cancelAll(rows: readonly Row[]): Promise<{ done: number; refused: [Row, Error][] }> {
  const waiting = [...rows];
  const refused: [Row, Error][] = [];
  let done = 0;
  const work = async () => {
    for (let row = waiting.shift(); row; row = waiting.shift()) {
      try {
        await cancelOne(row);
        done += 1;
      } catch (error) {
        refused.push([row, error as Error]);
      }
    }
  };
  await Promise.all(Array.from({ length: TOGETHER }, work));
  return { done, refused };
}

const QUIET_MAX = 20; // more than these take long enough to say so

// What became of the trigger is worth more than what the request was refused for.
async function wordsOfRefusal(row: Row, error: Error): Promise<string> {
  const name = row.trading_symbol;
  if (!(error instanceof Problem)) return `${name} is not cancelled: ${error.message}`;
  if (error.code === "unreachable")
    return `Whether ${name} is cancelled is not known: the engine did not answer`;
  if (error.code !== "version_mismatch" && error.code !== "not_active")
    return `${name} is not cancelled: ${error.message}`;
  try {
    const now = await ask(api.GET("/api/v1/triggers/{id}", { params: { path: { id: row.id } } }));
    takeWritten(now);
    if (now.status === "cancelled") return `${name} was cancelled elsewhere already`;
    if (now.status !== "active")
      return `${name} is not cancelled: it was too late, and it is ${standingOf(now).word.toLowerCase()} now`;
  } catch {
    // What the refusal said is left.
  }
  return `${name} was changed meanwhile and is not cancelled: look at it again`;
}

export function CancelTriggers({
  rows,
  onClose,
  onDone,
}: {
  rows: readonly Row[] | null; // null: nobody asked
  onClose: () => void;
  onDone?: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const confirm = async () => {
    if (!rows || busy) return;
    setBusy(true);
    if (rows.length > QUIET_MAX)
      toast("plain", `Cancelling ${rows.length.toLocaleString("en-IN")} triggers: keep this page open`);
    const { done, refused } = await cancelAll(rows);
    setBusy(false);
    if (done > 0)
      toast(
        "good",
        done === 1 ? "1 trigger is cancelled" : `${done.toLocaleString("en-IN")} triggers are cancelled`,
      );
    for (const [row, error] of refused.slice(0, 3)) toast("bad", await wordsOfRefusal(row, error));
    if (refused.length > 3) toast("bad", `The same for ${refused.length - 3} more: look at the list again`);
    onDone?.();
  };
  const one = rows?.length === 1 ? rows[0] : null;
  return (
    <Confirm
      open={rows !== null && rows.length > 0}
      onClose={onClose}
      title={one ? `Cancel the trigger on ${one.trading_symbol}?` : `Cancel ${rows?.length ?? 0} triggers?`}
      action={one ? "Cancel trigger" : "Cancel triggers"}
      cancel="Keep"
      onConfirm={() => void confirm()}
    >
      <p>
        {one ? "It" : "They"} will not fire any more. If this was a stop-loss, the position is without it. An
        order that the broker has already is not touched.
      </p>
    </Confirm>
  );
}
