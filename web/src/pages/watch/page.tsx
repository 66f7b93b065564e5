import { useQueries } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowDown, ArrowUp, ChartCandlestick, Eye, X } from "lucide-react";
import { useMemo, useState } from "react";
import type { Instrument } from "@/api/client";
import { Button, buttonLook, IconButton } from "@/components/button";
import { Dialog } from "@/components/dialog";
import { PriceCell } from "@/components/price_cell";
import { Empty, PageHead } from "@/components/states";
import { maybePriceOf } from "@/lib/price";
import { useStore } from "@/lib/store";
import { formatExactClock, formatMoment, formatSpan } from "@/lib/time";
import { usePricesOf } from "@/live/interest";
import { useQuote } from "@/live/prices";
import { triggerRows } from "@/live/trigger_rows";
import { instrumentQuery } from "@/pages/trigger_form/instrument";
import { InstrumentField } from "@/pages/trigger_form/instrument_field";
import { useEngineNow } from "@/shell/now";
import { addToWatch, moveInWatch, removeFromWatch, watched } from "./list";

// Live prices of the user's own list, then of what the armed triggers watch.
export function WatchPage() {
  const own = useStore(watched);
  const { rows } = useStore(triggerRows);
  const [adding, setAdding] = useState(false);
  const counts = useMemo(() => {
    const out = new Map<number, number>();
    for (const row of rows)
      if (row.status === "active") out.set(row.instrument_token, (out.get(row.instrument_token) ?? 0) + 1);
    return out;
  }, [rows]);
  const tokens = useMemo(
    () => [...own, ...[...counts.keys()].filter((token) => !own.includes(token))].slice(0, 300),
    [own, counts],
  );
  usePricesOf(tokens);
  return (
    <>
      <PageHead title="Live prices" count={tokens.length}>
        <Button tone="primary" onClick={() => setAdding(true)}>
          Add an instrument
        </Button>
      </PageHead>
      {tokens.length === 0 ? (
        <Empty icon={Eye} title="Nothing to watch yet">
          <p>Instruments of armed triggers appear here by themselves; others you can add.</p>
        </Empty>
      ) : (
        <Prices tokens={tokens} own={own} counts={counts} />
      )}
      <Dialog open={adding} onClose={() => setAdding(false)} title="Add an instrument">
        <InstrumentField
          onChoose={(instrument) => {
            addToWatch(instrument.instrument_token);
            setAdding(false);
          }}
        />
      </Dialog>
    </>
  );
}

function Prices({
  tokens,
  own,
  counts,
}: {
  tokens: readonly number[];
  own: readonly number[];
  counts: ReadonlyMap<number, number>;
}) {
  const instruments = useQueries({ queries: tokens.map((token) => instrumentQuery(token)) });
  const head = "px-3 py-2 font-normal";
  return (
    <div className="relative overflow-x-auto bg-surface" role="region" aria-label="Prices" tabIndex={0}>
      <table className="w-full whitespace-nowrap">
        <thead className="border-line border-b text-fg-3 text-xs uppercase">
          <tr>
            <th className={`${head} pl-4 text-left`}>Instrument</th>
            <th className={`${head} text-right`}>LTP</th>
            <th className={`${head} text-right`}>Exchange time</th>
            <th className={`${head} text-right max-md:hidden`}>Age</th>
            <th className={`${head} text-right`}>Armed</th>
            <th className={`${head} pr-4`}>
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token, index) => (
            <Line
              key={token}
              token={token}
              instrument={instruments[index]?.data}
              armed={counts.get(token) ?? 0}
              mine={own.includes(token)}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Line({
  token,
  instrument,
  armed,
  mine,
}: {
  token: number;
  instrument: Instrument | undefined;
  armed: number;
  mine: boolean;
}) {
  const name = instrument?.trading_symbol ?? String(token);
  const cell = "px-3 py-1.5";
  return (
    <tr className="border-line border-b hover:bg-hover">
      <td className={`${cell} pl-4`}>
        <span className="font-medium">{name}</span>{" "}
        <span className="text-fg-3 text-xs">{instrument?.exchange}</span>
      </td>
      <td className={`${cell} text-right font-medium`}>
        <PriceCell token={token} otherwise={maybePriceOf(instrument?.last_price)} />
      </td>
      <Age token={token} otherwise={instrument?.last_price_at ?? null} />
      <td className={`${cell} text-right`}>
        {armed > 0 ? (
          <Link to="/triggers" search={{ q: name, show: "active" }} className="text-accent hover:underline">
            {armed}
            <span className="sr-only"> armed on {name}</span>
          </Link>
        ) : (
          "–"
        )}
      </td>
      <td className={`${cell} pr-4`}>
        <span className="flex justify-end gap-1">
          {mine && (
            <>
              <IconButton
                label={`Move ${name} up`}
                className="max-md:hidden"
                onClick={() => moveInWatch(token, -1)}
              >
                <ArrowUp size={14} />
              </IconButton>
              <IconButton
                label={`Move ${name} down`}
                className="max-md:hidden"
                onClick={() => moveInWatch(token, 1)}
              >
                <ArrowDown size={14} />
              </IconButton>
              <IconButton label={`Remove ${name}`} onClick={() => removeFromWatch(token)}>
                <X size={14} />
              </IconButton>
            </>
          )}
          <Link
            to="/chart"
            search={{ token }}
            className={buttonLook("quiet", true)}
            aria-label={`Chart of ${name}`}
          >
            <ChartCandlestick size={14} aria-hidden />
          </Link>
          {instrument?.tradable && (
            <>
              <Link
                to="/triggers/new"
                search={{ token, side: "BUY" }}
                className={buttonLook("buy", true)}
                aria-label={`Trigger to buy ${name}`}
              >
                B
              </Link>
              <Link
                to="/triggers/new"
                search={{ token, side: "SELL" }}
                className={buttonLook("sell", true)}
                aria-label={`Trigger to sell ${name}`}
              >
                S
              </Link>
            </>
          )}
        </span>
      </td>
    </tr>
  );
}

function Age({ token, otherwise }: { token: number; otherwise: string | null }) {
  const quote = useQuote(token);
  const now = useEngineNow();
  const at = quote?.at ?? (otherwise ? Date.parse(otherwise) : null);
  return (
    <>
      <td className="px-3 py-1.5 text-right text-fg-2">
        {at === null ? (
          "no price yet"
        ) : (
          <time dateTime={new Date(at).toISOString()} title={formatMoment(at)}>
            {formatExactClock(at)}
          </time>
        )}
      </td>
      <td className="px-3 py-1.5 text-right text-fg-3 max-md:hidden">
        {at === null ? "–" : formatSpan(now - at)}
      </td>
    </>
  );
}
