import { Minus, Plus } from "lucide-react";
import { type KeyboardEvent, useLayoutEffect, useRef, useState } from "react";
import { Field, inputLook } from "@/components/field";
import { formatBasisPoints } from "@/lib/percent";
import { basisPointsBetween, movedBy, parsePrice } from "@/lib/price";
import { evaluated, type Ground, shown, stepped } from "./draft";

// A price that is typed, stepped by ticks, or taken at a distance from the last price. Text, never a number input:
// a wheel over the page must not change a stop-loss.
export function PriceField({
  label,
  value,
  onChange,
  ground,
  error,
  chips,
  autoFocus,
}: {
  label: string;
  value: string;
  onChange: (text: string) => void;
  ground: Ground;
  error?: string;
  chips?: readonly number[]; // basis points from the last price
  autoFocus?: boolean;
}) {
  const [note, setNote] = useState<string | null>(null);
  const input = useRef<HTMLInputElement>(null);
  const typed = useRef<string | null>(null);
  // A price that comes into the field after the focus (the offered one, a chip's) is replaced by what is typed next:
  // appended to it, 1600 would become 1,493.401600 and be rounded to another price than was meant.
  useLayoutEffect(() => {
    if (value !== typed.current && document.activeElement === input.current) input.current?.select();
  }, [value]);
  const price = parsePrice(value);
  const away = price !== null && ground.last !== null ? basisPointsBetween(ground.last, price) : null;
  const settle = () => {
    const { text, note: told } = evaluated(value, ground);
    setNote(told);
    if (text !== value) onChange(text);
  };
  const step = (ticks: number) => {
    setNote(null);
    onChange(stepped(value, ticks, ground));
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return;
    event.preventDefault();
    step((event.key === "ArrowUp" ? 1 : -1) * (event.shiftKey ? 10 : 1));
  };
  const button =
    "flex w-9 items-center justify-center border-line-strong border-l text-fg-2 hover:bg-hover max-md:w-11";
  return (
    <div className="min-w-0">
      <Field
        label={label}
        error={error}
        hint={note}
        aside={
          away !== null && (
            <span className={away < 0 ? "text-down" : "text-up"}>{formatBasisPoints(away)} of LTP</span>
          )
        }
      >
        {(ids) => (
          <div className={`${inputLook(Boolean(error))} flex overflow-hidden p-0!`}>
            <span className="flex items-center pl-2.5 text-fg-3" aria-hidden>
              ₹
            </span>
            <input
              {...ids}
              ref={input}
              // biome-ignore lint/a11y/noAutofocus: the first price is what the form is opened for
              autoFocus={autoFocus}
              inputMode="decimal"
              autoComplete="off"
              value={value}
              onChange={(event) => {
                setNote(null);
                typed.current = event.target.value;
                onChange(event.target.value);
              }}
              onBlur={settle}
              onKeyDown={pressed}
              onFocus={(event) => event.target.select()}
              className="min-w-0 flex-1 bg-transparent px-2 text-right outline-none"
            />
            <button
              type="button"
              tabIndex={-1}
              aria-label={`${label}: one tick less`}
              onClick={() => step(-1)}
              className={button}
            >
              <Minus size={14} aria-hidden />
            </button>
            <button
              type="button"
              tabIndex={-1}
              aria-label={`${label}: one tick more`}
              onClick={() => step(1)}
              className={button}
            >
              <Plus size={14} aria-hidden />
            </button>
          </div>
        )}
      </Field>
      {chips && ground.last !== null && (
        <div className="mt-1 flex gap-1">
          {chips.map((basisPoints) => (
            <button
              key={basisPoints}
              type="button"
              aria-label={`${label}: ${formatBasisPoints(basisPoints)} from the last price`}
              onClick={() => {
                setNote(null);
                if (ground.last !== null)
                  onChange(shown(movedBy(ground.last, basisPoints, ground.tick), ground));
              }}
              className="h-6 flex-1 rounded border border-line text-fg-2 text-xs hover:bg-hover max-md:h-10"
            >
              {formatBasisPoints(basisPoints).replace(".00", "")}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}
