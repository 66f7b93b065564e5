import type { Trigger } from "@/api/client";
import { standingOf } from "@/components/badge";
import { Button } from "@/components/button";
import { formatPrice, priceOf } from "@/lib/price";
import { formatMoment } from "@/lib/time";

// What an edit is about, of a row or of what is on the form.
export type Edited = Pick<
  Trigger,
  | "transaction_type"
  | "condition_type"
  | "direction"
  | "trigger_price_1"
  | "order_price_1"
  | "quantity_1"
  | "product_type_1"
  | "trigger_price_2"
  | "order_price_2"
  | "quantity_2"
  | "product_type_2"
  | "expires_at"
  | "on_unknown"
>;

// The trigger was changed elsewhere while it was being edited here: three columns, and nothing is lost.
const price = (value: number | null | undefined) => (value == null ? "–" : formatPrice(priceOf(value)));
const count = (value: number | null | undefined) => (value == null ? "–" : value.toLocaleString("en-IN"));

// Everything that an edit can change.
const fields: readonly [label: string, words: (row: Edited) => string][] = [
  ["Side", (row) => row.transaction_type],
  ["Type", (row) => (row.condition_type === "two-leg" ? "OCO" : "Single")],
  ["Fires", (row) => (row.direction === "<=" ? "falling" : row.direction === ">=" ? "rising" : "–")],
  ["Trigger 1", (row) => price(row.trigger_price_1)],
  ["Limit 1", (row) => price(row.order_price_1)],
  ["Quantity 1", (row) => count(row.quantity_1)],
  ["Product 1", (row) => row.product_type_1],
  ["Trigger 2", (row) => price(row.trigger_price_2)],
  ["Limit 2", (row) => price(row.order_price_2)],
  ["Quantity 2", (row) => count(row.quantity_2)],
  ["Product 2", (row) => row.product_type_2 ?? "–"],
  ["Valid until", (row) => (row.expires_at ? formatMoment(row.expires_at) : "–")],
  ["Unknown orders", (row) => (row.on_unknown === "park" ? "parked" : "sent again")],
];

export function Conflict({
  before,
  theirs,
  mine,
  onKeepMine,
  onTakeTheirs,
  onOpen,
}: {
  before: Trigger;
  theirs: Trigger;
  mine: Edited;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
  onOpen: () => void;
}) {
  const over = theirs.status !== "active";
  const rows = fields
    .map(([label, words]) => ({ label, was: words(before), now: words(theirs), here: words(mine) }))
    .filter((row) => row.was !== row.now || row.was !== row.here);
  return (
    <section
      role="alert"
      className="mx-auto mt-4 max-w-3xl space-y-3 rounded-lg border border-warn bg-warn-soft p-4"
    >
      <p className="font-semibold">
        {over
          ? `This trigger is ${standingOf(theirs).word.toLowerCase()} now: it cannot be changed any more`
          : "This trigger was changed elsewhere while you edited it. Nothing of yours was saved."}
      </p>
      {!over && (
        <table className="w-full text-right">
          <thead className="text-fg-2 text-xs">
            <tr>
              <th className="text-left font-normal">Field</th>
              <th className="font-normal">When you opened it</th>
              <th className="font-normal">Now</th>
              <th className="font-normal">Yours</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.label}>
                <th className="text-left font-normal">{row.label}</th>
                <td>{row.was}</td>
                <td className={row.now !== row.was ? "font-semibold" : ""}>{row.now}</td>
                <td className={row.here !== row.was ? "font-semibold" : ""}>{row.here}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <div className="flex justify-end gap-2">
        {over ? (
          <Button onClick={onOpen}>Open it</Button>
        ) : (
          <>
            <Button onClick={onTakeTheirs}>Take what is there now</Button>
            <Button tone="primary" onClick={onKeepMine}>
              Put my changes on top
            </Button>
          </>
        )}
      </div>
    </section>
  );
}
