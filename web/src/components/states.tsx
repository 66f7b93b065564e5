import { CircleAlert, LoaderCircle, type LucideIcon } from "lucide-react";
import type { ReactNode } from "react";
import { Problem, wordsOf } from "@/api/client";
import { Button } from "./button";

export function Loading({ what }: { what: string }) {
  return (
    <div role="status" className="flex items-center justify-center gap-2 p-10 text-fg-3">
      <LoaderCircle size={16} className="animate-spin" aria-hidden />
      Loading {what}…
    </div>
  );
}

export function Empty({
  icon: Icon,
  title,
  children,
}: {
  icon: LucideIcon;
  title: string;
  children?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-2 p-10 text-center text-fg-2">
      <Icon size={28} className="text-fg-3" aria-hidden />
      <p className="font-medium text-fg">{title}</p>
      {children}
    </div>
  );
}

export function Failed({ what, error, onRetry }: { what: string; error: unknown; onRetry?: () => void }) {
  const code = error instanceof Problem ? error.code : null;
  return (
    <div role="alert" className="flex flex-col items-center gap-2 p-10 text-center">
      <CircleAlert size={28} className="text-down" aria-hidden />
      <p className="font-medium">{what} could not be read</p>
      <p className="text-fg-2">
        {wordsOf(error)}
        {code && <span className="text-fg-3"> ({code})</span>}
      </p>
      {onRetry && <Button onClick={onRetry}>Try again</Button>}
    </div>
  );
}

// What was read before stays when it cannot be read again, and is told as old.
export function Stale({ what, read }: { what: string; read: { data: unknown; error: unknown } }) {
  if (!read.data || !read.error) return null;
  return (
    <p role="status" className="bg-warn-soft px-4 py-2 text-warn">
      {what} could not be read again: what is shown may be old. {wordsOf(read.error)}
    </p>
  );
}

export function Panel({
  title,
  aside,
  children,
}: {
  title: ReactNode;
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="min-w-0 overflow-hidden rounded-lg border border-line bg-surface">
      <header className="flex min-h-10 flex-wrap items-center justify-between gap-x-3 border-line border-b px-4 py-1.5">
        <h2>{title}</h2>
        {aside && <div className="text-fg-3 text-xs">{aside}</div>}
      </header>
      {children}
    </section>
  );
}

export function PageHead({
  title,
  count,
  children,
}: {
  title: ReactNode;
  count?: ReactNode;
  children?: ReactNode;
}) {
  return (
    <div className="flex min-h-14 flex-wrap items-center gap-x-3 gap-y-2 border-line border-b bg-surface px-4 py-2">
      <h1 className="min-w-0">{title}</h1>
      {count !== undefined && <span className="text-fg-3">{count}</span>}
      <div className="ml-auto flex min-w-0 flex-wrap items-center gap-2">{children}</div>
    </div>
  );
}
