import { clsx } from "clsx";
import { type InputHTMLAttributes, type ReactNode, type Ref, type SelectHTMLAttributes, useId } from "react";

export const inputLook = (wrong = false) =>
  clsx(
    "h-9 w-full rounded-md border bg-surface px-2.5 text-fg placeholder:text-fg-3 max-md:h-11",
    "disabled:bg-hover disabled:text-fg-3",
    wrong ? "border-down" : "border-line-strong",
  );

// A labelled input with its hint and its error, tied together for screen readers.
export function Field({
  label,
  hint,
  error,
  aside,
  children,
}: {
  label: ReactNode;
  hint?: ReactNode;
  error?: ReactNode;
  aside?: ReactNode;
  children: (ids: { id: string; "aria-describedby"?: string; "aria-invalid"?: boolean }) => ReactNode;
}) {
  const id = useId();
  const noteId = `${id}-note`;
  const note = error ?? hint;
  return (
    <div className="min-w-0">
      <div className="mb-1 flex items-baseline justify-between gap-2">
        <label htmlFor={id} className="text-fg-2">
          {label}
        </label>
        {aside && <span className="text-xs">{aside}</span>}
      </div>
      {children({
        id,
        "aria-describedby": note ? noteId : undefined,
        "aria-invalid": error ? true : undefined,
      })}
      {note && (
        <p id={noteId} className={clsx("mt-1 text-xs", error ? "text-down" : "text-fg-3")}>
          {note}
        </p>
      )}
    </div>
  );
}

export function Input({
  wrong,
  className,
  ...rest
}: InputHTMLAttributes<HTMLInputElement> & { wrong?: boolean; ref?: Ref<HTMLInputElement> }) {
  return <input className={clsx(inputLook(wrong), className)} {...rest} />;
}

export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select className={clsx(inputLook(), "pr-7", className)} {...rest} />;
}
