import { useQuery } from "@tanstack/react-query";
import { clsx } from "clsx";
import { TriangleAlert } from "lucide-react";
import { useId, useMemo, useState } from "react";
import { api, ask, type Instrument, Problem } from "@/api/client";
import { Button } from "@/components/button";
import { Choice } from "@/components/choice";
import { Field, Input, Select } from "@/components/field";
import { PriceCell } from "@/components/price_cell";
import { formatMoney, formatPrice, formatRatio, maybePriceOf, parsePrice } from "@/lib/price";
import { useStore } from "@/lib/store";
import { useEngine } from "@/live/live";
import { triggerRows } from "@/live/trigger_rows";
import { useSession } from "@/session/who";
import { useEngineNow } from "@/shell/now";
import { preferences } from "@/shell/preferences";
import { checked, type FieldName, type Findings, isTwin, quantityOf, stakesOf } from "./checks";
import { type Draft, directionOf, type Ground, type LegDraft, withLeg, withSide, withTrigger } from "./draft";
import { PriceField } from "./price_field";
import { Review } from "./review";
import { Ruler } from "./ruler";

const PRODUCTS = ["CNC", "MIS", "NRML", "MTF"] as const;

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

type Change = (next: Draft, field?: FieldName) => void;

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

function Leg({
  index,
  draft,
  change,
  ground,
  errorOf,
}: {
  index: 0 | 1;
  draft: Draft;
  change: Change;
  ground: Ground;
  errorOf: (field: FieldName) => string | undefined;
}) {
  const leg = draft.legs[index];
  const { percents } = useStore(preferences);
  const name = draft.kind === "single" ? "Trigger" : index === 0 ? "Stop-loss" : "Target";
  const limitName = draft.kind === "single" ? "Limit" : `${name} limit`;
  const base = index === 0 ? percents.stop : percents.target;
  const sign = directionOf(draft, index) === "<=" ? -1 : 1;
  const put = (next: LegDraft, field: FieldName) => change(withLeg(draft, index, next), field);
  const triggerField: FieldName = index === 0 ? "trigger_price_1" : "trigger_price_2";
  const limitField: FieldName = index === 0 ? "order_price_1" : "order_price_2";
  return (
    <fieldset className="grid gap-4 rounded-lg border border-line bg-surface p-4 sm:grid-cols-2">
      <legend className="sr-only">{name}</legend>
      <PriceField
        label={draft.kind === "single" ? "Trigger" : `${name} trigger`}
        value={leg.trigger}
        onChange={(text) => put(withTrigger(leg, text, draft.side, ground), triggerField)}
        ground={ground}
        error={errorOf(triggerField)}
        chips={[Math.round((base * 2) / 5), base, base * 2].map((size) => size * sign)}
        autoFocus={index === 0}
      />
      <div className="min-w-0">
        {leg.order === "LIMIT" ? (
          <PriceField
            label={limitName}
            value={leg.limit}
            onChange={(limit) => put({ ...leg, limit }, limitField)}
            ground={ground}
            error={errorOf(limitField)}
          />
        ) : (
          <Field
            label={limitName}
            hint="Sent as MARKET with the broker's protection band; it may fill at any price in it"
          >
            {(ids) => <Input {...ids} value="At market" disabled readOnly />}
          </Field>
        )}
        <div className="mt-1 flex flex-wrap gap-x-4 gap-y-1 text-fg-2 text-xs">
          <label className="flex min-h-6 items-center gap-1.5 max-md:min-h-10">
            <input
              type="checkbox"
              checked={leg.order === "MARKET"}
              onChange={(event) =>
                put({ ...leg, order: event.target.checked ? "MARKET" : "LIMIT" }, limitField)
              }
              className="size-3.5 accent-accent"
            />
            At market
          </label>
          {leg.order === "LIMIT" && (
            <label className="flex min-h-6 items-center gap-1.5 max-md:min-h-10">
              <input
                type="checkbox"
                checked={leg.linked}
                onChange={(event) => put({ ...leg, linked: event.target.checked }, limitField)}
                className="size-3.5 accent-accent"
              />
              Keeps its distance when the trigger moves
            </label>
          )}
        </div>
      </div>
    </fieldset>
  );
}

function QuantityField({
  label,
  value,
  onChange,
  error,
  lot,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  error?: string;
  lot: number;
}) {
  const quantity = quantityOf(value);
  const step = (lots: number) => onChange(String(Math.max(lot, (quantity ?? 0) + lots * lot)));
  const hint =
    lot > 1 && quantity !== null && quantity % lot === 0 ? `${quantity / lot} lots of ${lot}` : undefined;
  return (
    <Field label={label} error={error} hint={hint}>
      {(ids) => (
        <Input
          {...ids}
          wrong={Boolean(error)}
          inputMode="numeric"
          autoComplete="off"
          value={value}
          onChange={(event) => onChange(event.target.value)}
          onKeyDown={(event) => {
            if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
            event.preventDefault();
            step(event.key === "ArrowUp" ? 1 : -1);
          }}
          className="text-right"
        />
      )}
    </Field>
  );
}

