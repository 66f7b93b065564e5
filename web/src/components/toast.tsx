import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { Store, useStore } from "@/lib/store";
import { IconButton } from "./button";

// Short messages. Those of an error stay until they are sent away; the others leave by themselves.
interface Toast {
  id: number;
  tone: "good" | "bad" | "plain";
  words: string;
  times: number; // the same words again are no second message
}

const SHOWN_MS = 6_000;
const TOASTS_MAX = 4;
const toasts = new Store<readonly Toast[]>([]);
let lastId = 0;

export function toast(tone: Toast["tone"], words: string): void {
  const id = ++lastId;
  const same = toasts.get().find((one) => one.tone === tone && one.words === words);
  const others = toasts.get().filter((one) => one !== same);
  toasts.set(withRoom([...others, { id, tone, words, times: (same?.times ?? 0) + 1 }]));
  if (tone !== "bad") setTimeout(() => dismiss(id), SHOWN_MS);
}

// What leaves by itself makes room for errors, never the other way round.
function withRoom(all: readonly Toast[]): readonly Toast[] {
  const kept = [...all];
  while (kept.length > TOASTS_MAX) {
    const passing = kept.findIndex((one) => one.tone !== "bad");
    kept.splice(Math.max(passing, 0), 1);
  }
  return kept;
}

function dismiss(id: number) {
  toasts.set(toasts.get().filter((one) => one.id !== id));
}

export const shownToasts = (): readonly Toast[] => toasts.get();

const icons = { good: CircleCheck, bad: CircleAlert, plain: Info };
const colours = { good: "text-up", bad: "text-down", plain: "text-info" };

export function Toasts() {
  return (
    <section
      aria-label="Messages"
      aria-live="polite"
      className="pointer-events-none fixed right-4 bottom-4 z-[60] flex w-80 max-w-[calc(100vw-2rem)] flex-col gap-2 max-md:bottom-20"
    >
      {useStore(toasts).map((one) => {
        const Icon = icons[one.tone];
        return (
          <div
            key={one.id}
            className="pointer-events-auto flex items-start gap-2 rounded-lg border border-line bg-raised px-3 py-2 shadow-lg"
          >
            <Icon size={16} className={`mt-0.5 shrink-0 ${colours[one.tone]}`} aria-hidden />
            <p className="line-clamp-4 min-w-0 flex-1 break-words" title={one.words}>
              {one.words}
              {one.times > 1 && <strong> ({one.times} times)</strong>}
            </p>
            <IconButton label="Dismiss" className="-m-1 size-7!" onClick={() => dismiss(one.id)}>
              <X size={14} />
            </IconButton>
          </div>
        );
      })}
    </section>
  );
}
