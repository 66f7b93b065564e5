import { TriangleAlert } from "lucide-react";
import { useMemo, useState } from "react";
import { type Instrument, Problem } from "@/api/client";
import { Button } from "@/components/button";
import { Choice } from "@/components/choice";
import { PriceCell } from "@/components/price_cell";
import { formatPrice, maybePriceOf } from "@/lib/price";
import { useStore } from "@/lib/store";
import { useEngine } from "@/live/live";
import { triggerRows } from "@/live/trigger_rows";
import { useEngineNow } from "@/shell/now";
import { checked, type FieldName, type Findings, isTwin } from "./checks";
import { type Draft, type Ground, withSide } from "./draft";
import { Leg } from "./leg_fields";
import { More } from "./more";
import { ProductField, QuantityField } from "./order_fields";
import { Review } from "./review";
import { Stakes } from "./stakes";

export interface FormProps {
  instrument: Instrument;
  draft: Draft;
  onDraft: (next: Draft) => void;
  ground: Ground;
  editing: string | null; // the id of the trigger that is edited
  send: () => Promise<void>;
  onLeave: () => void;
}

// The form of single and two-leg triggers. Errors are told for what was touched, and for all of it once the user
// asks for the review.
export function TriggerForm({ instrument, draft, onDraft, ground, editing, send, onLeave }: FormProps) {
  const [touched, setTouched] = useState<ReadonlySet<FieldName>>(new Set());
  const [reviewing, setReviewing] = useState(false);
  const [refused, setRefused] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const now = useEngineNow(5_000);
  const findings = useMemo(() => checked(draft, ground, now), [draft, ground, now]);
  const warnings = useWarnings(draft, instrument, findings, editing);
  const pair = draft.kind === "two-leg";

  const change = (next: Draft, field?: FieldName) => {
    setRefused(null);
    if (field) setTouched((before) => new Set(before).add(field));
    onDraft(next);
  };
  const errorOf = (field: FieldName): string | undefined => {
    if (refused?.field === field) return refused.message;
    return touched.has(field) ? findings.errors[field] : undefined;
  };
  const review = () => {
    const wrong = Object.keys(findings.errors) as FieldName[];
    setTouched(new Set<FieldName>([...touched, ...wrong]));
    if (wrong.length === 0) setReviewing(true);
  };
  const arm = async () => {
    setBusy(true);
    try {
      await send();
    } catch (error) {
      setReviewing(false);
      setRefused(error instanceof Problem ? error : new Problem(0, "internal", String(error), null));
    } finally {
      setBusy(false);
    }
  };

  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        review();
      }}
      onKeyDown={(event) => {
        if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
        event.preventDefault();
        // Also pressed in the review. A key that is held down never both asks and answers.
        if (event.repeat || busy) return;
        if (reviewing) void arm();
        else review();
      }}
      className="mx-auto max-w-3xl space-y-4 p-4"
    >
      <InstrumentHead instrument={instrument} />
      <div className="grid gap-4 sm:grid-cols-2">
        <Labelled name="Side">
          <Choice
            label="Side"
            value={draft.side}
            onChange={(side) => change(withSide(draft, side, ground))}
            options={[
              { value: "BUY", label: "Buy" },
              { value: "SELL", label: "Sell" },
            ]}
            tone={(side) => (side === "BUY" ? "bg-buy-solid text-white!" : "bg-sell-solid text-white!")}
          />
        </Labelled>
        <Labelled name="Type">
          <Choice
            label="Type"
            value={draft.kind}
            onChange={(kind) => change({ ...draft, kind, fireIfCrossed: false })}
            options={[
              { value: "single", label: "Single" },
              { value: "two-leg", label: "OCO: stop + target" },
            ]}
          />
        </Labelled>
      </div>
      {!pair && (
        <Labelled name="Fires when the price">
          <Choice
            label="Fires when the price"
            value={draft.direction}
            onChange={(direction) => change({ ...draft, direction, fireIfCrossed: false })}
            options={[
              { value: "<=", label: "falls to the trigger" },
              { value: ">=", label: "rises to the trigger" },
            ]}
          />
        </Labelled>
      )}
      <Leg index={0} draft={draft} change={change} ground={ground} errorOf={errorOf} />
      {pair && <Leg index={1} draft={draft} change={change} ground={ground} errorOf={errorOf} />}
      {findings.crossed && (
        <label className="flex items-center gap-2 rounded-md bg-warn-soft px-3 py-2 text-warn">
          <input
            type="checkbox"
            checked={draft.fireIfCrossed}
            onChange={(event) => change({ ...draft, fireIfCrossed: event.target.checked })}
            className="size-4 accent-accent"
          />
          The last price has reached this level. Arm it all the same: it fires at once.
        </label>
      )}
      <div className="grid gap-4 sm:grid-cols-2">
        <QuantityField
          label={pair && draft.quantity2 !== null ? "Quantity of the stop-loss" : "Quantity"}
          value={draft.quantity}
          onChange={(quantity) => change({ ...draft, quantity }, "quantity_1")}
          error={errorOf("quantity_1")}
          lot={ground.lot}
        />
        {pair && draft.quantity2 !== null ? (
          <QuantityField
            label="Quantity of the target"
            value={draft.quantity2}
            onChange={(quantity2) => change({ ...draft, quantity2 }, "quantity_2")}
            error={errorOf("quantity_2")}
            lot={ground.lot}
          />
        ) : (
          <ProductField draft={draft} change={change} />
        )}
      </div>
      {pair && <Stakes draft={draft} ground={ground} />}
      <More draft={draft} change={change} error={errorOf("expires_at")} editing={editing !== null} />
      {warnings.length > 0 && (
        <ul className="space-y-1 rounded-md bg-warn-soft px-3 py-2 text-warn">
          {warnings.map((words) => (
            <li key={words} className="flex gap-2">
              <TriangleAlert size={14} aria-hidden className="mt-0.5 shrink-0" /> {words}
            </li>
          ))}
        </ul>
      )}
      {refused && (
        <p role="alert" className="rounded-md bg-down-soft px-3 py-2 text-down">
          {refused.code === "unreachable"
            ? `Whether it was ${editing ? "changed" : "armed"} is not known: the engine did not answer. Sending the same again is safe: it is done once.`
            : `Not ${editing ? "changed" : "armed"}: ${refused.message}`}
        </p>
      )}
      <footer className="flex flex-wrap items-center justify-end gap-2 border-line border-t pt-4">
        <p className="mr-auto text-fg-3 text-xs max-md:hidden">
          ↑ ↓ one tick · Shift ten · Ctrl Enter review
        </p>
        <Button onClick={onLeave}>Leave</Button>
        <Button type="submit" tone={draft.side === "BUY" ? "buy" : "sell"}>
          Review
        </Button>
      </footer>
      <Review
        open={reviewing}
        onClose={() => setReviewing(false)}
        draft={draft}
        instrument={instrument}
        warnings={warnings}
        editing={editing !== null}
        busy={busy}
        onArm={() => void arm()}
      />
    </form>
  );
}

