import { clsx } from "clsx";
import { ToggleGroup } from "radix-ui";
import type { ReactNode } from "react";

// One of a few, all visible.
export function Choice<T extends string>({
  label,
  value,
  onChange,
  options,
  tone,
  disabled,
}: {
  label: string;
  value: T;
  onChange: (next: T) => void;
  options: readonly { value: T; label: ReactNode }[];
  tone?: (value: T) => string;
  disabled?: boolean;
}) {
  return (
    <ToggleGroup.Root
      type="single"
      value={value}
      aria-label={label}
      disabled={disabled}
      // An empty value means that the chosen one was pressed again: one is always chosen.
      onValueChange={(next) => next && onChange(next as T)}
      className="flex h-9 max-w-full overflow-x-auto rounded-md border border-line bg-hover p-0.5 max-md:h-11"
    >
      {options.map((option) => (
        <ToggleGroup.Item
          key={option.value}
          value={option.value}
          className={clsx(
            "flex-1 whitespace-nowrap rounded px-3 font-medium max-sm:px-2 text-fg-2 hover:text-fg disabled:opacity-50",
            value === option.value &&
              (tone?.(option.value) ?? "bg-surface text-fg shadow-sm ring-1 ring-line"),
          )}
        >
          {option.label}
        </ToggleGroup.Item>
      ))}
    </ToggleGroup.Root>
  );
}
