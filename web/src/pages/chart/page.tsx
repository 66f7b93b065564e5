import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ChartCandlestick, Plus } from "lucide-react";
import { useMemo, useState } from "react";
import { api, ask, type Instrument } from "@/api/client";
import { Button, buttonLook } from "@/components/button";
import { Choice } from "@/components/choice";
import { PriceCell } from "@/components/price_cell";
import { Empty, Failed, Loading, PageHead, Stale } from "@/components/states";
import { engineNow } from "@/lib/engine_clock";
import { decimalsOfTick, formatPrice, maybePriceOf, type Price, priceOf, toWire } from "@/lib/price";
import { useStore } from "@/lib/store";
import { formatMoment } from "@/lib/time";
import { usePricesOf } from "@/live/interest";
import { triggerRows } from "@/live/trigger_rows";
import { useInstrument } from "@/pages/trigger_form/instrument";
import { InstrumentField } from "@/pages/trigger_form/instrument_field";
import { useKeys } from "@/shell/keys";
import { CandleChart } from "./candle_chart";
import { type Candle, readCandles, type SpanWord, spans } from "./candles";
import { LegEditor, SaveBar } from "./leg_editor";
import { type Line, linesOf, type Moved } from "./lines";

const INTERVALS = [
  { value: "minute", label: "1 min" },
  { value: "5minute", label: "5 min" },
  { value: "15minute", label: "15 min" },
  { value: "day", label: "Day" },
] as const;

export function ChartPage() {
  const { token } = useSearch({ from: "/shell/chart" });
  const navigate = useNavigate({ from: "/chart" });
  const instrument = useInstrument(token);
  if (token === undefined)
    return (
      <>
        <PageHead title="Chart" />
        <div className="mx-auto max-w-3xl p-4">
          <InstrumentField
            onChoose={(chosen) => void navigate({ search: { token: chosen.instrument_token } })}
          />
        </div>
      </>
    );
  if (instrument.data) return <InstrumentChart key={token} instrument={instrument.data} />;
  if (instrument.error)
    return (
      <Failed what="The instrument" error={instrument.error} onRetry={() => void instrument.refetch()} />
    );
  return <Loading what="the instrument" />;
}

function useCandles(token: number, interval: SpanWord) {
  return useQuery({
    queryKey: ["candles", token, interval],
    queryFn: async ({ signal }) => {
      const until = engineNow();
      const answer = await ask(
        api.GET("/api/v1/instruments/{token}/candles", {
          params: {
            path: { token },
            query: {
              interval,
              from: new Date(until - spans[interval]).toISOString(),
              to: new Date(until).toISOString(),
            },
          },
          signal,
        }),
      );
      return { ...answer, candles: readCandles(answer.candles) };
    },
    refetchInterval: 60_000,
  });
}