function ProductField({ draft, change }: { draft: Draft; change: Change }) {
  return (
    <Field label="Product">
      {(ids) => (
        <Select
          {...ids}
          value={draft.product}
          onChange={(event) => change({ ...draft, product: event.target.value as Draft["product"] })}
        >
          {PRODUCTS.map((product) => (
            <option key={product}>{product}</option>
          ))}
        </Select>
      )}
    </Field>
  );
}

function Stakes({ draft, ground }: { draft: Draft; ground: Ground }) {
  const stakes = stakesOf(draft, ground);
  const [stop, target] = draft.legs.map((leg) => parsePrice(leg.trigger));
  if (!stakes) return null;
  return (
    <section aria-label="Risk and reward" className="space-y-2">
      <div className="flex flex-wrap justify-between gap-x-4">
        <span className="text-down">Risk {formatMoney(-stakes.risk)}</span>
        <span className="text-fg-2">Risk : reward {formatRatio(stakes.risk, stakes.reward)}</span>
        <span className="text-up">Reward {formatMoney(stakes.reward, true)}</span>
      </div>
      {stop != null && target != null && ground.last !== null && (
        <Ruler stop={stop} target={target} last={ground.last} />
      )}
      <p className="text-fg-3 text-xs">From the last price to each order's price, before charges.</p>
    </section>
  );
}

function More({
  draft,
  change,
  error,
  editing,
}: {
  draft: Draft;
  change: Change;
  error?: string;
  editing: boolean;
}) {
  const bodyId = useId();
  const [open, setOpen] = useState(
    draft.expires !== "" || draft.onUnknown === "retry" || draft.quantity2 !== null,
  );
  return (
    <section className="rounded-lg border border-line">
      <button
        type="button"
        aria-expanded={open}
        aria-controls={bodyId}
        onClick={() => setOpen(!open)}
        className="flex h-9 w-full items-center px-4 text-left text-fg-2 hover:text-fg max-md:h-11"
      >
        {open ? "▾" : "▸"} More: expiry, unknown orders, connection
        {draft.kind === "two-leg" && ", separate quantities"}
      </button>
      <div
        id={bodyId}
        className={clsx("grid gap-4 border-line border-t p-4 sm:grid-cols-2", !open && "hidden")}
      >
        <Field label="Valid until (India's time)" error={error} hint="Empty: until it fires or is cancelled">
          {(ids) => (
            <Input
              {...ids}
              type="datetime-local"
              value={draft.expires}
              onChange={(event) => change({ ...draft, expires: event.target.value }, "expires_at")}
            />
          )}
        </Field>
        <Field
          label="If the order's outcome stays unknown"
          hint="Only after three clean readings of the order book over three minutes have shown that it is absent"
        >
          {(ids) => (
            <Select
              {...ids}
              value={draft.onUnknown}
              onChange={(event) => change({ ...draft, onUnknown: event.target.value as Draft["onUnknown"] })}
            >
              <option value="park">Park it and alert me</option>
              <option value="retry">Send it again</option>
            </Select>
          )}
        </Field>
        {!editing && <ConnectionField draft={draft} change={change} />}
        {draft.kind === "two-leg" && (
          <label className="flex items-center gap-2 text-fg-2">
            <input
              type="checkbox"
              checked={draft.quantity2 !== null}
              onChange={(event) =>
                change({ ...draft, quantity2: event.target.checked ? draft.quantity : null })
              }
              className="size-4 accent-accent"
            />
            The target has a quantity of its own
          </label>
        )}
        {draft.quantity2 !== null && draft.kind === "two-leg" && (
          <ProductField draft={draft} change={change} />
        )}
      </div>
    </section>
  );
}

// Shown when there is something to choose.
function ConnectionField({ draft, change }: { draft: Draft; change: Change }) {
  const session = useSession();
  const brokers = useQuery({ queryKey: ["brokers"], queryFn: () => ask(api.GET("/api/v1/brokers")) });
  const own = (brokers.data?.brokers ?? []).filter((one) => one.user_id === session?.user_id);
  if (own.length < 2) return null;
  return (
    <Field label="Broker connection">
      {(ids) => (
        <Select
          {...ids}
          value={draft.connection}
          onChange={(event) => change({ ...draft, connection: event.target.value })}
        >
          <option value="">Choose…</option>
          {own.map((one) => (
            <option key={one.id} value={one.id}>
              {one.name} {one.live ? "" : `(${one.why_not_live ?? "not live"})`}
            </option>
          ))}
        </Select>
      )}
    </Field>
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
