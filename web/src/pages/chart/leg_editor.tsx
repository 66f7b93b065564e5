import { useEffect, useRef, useState } from "react";
import { api, ask, type TriggerChange, wordsOfChange } from "@/api/client";
import { Button } from "@/components/button";
import { Field, Input } from "@/components/field";
import { toast } from "@/components/toast";
import { formatBasisPoints } from "@/lib/percent";
import {
  basisPointsBetween,
  formatPrice,
  isOnTick,
  type Price,
  parsePrice,
  roundToTick,
  toWire,
} from "@/lib/price";
import { randomKey } from "@/lib/random";
import { takeWritten } from "@/live/trigger_rows";
import { type Line, limitOf, type Moved } from "./lines";

function changeOf(moved: Moved): TriggerChange {
  const limit = limitOf(moved);
  const level = toWire(moved.to);
  return moved.line.leg === 1
    ? { trigger_price_1: level, ...(limit === null ? {} : { order_price_1: toWire(limit) }) }
    : { trigger_price_2: level, ...(limit === null ? {} : { order_price_2: toWire(limit) }) };
}

// A line was moved: nothing is sent before it is said so here.
export function SaveBar({ moved, onDone, decimals }: { moved: Moved; onDone: () => void; decimals: number }) {
  const [busy, setBusy] = useState(false);
  const key = useRef(randomKey());
  const { line, to } = moved;
  const limit = limitOf(moved);
  const save = async () => {
    setBusy(true);
    try {
      const row = await ask(
        api.PATCH("/api/v1/triggers/{id}", {
          body: changeOf(moved),
          params: {
            path: { id: line.row.id },
            header: { "If-Match": `"${line.row.version}"`, "Idempotency-Key": key.current },
          },
        }),
      );
      takeWritten(row);
      toast("good", `${line.name} is at ${formatPrice(to, decimals)} now`);
      onDone();
    } catch (error) {
      toast("bad", wordsOfChange("Not changed", error));
      setBusy(false);
    }
  };
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      if (event.key === "Escape") onDone();
    };
    window.addEventListener("keydown", pressed);
    return () => window.removeEventListener("keydown", pressed);
  }, [onDone]);
  return (
    <div
      role="status"
      className="flex flex-wrap items-center gap-3 border-line border-b bg-warn-soft px-4 py-2 text-warn"
    >
      <span>
        {line.name}: {formatPrice(line.level, decimals)} → <strong>{formatPrice(to, decimals)}</strong> (
        {formatBasisPoints(basisPointsBetween(line.level, to))})
        {limit !== null && `, its limit to ${formatPrice(limit, decimals)}`}. Not saved yet.
      </span>
      <Button small tone="primary" disabled={busy} onClick={() => void save()}>
        Save
      </Button>
      <Button small disabled={busy} onClick={onDone}>
        Undo (Esc)
      </Button>
    </div>
  );
}

// The same change without dragging.
export function LegEditor({
  line,
  tick,
  decimals,
  onMove,
}: {
  line: Line;
  tick: Price;
  decimals: number;
  onMove: (moved: Moved | null) => void;
}) {
  const [text, setText] = useState(formatPrice(line.level, decimals));
  useEffect(() => setText(formatPrice(line.level, decimals)), [line.level, decimals]);
  const price = parsePrice(text);
  const wrong = price === null || price <= 0 ? "This is not a price" : undefined;
  const settle = (next: Price | null) => {
    if (next === null || next <= 0) return;
    const rounded = isOnTick(next, tick) ? next : roundToTick(next, tick);
    setText(formatPrice(rounded, decimals));
    onMove(rounded === line.level ? null : { line, to: rounded });
  };
  const step = (ticks: number) => settle(Math.max(tick, (price ?? line.level) + ticks * tick));
  return (
    <Field
      label={`${line.name} fires at`}
      error={wrong}
      hint={line.limit === null ? "at market" : `limit ${formatPrice(line.limit, decimals)}`}
    >
      {(ids) => (
        <Input
          {...ids}
          wrong={Boolean(wrong)}
          inputMode="decimal"
          value={text}
          onChange={(event) => setText(event.target.value)}
          onBlur={() => settle(price)}
          onKeyDown={(event) => {
            if (event.key === "Enter") settle(price);
            if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
            event.preventDefault();
            step((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
          }}
          className="text-right"
        />
      )}
    </Field>
  );
}
