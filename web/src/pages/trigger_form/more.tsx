import { useQuery } from "@tanstack/react-query";
import { clsx } from "clsx";
import { useId, useState } from "react";
import { api, ask } from "@/api/client";
import { Field, Input, Select } from "@/components/field";
import { useSession } from "@/session/who";
import type { Draft } from "./draft";
import type { Change } from "./leg_fields";
import { ProductField } from "./order_fields";

// What most triggers need not say.
export function More({
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
