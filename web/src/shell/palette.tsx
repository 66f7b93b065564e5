import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Search } from "lucide-react";
import { Dialog } from "radix-ui";
import { type KeyboardEvent, useEffect, useId, useState } from "react";
import { api, ask, type Instrument, wordsOf } from "@/api/client";
import { Store, useStore } from "@/lib/store";
import { useEngine } from "@/live/live";
import { useSession } from "@/session/who";
import { askToStart, askToStop } from "./engine_switch";
import { places } from "./navigation";
import { toggleTheme } from "./theme";

const opened = new Store(false);
export const openPalette = () => opened.set(true);

interface Entry {
  id: string;
  name: string;
  detail: string;
  hint: string;
  run: (alternative: boolean) => void;
}

// The last words that were typed, once the typing has paused.
function useSettled(text: string, waitMs = 80): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), waitMs);
    return () => clearTimeout(timer);
  }, [text, waitMs]);
  return settled;
}

export function useInstrumentSearch(text: string, limit = 12) {
  const words = useSettled(text.trim());
  return useQuery({
    queryKey: ["instruments", words, limit],
    queryFn: ({ signal }) =>
      ask(api.GET("/api/v1/instruments", { params: { query: { q: words, limit } }, signal })),
    enabled: words.length > 0,
    placeholderData: keepPreviousData,
  });
}

export function instrumentDetail(instrument: Instrument): string {
  const parts = [instrument.exchange, instrument.name ?? instrument.instrument_type];
  if (instrument.lot_size > 1) parts.push(`lot ${instrument.lot_size}`);
  return parts.join(" · ");
}

export function Palette() {
  const open = useStore(opened);
  return (
    <Dialog.Root open={open} onOpenChange={opened.set}>
      <Dialog.Portal>
        <Dialog.Overlay className="fixed inset-0 z-40 bg-black/50" />
        <Dialog.Content
          aria-describedby={undefined}
          className="fixed top-[12dvh] left-1/2 z-50 w-[36rem] max-w-[calc(100vw-1rem)] -translate-x-1/2 overflow-hidden rounded-xl border border-line bg-raised shadow-xl focus:outline-none"
        >
          <Dialog.Title className="sr-only">Search instruments and commands</Dialog.Title>
          <Body close={() => opened.set(false)} />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function useCommands(): Entry[] {
  const navigate = useNavigate();
  const session = useSession();
  const stopped = useEngine()?.status === "stopped";
  const commands: Entry[] = [
    {
      id: "new",
      name: "New trigger",
      detail: "",
      hint: "n",
      run: () => void navigate({ to: "/triggers/new" }),
    },
    ...places.map((place) => ({
      id: place.to,
      name: place.name,
      detail: "Go to",
      hint: place.keys,
      run: () => void navigate({ to: place.to }),
    })),
    { id: "theme", name: "Switch theme", detail: "", hint: "Shift D", run: toggleTheme },
  ];
  if (session?.operator) {
    commands.push(
      stopped
        ? { id: "start", name: "Start engine…", detail: "", hint: "", run: askToStart }
        : { id: "stop", name: "Stop engine…", detail: "", hint: "", run: askToStop },
    );
  }
  return commands;
}

function Body({ close }: { close: () => void }) {
  const navigate = useNavigate();
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const listId = useId();
  const search = useInstrumentSearch(text);
  const commands = useCommands();
  const words = text.trim().toLowerCase();
  const instruments: Entry[] = (words === "" ? [] : (search.data?.instruments ?? [])).map((instrument) => ({
    id: String(instrument.instrument_token),
    name: instrument.trading_symbol,
    detail: instrumentDetail(instrument),
    hint: instrument.tradable ? "trigger ↵ · chart Ctrl ↵" : "chart ↵",
    run: (alternative) => {
      const token = instrument.instrument_token;
      if (alternative || !instrument.tradable) void navigate({ to: "/chart", search: { token } });
      else void navigate({ to: "/triggers/new", search: { token } });
    },
  }));
  const entries = [...instruments, ...commands.filter((one) => one.name.toLowerCase().includes(words))];
  const chosen = Math.min(at, entries.length - 1);
  const run = (entry: Entry | undefined, alternative: boolean) => {
    if (!entry) return;
    close();
    // After the dialog has given the focus back.
    setTimeout(() => entry.run(alternative), 0);
  };
  const pressed = (event: KeyboardEvent) => {
    if (event.key === "ArrowDown") setAt(Math.min(chosen + 1, entries.length - 1));
    else if (event.key === "ArrowUp") setAt(Math.max(chosen - 1, 0));
    else if (event.key === "Enter") run(entries[chosen], event.ctrlKey || event.metaKey);
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div className="flex items-center gap-2 border-line border-b px-4">
        <Search size={16} className="text-fg-3" aria-hidden />
        <input
          value={text}
          onChange={(event) => {
            setText(event.target.value);
            setAt(0);
          }}
          onKeyDown={pressed}
          role="combobox"
          aria-expanded="true"
          aria-controls={listId}
          aria-activedescendant={entries[chosen] ? `${listId}-${chosen}` : undefined}
          aria-label="Search instruments and commands"
          placeholder="Search: reliance, nifty fut, settings…"
          className="h-12 min-w-0 flex-1 bg-transparent outline-none placeholder:text-fg-3"
        />
      </div>
      <div id={listId} role="listbox" aria-label="Results" className="max-h-[50dvh] overflow-y-auto p-1">
        {entries.map((entry, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input has the keys
          <div
            key={entry.id}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === chosen}
            ref={(element) => {
              if (index === chosen) element?.scrollIntoView?.({ block: "nearest" });
            }}
            onClick={() => run(entry, false)}
            className={clsx(
              "flex cursor-pointer items-center gap-3 rounded-md px-3 py-2 hover:bg-hover",
              index === chosen && "bg-accent-soft",
            )}
          >
            <span className="font-medium">{entry.name}</span>
            <span className="min-w-0 flex-1 truncate text-fg-3">{entry.detail}</span>
            <span className="text-fg-3 text-xs">{entry.hint}</span>
          </div>
        ))}
      </div>
      <p role="status" className="border-line border-t px-4 py-2 text-fg-3 text-xs">
        {search.error
          ? wordsOf(search.error)
          : entries.length === 0
            ? `Nothing matches “${text}”`
            : `${entries.length} results`}
      </p>
    </>
  );
}
