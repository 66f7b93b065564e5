import type { Instrument } from "@/api/client";
import { Button } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { formatMoment, fromLocalInput } from "@/lib/time";
import { useSession } from "@/session/who";
import type { Draft } from "./draft";
import { sentencesOf } from "./words";

// What is about to be armed, in plain words, before anything is sent.
export function Review({
  open,
  onClose,
  draft,
  instrument,
  warnings,
  editing,
  busy,
  onArm,
}: {
  open: boolean;
  onClose: () => void;
  draft: Draft;
  instrument: Instrument;
  warnings: readonly string[];
  editing: boolean;
  busy: boolean;
  onArm: () => void;
}) {
  const simulated = useSession()?.simulated ?? false;
  const pair = draft.kind === "two-leg";
  const quantity = Number(draft.quantity.replace(/,/g, "")).toLocaleString("en-IN");
  const until = draft.expires === "" ? null : fromLocalInput(draft.expires);
  return (
    <Dialog
      open={open}
      onClose={onClose}
      title={editing ? "Change this trigger?" : "Arm this trigger?"}
      footer={
        <>
          <p className="mr-auto self-center text-fg-3 text-xs max-md:hidden">
            Ctrl Enter {editing ? "saves" : "arms"}
          </p>
          <Button onClick={onClose}>Back</Button>
          <Button tone={draft.side === "BUY" ? "buy" : "sell"} disabled={busy} onClick={onArm}>
            {busy ? "Sending…" : `${editing ? "Save" : "Arm"} ${draft.side} ${quantity}`}
          </Button>
        </>
      }
    >
      <ol className="space-y-3">
        {sentencesOf(draft, instrument).map(({ when, sends }, index) => (
          <li key={when} className="rounded-md bg-hover px-3 py-2">
            {pair && <span className="block text-fg-2 text-xs">{index === 0 ? "Stop-loss" : "Target"}</span>}
            <strong>{when}</strong>, {sends}.
          </li>
        ))}
      </ol>
      <ul className="mt-3 list-disc space-y-1 pl-5 text-fg-2">
        {pair && <li>Whichever comes first fires; the other one is dropped.</li>}
        <li>It fires once. A limit order may not fill: triggered is not filled.</li>
        <li>
          Only while this engine runs and the broker's session is valid. Funds and holdings are checked by the
          broker then.
        </li>
        {until && <li>Until {formatMoment(until)}.</li>}
        {simulated && <li>The broker is simulated: no order reaches a market.</li>}
      </ul>
      {warnings.length > 0 && (
        <ul className="mt-3 list-disc space-y-1 rounded-md bg-warn-soft py-2 pr-3 pl-7 text-warn">
          {warnings.map((words) => (
            <li key={words}>{words}</li>
          ))}
        </ul>
      )}
    </Dialog>
  );
}
