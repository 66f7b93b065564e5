import { memo } from "react";
import { Badge, Side, StatusBadge } from "@/components/badge";
import { PriceCell } from "@/components/price_cell";
import { formatBasisPoints } from "@/lib/percent";
import { formatPrice, maybePriceOf, priceOf } from "@/lib/price";
import { useQuote } from "@/live/prices";
import type { Row } from "@/live/trigger_rows";
import { armedLegs, distanceOf, lastPriceOf } from "./arrange";

export const KindBadge = ({ row }: { row: Row }) => (
  <Badge tone="neutral">{row.condition_type === "two-leg" ? "OCO" : "Single"}</Badge>
);

export function levelsOf(row: Row): string {
  const first = formatPrice(priceOf(row.trigger_price_1));
  return row.trigger_price_2 === null ? first : `${first} / ${formatPrice(priceOf(row.trigger_price_2))}`;
}

export const quantityOf = (row: Row): string =>
  row.quantity_2 === null || row.quantity_2 === row.quantity_1
    ? row.quantity_1.toLocaleString("en-IN")
    : `${row.quantity_1.toLocaleString("en-IN")} / ${row.quantity_2.toLocaleString("en-IN")}`;

// A bar that is full at the level and empty ten per cent away from it.
const FAR = 1_000;
const NEAR = 50;

export function Distance({ row }: { row: Row }) {
  useQuote(row.instrument_token);
  const away = distanceOf(row, lastPriceOf(row));
  if (away === null || armedLegs(row).length === 0) return <span className="text-fg-3">–</span>;
  const filled = Math.max(0, 1 - Math.abs(away) / FAR);
  const near = Math.abs(away) <= NEAR;
  return (
    <span className="flex items-center gap-2">
      <span className="h-1.5 w-14 shrink-0 overflow-hidden rounded-full bg-hover" aria-hidden>
        <span
          className={`block h-full rounded-full ${near ? "bg-warn" : "bg-accent"}`}
          style={{ width: `${filled * 100}%` }}
        />
      </span>
      <span className={near ? "font-medium text-warn" : "text-fg-2"}>{formatBasisPoints(away)}</span>
    </span>
  );
}

export const LastPrice = ({ row }: { row: Row }) => (
  <PriceCell token={row.instrument_token} otherwise={maybePriceOf(row.last_price)} />
);

// Instrument · type · side · quantity · trigger · LTP · distance · status · actions
export const GRID =
  "grid items-center gap-x-3 px-4 " +
  "grid-cols-[1.5rem_minmax(8rem,1.4fr)_4.5rem_3.5rem_minmax(4rem,0.6fr)_minmax(10rem,1fr)_6.5rem_8.5rem_minmax(8rem,1fr)_4.5rem] " +
  "max-lg:grid-cols-[1.5rem_minmax(7rem,1.4fr)_3.5rem_minmax(9rem,1fr)_6rem_8rem_minmax(7rem,1fr)_4.5rem]";

export const WIDE_ONLY = "max-lg:hidden";

export const Cells = memo(function Cells({ row }: { row: Row }) {
  return (
    <>
      <span role="gridcell" className="min-w-0 truncate">
        <span className="font-medium">{row.trading_symbol}</span>{" "}
        <span className="text-fg-3 text-xs">{row.exchange}</span>
      </span>
      <span role="gridcell" className={WIDE_ONLY}>
        <KindBadge row={row} />
      </span>
      <span role="gridcell">
        <Side side={row.transaction_type} />
      </span>
      <span role="gridcell" className={`text-right ${WIDE_ONLY}`}>
        {quantityOf(row)}
      </span>
      <span role="gridcell" className="truncate text-right">
        {levelsOf(row)}
      </span>
      <span role="gridcell" className="text-right">
        <LastPrice row={row} />
      </span>
      <span role="gridcell">
        <Distance row={row} />
      </span>
      <span
        role="gridcell"
        className="min-w-0 overflow-hidden"
        title={row.not_monitored_reason ?? row.error_message ?? ""}
      >
        <StatusBadge row={row} />
      </span>
    </>
  );
});

export function Card({ row }: { row: Row }) {
  return (
    <>
      <span className="flex items-center justify-between gap-2">
        <span className="flex min-w-0 items-center gap-2">
          <Side side={row.transaction_type} />
          <span className="truncate font-medium">{row.trading_symbol}</span>
          <span className="text-fg-3 text-xs">{row.condition_type === "two-leg" ? "OCO" : "SINGLE"}</span>
        </span>
        <LastPrice row={row} />
      </span>
      <span className="mt-1 flex items-center justify-between gap-2 text-fg-2">
        <span className="truncate">
          {quantityOf(row)} @ {levelsOf(row)}
        </span>
        <StatusBadge row={row} />
      </span>
    </>
  );
}
