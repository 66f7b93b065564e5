import { clsx } from "clsx";
import {
  Ban,
  Check,
  CircleDashed,
  CircleDot,
  CircleHelp,
  Clock,
  EyeOff,
  type LucideIcon,
  Send,
  TriangleAlert,
  X,
  Zap,
} from "lucide-react";
import type { Trigger } from "@/api/client";

export type Tone = "neutral" | "accent" | "buy" | "sell" | "up" | "down" | "warn" | "info";

const tones: Record<Tone, string> = {
  neutral: "bg-hover text-fg-2",
  accent: "bg-accent-soft text-accent",
  buy: "bg-buy-soft text-buy",
  sell: "bg-sell-soft text-sell",
  up: "bg-up-soft text-up",
  down: "bg-down-soft text-down",
  warn: "bg-warn-soft text-warn",
  info: "bg-info-soft text-info",
};

export function Badge({
  tone,
  icon: Icon,
  children,
}: {
  tone: Tone;
  icon?: LucideIcon;
  children: React.ReactNode;
}) {
  return (
    <span
      className={clsx(
        "inline-flex h-5.5 items-center gap-1 whitespace-nowrap rounded px-1.5 font-medium text-xs",
        tones[tone],
      )}
    >
      {Icon && <Icon size={12} aria-hidden />}
      {children}
    </span>
  );
}

export function Side({ side }: { side: "BUY" | "SELL" }) {
  return <Badge tone={side === "BUY" ? "buy" : "sell"}>{side}</Badge>;
}

type Standing = { word: string; tone: Tone; icon: LucideIcon };

// One word for where a trigger's story stands. "Triggered" is never shown as filled: the order's own word decides.
export function standingOf(
  row: Pick<
    Trigger,
    | "status"
    | "monitored"
    | "order_status"
    | "filled_quantity"
    | "quantity_1"
    | "quantity_2"
    | "triggered_leg"
    | "leg_1_state"
    | "leg_2_state"
  >,
): Standing {
  switch (row.status) {
    case "active":
      if (!row.monitored) return { word: "Not watched", tone: "warn", icon: EyeOff };
      if (row.leg_1_state === "failed" || row.leg_2_state === "failed")
        return { word: "Armed, one leg failed", tone: "warn", icon: TriangleAlert };
      return { word: "Armed", tone: "accent", icon: CircleDot };
    case "firing":
      // Sent, and nobody knows yet whether it arrived: more than firing, and less than sent.
      if (row.order_status === "UNKNOWN") return orderStanding(row);
      return { word: "Firing", tone: "warn", icon: Zap };
    case "triggered":
      return orderStanding(row);
    case "failed":
      return { word: "Failed", tone: "down", icon: X };
    case "cancelled":
      return { word: "Cancelled", tone: "neutral", icon: Ban };
    case "expired":
      return { word: "Expired", tone: "neutral", icon: CircleDashed };
    case "needs_attention":
      return { word: "Needs attention", tone: "down", icon: TriangleAlert };
  }
}

function orderStanding(
  row: Pick<Trigger, "order_status" | "filled_quantity" | "quantity_1" | "quantity_2" | "triggered_leg">,
): Standing {
  const quantity = row.triggered_leg === 2 ? row.quantity_2 : row.quantity_1;
  switch (row.order_status) {
    case "COMPLETE":
      return { word: "Filled", tone: "up", icon: Check };
    case "REJECTED":
      return { word: "Order rejected", tone: "down", icon: X };
    case "CANCELLED":
      return row.filled_quantity > 0
        ? { word: `Cancelled, ${row.filled_quantity} filled`, tone: "down", icon: Ban }
        : { word: "Order cancelled", tone: "down", icon: Ban };
    case "UNKNOWN":
      return { word: "Order unknown", tone: "warn", icon: CircleHelp };
    default:
      if (row.filled_quantity > 0)
        return { word: `Partly filled ${row.filled_quantity}/${quantity ?? "?"}`, tone: "info", icon: Clock };
      return { word: "Order sent", tone: "info", icon: Send };
  }
}

export function StatusBadge({ row }: { row: Trigger }) {
  const { word, tone, icon } = standingOf(row);
  // That it is watched is true of now, or of when the engine was last heard: the shell dims it then.
  return (
    <span className={row.status === "active" && row.monitored ? "watched" : undefined}>
      <Badge tone={tone} icon={icon}>
        {word}
      </Badge>
    </span>
  );
}
