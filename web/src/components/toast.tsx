import { CircleAlert, CircleCheck, Info, X } from "lucide-react";
import { Store, useStore } from "@/lib/store";
import { IconButton } from "./button";

// Short messages. Those of an error stay until they are sent away; the others leave by themselves.
interface Toast {
  id: number;
  tone: "good" | "bad" | "plain";
  words: string;
}

const SHOWN_MS = 6_000;
const TOASTS_MAX = 4;
const toasts = new Store<readonly Toast[]>([]);
let lastId = 0;

export function toast(tone: Toast["tone"], words: string): void {
  const id = ++lastId;
  toasts.set([...toasts.get(), { id, tone, words }].slice(-TOASTS_MAX));
  if (tone !== "bad") setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number) {
  toasts.set(toasts.get().filter((one) => one.id !== id));
}

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
