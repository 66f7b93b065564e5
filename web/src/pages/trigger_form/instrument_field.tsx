import { clsx } from "clsx";
import { type KeyboardEvent, useId, useState } from "react";
import type { Instrument } from "@/api/client";
import { wordsOf } from "@/api/client";
import { Field, inputLook } from "@/components/field";
import { instrumentDetail, useInstrumentSearch } from "@/shell/palette";

// Search for the instrument; the day's list is the engine's.
export function InstrumentField({ onChoose }: { onChoose: (instrument: Instrument) => void }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const search = useInstrumentSearch(text);
  const found = text.trim() === "" ? [] : (search.data?.instruments ?? []).filter((one) => one.tradable);
  const chosen = Math.min(at, found.length - 1);
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, found.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
    else if (event.key === "Enter" && found[chosen]) onChoose(found[chosen]);
    else return;
    event.preventDefault();
  };
  return (
    <div className="relative">
      <Field
        label="Instrument"
        hint="Symbol or name; NSE: in front narrows the exchange"
        error={search.error ? wordsOf(search.error) : undefined}
      >
        {(ids) => (
          <input
            {...ids}
            // biome-ignore lint/a11y/noAutofocus: nothing else can be done before it is chosen
            autoFocus
            role="combobox"
            aria-expanded={found.length > 0}
            aria-controls={listId}
            aria-activedescendant={found[chosen] ? `${listId}-${chosen}` : undefined}
            autoComplete="off"
            placeholder="reliance"
            value={text}
            onChange={(event) => {
              setText(event.target.value);
              setAt(0);
            }}
            onKeyDown={pressed}
            className={inputLook()}
          />
        )}
      </Field>
      <div
        id={listId}
        role="listbox"
        aria-label="Instruments"
        className={clsx("mt-2 overflow-hidden rounded-md border border-line", found.length === 0 && "hidden")}
      >
        {found.map((instrument, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keys
          <div
            key={instrument.instrument_token}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === chosen}
            onClick={() => onChoose(instrument)}
            className={clsx(
              "flex cursor-pointer items-center gap-3 px-3 py-2 hover:bg-hover max-md:py-3",
              index === chosen && "bg-accent-soft",
            )}
          >
            <span className="font-medium">{instrument.trading_symbol}</span>
            <span className="min-w-0 truncate text-fg-3">{instrumentDetail(instrument)}</span>
          </div>
        ))}
      </div>
      {text.trim() !== "" && search.isSuccess && !search.isPlaceholderData && found.length === 0 && (
        <p role="status" className="mt-2 text-fg-3">
          No instrument that can be traded matches “{text}”
        </p>
      )}
    </div>
  );
}
