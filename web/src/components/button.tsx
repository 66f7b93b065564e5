import { clsx } from "clsx";
import type { ButtonHTMLAttributes, Ref } from "react";

type Tone = "plain" | "primary" | "buy" | "sell" | "danger" | "quiet";

const tones: Record<Tone, string> = {
  plain: "border-line bg-surface text-fg hover:bg-hover",
  primary: "border-transparent bg-accent text-accent-fg hover:opacity-90",
  buy: "border-transparent bg-buy-solid text-white hover:opacity-90",
  sell: "border-transparent bg-sell-solid text-white hover:opacity-90",
  danger: "border-transparent bg-down-soft text-down hover:opacity-85",
  quiet: "border-transparent text-fg-2 hover:bg-hover hover:text-fg",
};

export const buttonLook = (tone: Tone = "plain", small = false) =>
  clsx(
    "inline-flex shrink-0 items-center justify-center gap-1.5 whitespace-nowrap rounded-md border font-medium",
    "disabled:opacity-50 max-md:min-h-11",
    small ? "h-7 px-2 text-xs" : "h-8 px-3",
    tones[tone],
  );

export function Button({
  tone,
  small,
  className,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { tone?: Tone; small?: boolean; ref?: Ref<HTMLButtonElement> }) {
  return <button type="button" className={clsx(buttonLook(tone, small), className)} {...rest} />;
}

export function IconButton({
  label,
  className,
  ...rest
}: ButtonHTMLAttributes<HTMLButtonElement> & { label: string; ref?: Ref<HTMLButtonElement> }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      className={clsx(
        "inline-flex size-8 shrink-0 items-center justify-center rounded-md text-fg-2 hover:bg-hover hover:text-fg",
        "max-md:size-11 disabled:opacity-50",
        className,
      )}
      {...rest}
    />
  );
}
