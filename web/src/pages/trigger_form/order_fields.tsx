import { Field, Input, Select } from "@/components/field";
import { quantityOf } from "./checks";
import type { Draft } from "./draft";
import type { Change } from "./leg_fields";

const PRODUCTS = ["CNC", "MIS", "NRML", "MTF"] as const;

export function QuantityField({
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

export function ProductField({ draft, change }: { draft: Draft; change: Change }) {
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
