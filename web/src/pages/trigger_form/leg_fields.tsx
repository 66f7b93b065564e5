import { Field, Input } from "@/components/field";
import { useStore } from "@/lib/store";
import { preferences } from "@/shell/preferences";
import type { FieldName } from "./checks";
import { type Draft, directionOf, type Ground, type LegDraft, withLeg, withTrigger } from "./draft";
import { PriceField } from "./price_field";

export type Change = (next: Draft, field?: FieldName) => void;

// One leg: its level, and the order that it sends.
export function Leg({
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
