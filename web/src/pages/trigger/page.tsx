import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { Ban, ChartCandlestick, Copy, Pencil } from "lucide-react";
import { type ReactNode, useMemo, useState } from "react";
import { api, ask, type Trigger } from "@/api/client";
import { Badge, Side, StatusBadge } from "@/components/badge";
import { Button, buttonLook } from "@/components/button";
import { PriceCell } from "@/components/price_cell";
import { Failed, Loading, PageHead, Panel } from "@/components/states";
import { formatPrice, maybePriceOf, priceOf } from "@/lib/price";
import { useStore } from "@/lib/store";
import { formatMoment } from "@/lib/time";
import { usePricesOf } from "@/live/interest";
import { takeRead, triggerRows } from "@/live/trigger_rows";
import { CancelTriggers } from "@/pages/triggers/cancel";
import { Distance, KindBadge } from "@/pages/triggers/columns";
import { Because } from "./because";
import { type LegWord, legTones, legWord } from "./leg_word";
import { Orders } from "./orders";
import { Timeline } from "./timeline";

export function TriggerPage() {
  const { id } = useParams({ from: "/shell/triggers/$id" });
  const { rows } = useStore(triggerRows);
  const known = rows.find((row) => row.id === id);
  const read = useQuery({
    queryKey: ["trigger", id, "row"],
    queryFn: async () => {
      const row = await ask(api.GET("/api/v1/triggers/{id}", { params: { path: { id } } }));
      takeRead(row);
      return row;
    },
  });
  // The list is kept true by the stream; whether a row is watched changes without a new version.
  const row = known && known.version >= (read.data?.version ?? 0) ? known : read.data;
  if (!row) {
    if (read.error)
      return <Failed what="The trigger" error={read.error} onRetry={() => void read.refetch()} />;
    return <Loading what="the trigger" />;
  }
  return <Detail row={row} />;
}

function Detail({ row }: { row: Trigger }) {
  const navigate = useNavigate();
  const [cancelling, setCancelling] = useState<readonly Trigger[] | null>(null);
  usePricesOf(useMemo(() => [row.instrument_token], [row.instrument_token]));
  return (
    <>
      <PageHead
        title={
          <span className="flex flex-wrap items-center gap-2">
            <span className="wrap-anywhere">{row.trading_symbol}</span>{" "}
            <span className="font-normal text-fg-3">{row.exchange}</span>
            <Side side={row.transaction_type} />
            <KindBadge row={row} />
            <StatusBadge row={row} />
          </span>
        }
      >
        {row.status === "active" && (
          <>
            <Link to="/triggers/$id/edit" params={{ id: row.id }} className={buttonLook()}>
              <Pencil size={14} aria-hidden /> Edit
            </Link>
            <Button tone="danger" onClick={() => setCancelling([row])}>
              <Ban size={14} aria-hidden /> Cancel
            </Button>
          </>
        )}
        <Link
          to="/triggers/new"
          search={{ from: row.id, token: row.instrument_token }}
          className={buttonLook()}
        >
          <Copy size={14} aria-hidden /> Clone
        </Link>
        <Link to="/chart" search={{ token: row.instrument_token }} className={buttonLook()}>
          <ChartCandlestick size={14} aria-hidden /> Chart
        </Link>
      </PageHead>
      <div className="grid grid-cols-1 gap-4 p-4 xl:grid-cols-[minmax(0,3fr)_minmax(0,2fr)]">
        <div className="min-w-0 space-y-4">
          <Because row={row} />
          <Timeline row={row} />
          <Orders row={row} />
        </div>
        <div className="min-w-0 space-y-4">
          <Legs row={row} />
          <Facts row={row} />
          <Raw row={row} />
        </div>
      </div>
      <CancelTriggers
        rows={cancelling}
        onClose={() => setCancelling(null)}
        onDone={() => void navigate({ to: "/triggers/$id", params: { id: row.id } })}
      />
    </>
  );
}

