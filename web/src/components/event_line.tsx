import { Link } from "@tanstack/react-router";
import { CircleAlert, Dot, TriangleAlert } from "lucide-react";
import type { AuditRow } from "@/api/client";
import { formatMoment } from "@/lib/time";

const names: Record<string, string> = {
  claimed: "fired",
  created: "armed",
  broker_answered: "broker answered",
};

export const nameOfEvent = (event: string): string => names[event] ?? event.replaceAll("_", " ");

// The few words of an event's details that say what it was about.
export function gistOf(row: Pick<AuditRow, "event" | "detail">): string {
  const detail = row.detail;
  switch (row.event) {
    case "created":
      return `${detail.transaction_type ?? ""} ${detail.trading_symbol ?? ""} at ${detail.trigger_price_1 ?? ""}${detail.trigger_price_2 ? ` / ${detail.trigger_price_2}` : ""}`;
    case "claimed":
      return `${detail.instrument ?? ""} ${detail.rule ?? ""}`;
    case "order_filled":
      return `${detail.filled_quantity ?? ""} at ${detail.average_price ?? ""}`;
    case "broker_answered":
      return `${detail.verdict ?? ""}: ${detail.because ?? ""}`;
    default:
      return Object.entries(detail)
        .map(([name, value]) => `${name.replaceAll("_", " ")} ${value}`)
        .join(" · ");
  }
}

const signs = {
  info: { icon: Dot, colour: "text-fg-3", word: "" },
  warning: { icon: TriangleAlert, colour: "text-warn", word: "warning" },
  alarm: { icon: CircleAlert, colour: "text-down", word: "alarm" },
} as const;

export function Severity({ of }: { of: AuditRow["severity"] }) {
  const { icon: Icon, colour, word } = signs[of];
  return (
    <span className={colour}>
      <Icon size={14} aria-hidden />
      {word && <span className="sr-only">{word}</span>}
    </span>
  );
}

export function EventLine({ row, clock }: { row: AuditRow; clock: (at: string) => string }) {
  return (
    <li className="relative flex items-baseline gap-2 border-line border-b px-4 py-1.5 last:border-0">
      <time dateTime={row.at} title={formatMoment(row.at)} className="shrink-0 text-fg-3 text-xs">
        {clock(row.at)}
      </time>
      <span className="shrink-0 self-center">
        <Severity of={row.severity} />
      </span>
      <span className="shrink-0 font-medium">{nameOfEvent(row.event)}</span>
      <span className="min-w-0 flex-1 truncate text-fg-2" title={gistOf(row)}>
        {gistOf(row)}
      </span>
      {row.trigger_id && (
        <Link
          to="/triggers/$id"
          params={{ id: row.trigger_id }}
          className="shrink-0 text-accent text-xs hover:underline"
        >
          trigger<span className="sr-only"> of {nameOfEvent(row.event)}</span>
        </Link>
      )}
    </li>
  );
}