function Labelled({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <span className="mb-1 block text-fg-2" aria-hidden>
        {name}
      </span>
      {children}
    </div>
  );
}

function InstrumentHead({ instrument }: { instrument: Instrument }) {
  const parts = [
    `tick ${formatPrice(maybePriceOf(instrument.tick_size) ?? 0)}`,
    `lot ${instrument.lot_size}`,
  ];
  if (instrument.expiry) parts.push(`expires ${instrument.expiry}`);
  return (
    <div className="flex items-center justify-between gap-4 rounded-lg bg-hover px-4 py-3">
      <div className="min-w-0">
        <span className="font-semibold text-[0.9375rem]">{instrument.trading_symbol}</span>{" "}
        <span className="text-fg-2">{instrument.exchange}</span>
        {instrument.name && <span className="block truncate text-fg-2 text-xs">{instrument.name}</span>}
      </div>
      <div className="text-right">
        <span className="font-semibold text-lg">
          <span className="sr-only">Last price </span>
          <PriceCell token={instrument.instrument_token} otherwise={maybePriceOf(instrument.last_price)} />
        </span>
        <span className="block text-fg-2 text-xs">LTP · {parts.join(" · ")}</span>
      </div>
    </div>
  );
}

function useWarnings(
  draft: Draft,
  instrument: Instrument,
  findings: Findings,
  editing: string | null,
): string[] {
  const engine = useEngine();
  const { rows } = useStore(triggerRows);
  const warnings = [...findings.warnings];
  if (engine?.status === "stopped")
    warnings.push("The engine is stopped: this trigger is not watched until it is started.");
  else if (engine?.stats && engine.stats.websocket_status !== "connected")
    warnings.push("The engine gets no prices at this moment: nothing can fire until they come again.");
  if (rows.some((row) => row.id !== editing && isTwin(row, instrument.instrument_token, draft)))
    warnings.push("The same trigger is armed already: both would fire, and both would send an order.");
  return warnings;
}