function LegLine({
  name,
  trigger,
  limit,
  quantity,
  product,
  state,
  fires,
}: {
  name: string;
  trigger: number;
  limit: number | null;
  quantity: number | null;
  product: string | null;
  state: LegWord | null;
  fires: string;
}) {
  return (
    <tr className="border-line border-b last:border-0">
      <th className="px-4 py-2 text-left font-medium">{name}</th>
      <td className="px-2 py-2 text-right">
        {fires} {formatPrice(priceOf(trigger))}
      </td>
      <td className="px-2 py-2 text-right">{limit === null ? "market" : formatPrice(priceOf(limit))}</td>
      <td className="px-2 py-2 text-right">
        {quantity?.toLocaleString("en-IN")} <span className="text-fg-3 text-xs">{product}</span>
      </td>
      <td className="px-4 py-2 text-right">{state && <Badge tone={legTones[state]}>{state}</Badge>}</td>
    </tr>
  );
}

function Legs({ row }: { row: Trigger }) {
  const pair = row.condition_type === "two-leg";
  const usual = row.transaction_type === "SELL" ? "≤" : "≥";
  const other = usual === "≤" ? "≥" : "≤";
  const single = row.direction === null ? usual : row.direction === "<=" ? "≤" : "≥";
  return (
    <Panel title={pair ? "Legs" : "Level"} aside={<LastPrice row={row} />}>
      <section className="relative overflow-x-auto" aria-label="Legs" tabIndex={0}>
        <table className="w-full">
          <thead className="text-fg-3 text-xs">
            <tr>
              <th className="px-4 py-2 text-left font-normal">Leg</th>
              <th className="px-2 py-2 text-right font-normal">Fires at</th>
              <th className="px-2 py-2 text-right font-normal">Limit</th>
              <th className="px-2 py-2 text-right font-normal">Quantity</th>
              <th className="px-4 py-2 text-right font-normal">State</th>
            </tr>
          </thead>
          <tbody>
            <LegLine
              name={pair ? "Stop-loss" : "Trigger"}
              fires={pair ? usual : single}
              trigger={row.trigger_price_1}
              limit={row.order_price_1}
              quantity={row.quantity_1}
              product={row.product_type_1}
              state={legWord(row, 1)}
            />
            {row.trigger_price_2 !== null && (
              <LegLine
                name="Target"
                fires={other}
                trigger={row.trigger_price_2}
                limit={row.order_price_2}
                quantity={row.quantity_2}
                product={row.product_type_2}
                state={legWord(row, 2)}
              />
            )}
          </tbody>
        </table>
      </section>
      {row.status === "active" && (
        <div className="border-line border-t px-4 py-2">
          <Distance row={row} />
        </div>
      )}
    </Panel>
  );
}

const LastPrice = ({ row }: { row: Trigger }) => (
  <span>
    LTP{" "}
    <PriceCell
      token={row.instrument_token}
      otherwise={maybePriceOf(row.last_price)}
      className="font-medium text-fg"
    />
  </span>
);

function Facts({ row }: { row: Trigger }) {
  const facts: [string, ReactNode][] = [
    ["Created", formatMoment(row.created_at)],
    ["Changed", formatMoment(row.updated_at)],
    ["Valid until", row.expires_at ? formatMoment(row.expires_at) : "it fires or is cancelled"],
    ["Unknown orders", row.on_unknown === "park" ? "are parked" : "are sent again once shown absent"],
    ["Version", row.version],
    [
      "Id",
      <code key="id" className="break-all text-xs">
        {row.id}
      </code>,
    ],
  ];
  return (
    <Panel title="Facts">
      <dl className="px-4 py-2">
        {facts.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-4 py-1">
            <dt className="shrink-0 text-fg-2">{name}</dt>
            <dd className="text-right">{value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}

function Raw({ row }: { row: Trigger }) {
  return (
    <details className="rounded-lg border border-line bg-surface">
      <summary className="cursor-pointer px-4 py-2.5 font-semibold">As the API gives it</summary>
      <section
        tabIndex={0}
        aria-label="The row as JSON"
        className="relative overflow-x-auto border-line border-t p-4 text-xs"
      >
        <pre>{JSON.stringify(row, null, 2)}</pre>
      </section>
    </details>
  );
}
