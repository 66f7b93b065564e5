import type { Trigger } from "@/api/client";
import { standingOf } from "@/components/badge";
import { Button } from "@/components/button";
import { formatPrice, parsePrice, priceOf } from "@/lib/price";
import type { Draft } from "./draft";

// The trigger was changed elsewhere while it was being edited here: three columns, and nothing is lost.
const fields = [
  ["trigger_price_1", "Trigger 1"],
  ["order_price_1", "Limit 1"],
  ["quantity_1", "Quantity 1"],
  ["trigger_price_2", "Trigger 2"],
  ["order_price_2", "Limit 2"],
  ["quantity_2", "Quantity 2"],
] as const;

type Name = (typeof fields)[number][0];

function stored(row: Trigger, name: Name): string {
  const value = row[name];
  if (value === null) return "–";
  return name.startsWith("quantity") ? value.toLocaleString("en-IN") : formatPrice(priceOf(value));
}

function typed(draft: Draft, name: Name): string {
  const [first, second] = draft.legs;
  const price = (text: string) => formatPrice(parsePrice(text) ?? 0);
  const pair = draft.kind === "two-leg";
  switch (name) {
    case "trigger_price_1":
      return price(first.trigger);
    case "order_price_1":
      return first.order === "MARKET" ? "–" : price(first.limit);
    case "quantity_1":
      return Number(draft.quantity).toLocaleString("en-IN");
    case "trigger_price_2":
      return pair ? price(second.trigger) : "–";
    case "order_price_2":
      return pair && second.order === "LIMIT" ? price(second.limit) : "–";
    case "quantity_2":
      return pair ? Number(draft.quantity2 ?? draft.quantity).toLocaleString("en-IN") : "–";
  }
}

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
  mine: Draft;
  onKeepMine: () => void;
  onTakeTheirs: () => void;
  onOpen: () => void;
}) {
  const over = theirs.status !== "active";
  const rows = fields
    .map(([name, label]) => ({
      label,
      was: stored(before, name),
      now: stored(theirs, name),
      here: typed(mine, name),
    }))
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