function InstrumentChart({ instrument }: { instrument: Instrument }) {
  const search = useSearch({ from: "/shell/chart" });
  const navigate = useNavigate({ from: "/chart" });
  const interval = search.interval ?? "minute";
  const token = instrument.instrument_token;
  usePricesOf(useMemo(() => [token], [token]));
  const candles = useCandles(token, interval);
  const { rows } = useStore(triggerRows);
  const lines = useMemo(() => linesOf(rows, token), [rows, token]);
  const [moved, setMoved] = useState<Moved | null>(null);
  const [asTable, setAsTable] = useState(false);
  const [crosshair, setCrosshair] = useState<Price | null>(null);
  const choose = (next: SpanWord) =>
    void navigate({ search: (before) => ({ ...before, interval: next }), replace: true });
  useKeys({ "1": () => choose("minute"), "5": () => choose("5minute"), d: () => choose("day") });
  const tick = priceOf(instrument.tick_size);
  const decimals = decimalsOfTick(tick);
  const newAt = (price: Price | null) =>
    void navigate({ to: "/triggers/new", search: { token, ...(price ? { price: toWire(price) } : {}) } });

  return (
    <div className="flex h-full min-h-0 flex-col">
      <PageHead
        title={
          <span className="flex items-baseline gap-2">
            {instrument.trading_symbol} <span className="font-normal text-fg-3">{instrument.exchange}</span>
            <PriceCell
              token={token}
              otherwise={maybePriceOf(instrument.last_price)}
              decimals={decimals}
              className="font-semibold"
            />
          </span>
        }
      >
        <Choice label="Interval" value={interval} onChange={choose} options={INTERVALS} />
        <Button onClick={() => setAsTable(!asTable)}>{asTable ? "As a chart" : "As a table"}</Button>
        <Button onClick={() => void navigate({ search: {} })}>Another</Button>
      </PageHead>
      {moved && (
        <SaveBar
          moved={moved}
          onDone={() => setMoved(null)}
          decimals={decimals}
          key={`${moved.line.key}${moved.to}`}
        />
      )}
      <div className="flex min-h-0 flex-1 max-lg:flex-col">
        <div className="flex min-h-80 min-w-0 flex-1 flex-col bg-surface">
          <Stale what="The candles" read={candles} />
          {candles.isPending ? (
            <Loading what="candles" />
          ) : !candles.data ? (
            <Failed what="The candles" error={candles.error} onRetry={() => void candles.refetch()} />
          ) : candles.data.candles.length === 0 ? (
            <Empty icon={ChartCandlestick} title="No past prices in this span">
              <p>{candles.data.why_not_broker ?? "The broker has none."} New ones appear as they come.</p>
            </Empty>
          ) : asTable ? (
            <CandleTable candles={candles.data.candles} decimals={decimals} />
          ) : (
            <CandleChart
              candles={candles.data.candles}
              interval={interval}
              token={token}
              name={instrument.trading_symbol}
              lines={lines}
              moved={moved}
              tick={tick}
              decimals={decimals}
              onMove={setMoved}
              onCrosshair={setCrosshair}
              onCreate={newAt}
            />
          )}
          <p className="flex flex-wrap justify-between gap-x-4 border-line border-t px-4 py-1.5 text-fg-3 text-xs">
            <span>
              {candles.data &&
                (candles.data.source === "broker"
                  ? "Candles of the broker"
                  : `Candles of the ticks that this engine saw: ${candles.data.why_not_broker ?? ""}`)}
            </span>
            <a
              href="https://www.tradingview.com/"
              target="_blank"
              rel="noreferrer"
              className="hover:underline"
            >
              Charts by TradingView
            </a>
          </p>
        </div>
        <Rail instrument={instrument} lines={lines} tick={tick} decimals={decimals} onMove={setMoved}>
          {instrument.tradable && (
            <Button
              tone="primary"
              onClick={() => newAt(crosshair)}
              title="Alt A on the chart: at the crosshair"
            >
              <Plus size={14} aria-hidden /> New trigger
              {crosshair ? ` at ${formatPrice(crosshair, decimals)}` : ""}
            </Button>
          )}
        </Rail>
      </div>
    </div>
  );
}

function Rail({
  instrument,
  lines,
  tick,
  decimals,
  onMove,
  children,
}: {
  instrument: Instrument;
  lines: readonly Line[];
  tick: Price;
  decimals: number;
  onMove: (moved: Moved | null) => void;
  children: React.ReactNode;
}) {
  return (
    <aside
      aria-label={`Triggers on ${instrument.trading_symbol}`}
      className="w-80 shrink-0 space-y-3 overflow-y-auto border-line border-l bg-surface p-4 max-lg:w-full max-lg:border-t max-lg:border-l-0"
    >
      {children}
      {lines.length === 0 ? (
        <p className="text-fg-2">No trigger is armed on this instrument.</p>
      ) : (
        <p className="text-fg-2 text-xs">Drag a line, or change its price here.</p>
      )}
      {lines.map((line) => (
        <LegEditor key={line.key} line={line} tick={tick} decimals={decimals} onMove={onMove} />
      ))}
      <Link to="/triggers" search={{ q: instrument.trading_symbol }} className={buttonLook("plain", true)}>
        All on {instrument.trading_symbol}
      </Link>
    </aside>
  );
}

const ROWS_MAX = 200;

function CandleTable({ candles, decimals }: { candles: readonly Candle[]; decimals: number }) {
  const head = "px-3 py-2 text-right font-normal";
  return (
    <section aria-label="Candles" tabIndex={0} className="relative min-h-0 flex-1 overflow-auto">
      <table className="w-full whitespace-nowrap">
        <thead className="text-fg-3 text-xs">
          <tr>
            <th className="px-4 py-2 text-left font-normal">From</th>
            <th className={head}>Open</th>
            <th className={head}>High</th>
            <th className={head}>Low</th>
            <th className={head}>Close</th>
            <th className={`${head} pr-4`}>Volume</th>
          </tr>
        </thead>
        <tbody>
          {candles
            .slice(-ROWS_MAX)
            .reverse()
            .map((candle) => (
              <tr key={candle.at} className="border-line border-t">
                <td className="px-4 py-1">{formatMoment(candle.at)}</td>
                {[candle.open, candle.high, candle.low, candle.close].map((price, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: four fixed columns
                  <td key={index} className="px-3 py-1 text-right">
                    {formatPrice(price, decimals)}
                  </td>
                ))}
                <td className="px-3 py-1 pr-4 text-right">{candle.volume?.toLocaleString("en-IN") ?? "–"}</td>
              </tr>
            ))}
        </tbody>
      </table>
    </section>
  );
}
