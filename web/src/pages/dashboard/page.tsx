import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { clsx } from "clsx";
import { Plus, ShieldAlert, ShieldCheck, Target } from "lucide-react";
import { type ReactNode, useMemo } from "react";
import { type AuditRow, api, ask } from "@/api/client";
import { Side, StatusBadge } from "@/components/badge";
import { buttonLook } from "@/components/button";
import { EventLine } from "@/components/event_line";
import { Empty, Failed, Loading, PageHead, Panel, Stale } from "@/components/states";
import { useStore } from "@/lib/store";
import { formatExactClock, formatMoment, formatShort, formatSpan } from "@/lib/time";
import { usePricesOf } from "@/live/interest";
import { useEngine, useHappenings, useLink } from "@/live/live";
import { type Row, readAllRows, triggerRows } from "@/live/trigger_rows";
import { distanceOf, lastPriceOf } from "@/pages/triggers/arrange";
import { Distance, LastPrice, levelsOf } from "@/pages/triggers/columns";
import { useSession } from "@/session/who";
import { conditionOf } from "@/shell/condition";
import { useCalm, useEngineNow } from "@/shell/now";
import { countsOf, whyNotWatched } from "./counts";

export function DashboardPage() {
  const { rows, state, problem } = useStore(triggerRows);
  const now = useEngineNow(10_000);
  const counts = useMemo(() => countsOf(rows, now), [rows, now]);
  if (state === "failed" && rows.length === 0)
    return <Failed what="The triggers" error={problem} onRetry={() => void readAllRows()} />;
  if (state === "loading" && rows.length === 0) return <Loading what="the dashboard" />;
  return (
    <>
      <PageHead title="Dashboard">
        <Link to="/triggers/new" className={buttonLook("primary")}>
          <Plus size={14} aria-hidden /> New trigger
        </Link>
      </PageHead>
      <div className="space-y-4 p-4">
        <div className="grid grid-cols-2 gap-3 sm:grid-cols-3 xl:grid-cols-5">
          <Figure name="Armed" value={counts.armed} to={{ show: "active" }} />
          <Figure name="Firing now" value={counts.firing} to={{ show: "active" }} />
          <Figure name="Fired today" value={counts.firedToday} to={{ show: "done" }} />
          <Figure name="Filled today" value={counts.filledToday} to={{ show: "done" }} />
          <Figure
            name="Need attention"
            value={counts.attention}
            to={{ show: "attention" }}
            tone={counts.attention > 0 ? "text-down" : undefined}
          />
        </div>
        <Protection rows={rows} armed={counts.armed} watched={counts.watched} />
        <div className="grid grid-cols-1 gap-4 xl:grid-cols-2">
          <Nearest rows={rows} />
          <div className="min-w-0 space-y-4">
            <LatestEvents />
            <BrokerStates />
            <EngineFigures />
          </div>
        </div>
      </div>
    </>
  );
}

function Figure({
  name,
  value,
  to,
  tone,
}: {
  name: string;
  value: number;
  to: { show: "active" | "done" | "attention" };
  tone?: string;
}) {
  return (
    <Link
      to="/triggers"
      search={to}
      className="rounded-lg border border-line bg-surface px-4 py-3 hover:bg-hover"
    >
      <span className="block text-fg-2">{name}</span>
      <span className={clsx("block font-semibold text-2xl", tone)}>{value.toLocaleString("en-IN")}</span>
    </Link>
  );
}

// The one question that matters: is what is armed really being watched?
function Protection({ rows, armed, watched }: { rows: readonly Row[]; armed: number; watched: number }) {
  const link = useLink();
  const condition = conditionOf(link, useEngine());
  const reasons = useMemo(() => whyNotWatched(rows), [rows]);
  if (armed === 0) return null;
  if (condition.kind === "cut-off")
    return (
      <Verdict good={false} title="Not known: this browser is cut off">
        When last heard, {watched} of {armed} armed triggers were watched.
      </Verdict>
    );
  // The engine's own word comes before the rows are read again.
  if (condition.kind === "stopped" || condition.kind === "no-feed")
    return (
      <Verdict
        good={false}
        title={
          armed === 1
            ? "The armed trigger is not being watched"
            : `None of the ${armed.toLocaleString("en-IN")} armed triggers is being watched`
        }
      >
        {condition.kind === "stopped" ? "The engine is stopped." : "The engine gets no prices."}
      </Verdict>
    );
  if (watched === armed)
    return (
      <Verdict
        good
        title={
          armed === 1
            ? "The armed trigger is being watched"
            : `All ${armed.toLocaleString("en-IN")} armed triggers are being watched`
        }
      >
        On the host. You can close this page.
      </Verdict>
    );
  return (
    <Verdict
      good={false}
      title={
        armed === 1
          ? "The armed trigger is not being watched"
          : `${(armed - watched).toLocaleString("en-IN")} of ${armed.toLocaleString("en-IN")} armed triggers are not being watched`
      }
    >
      <ul>
        {reasons.slice(0, 4).map(([reason, count]) => (
          <li key={reason}>
            {count.toLocaleString("en-IN")}: {reason}
          </li>
        ))}
      </ul>
    </Verdict>
  );
}

function Verdict({ good, title, children }: { good: boolean; title: string; children: ReactNode }) {
  const Icon = good ? ShieldCheck : ShieldAlert;
  return (
    <section
      aria-label="Protection"
      className={clsx(
        "flex gap-3 rounded-lg border px-4 py-3",
        good ? "border-line bg-surface" : "border-warn bg-warn-soft",
      )}
    >
      <Icon size={20} aria-hidden className={clsx("mt-0.5 shrink-0", good ? "text-up" : "text-warn")} />
      <div>
        <p className="font-semibold">{title}</p>
        <div className={good ? "text-fg-2" : "text-fg"}>{children}</div>
      </div>
    </section>
  );
}

const NEAREST_MAX = 8;

function Nearest({ rows }: { rows: readonly Row[] }) {
  const second = useEngineNow();
  const active = useMemo(() => rows.filter((row) => row.status === "active"), [rows]);
  usePricesOf(
    useMemo(() => [...new Set(active.map((row) => row.instrument_token))], [active]),
    "sorted",
  );
  // biome-ignore lint/correctness/useExhaustiveDependencies: the second stands for the prices
  const nearest = useMemo(() => nearestOf(active), [active, second]);
  usePricesOf(useMemo(() => nearest.map((row) => row.instrument_token), [nearest]));
  return (
    <Panel title="Nearest to firing" aside="by distance of the last price">
      {active.length === 0 ? (
        <Empty icon={Target} title="Nothing is armed">
          <p>A trigger watches a price on this host and sends your order when it is reached.</p>
        </Empty>
      ) : nearest.length === 0 ? (
        <p className="p-4 text-fg-3">No price has come yet.</p>
      ) : (
        <ul>
          {nearest.map((row) => (
            <li key={row.id} className="border-line border-b last:border-0">
              <Link
                to="/triggers/$id"
                params={{ id: row.id }}
                className="grid grid-cols-[3rem_minmax(0,1fr)_auto] items-center gap-x-3 px-4 py-2 hover:bg-hover sm:grid-cols-[3rem_minmax(0,1fr)_6rem_9rem]"
              >
                <Side side={row.transaction_type} />
                <span className="min-w-0">
                  <span className="block truncate font-medium">{row.trading_symbol}</span>
                  <span className="block truncate text-fg-3 text-xs">{levelsOf(row)}</span>
                </span>
                <span className="text-right">
                  <LastPrice row={row} />
                </span>
                <span className="max-sm:col-span-3 max-sm:mt-1">
                  {row.monitored ? <Distance row={row} /> : <StatusBadge row={row} />}
                </span>
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Panel>
  );
}

function nearestOf(active: readonly Row[]): Row[] {
  return active
    .flatMap((row) => {
      const away = distanceOf(row, lastPriceOf(row));
      return away === null ? [] : [{ row, away: Math.abs(away) }];
    })
    .sort((a, b) => a.away - b.away)
    .slice(0, NEAREST_MAX)
    .map((one) => one.row);
}

const EVENTS_MAX = 10;
const EVENTS_EVERY_MS = 1_000; // a crash of the market is hundreds of events at once

function LatestEvents() {
  const told = useHappenings();
  const newest = useCalm(told[0]?.seq ?? 0, EVENTS_EVERY_MS);
  const audit = useQuery({
    queryKey: ["audit", "latest", newest],
    queryFn: () =>
      ask(
        api.GET("/api/v1/audit", {
          params: { query: { before: Number.MAX_SAFE_INTEGER, limit: EVENTS_MAX } },
        }),
      ),
    placeholderData: (before: { audit: AuditRow[]; next: number | null } | undefined) => before,
  });
  return (
    <Panel
      title="Latest events"
      aside={
        <Link to="/audit" className="text-accent hover:underline">
          All of them
        </Link>
      }
    >
      <Stale what="The trail" read={audit} />
      {audit.isPending ? (
        <Loading what="events" />
      ) : !audit.data ? (
        <Failed what="The trail" error={audit.error} onRetry={() => void audit.refetch()} />
      ) : (
        <ol>
          {audit.data.audit.map((row) => (
            <EventLine key={row.number} row={row} clock={formatExactClock} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

// The user's own connections; a single user's account is in the engine's configuration and in its reasons.
function BrokerStates() {
  const session = useSession();
  const brokers = useQuery({ queryKey: ["brokers"], queryFn: () => ask(api.GET("/api/v1/brokers")) });
  const own = (brokers.data?.brokers ?? []).filter((one) => one.user_id === session?.user_id);
  if (own.length === 0) return null;
  return (
    <Panel
      title="Brokers"
      aside={
        <Link to="/brokers" className="text-accent hover:underline">
          Log in
        </Link>
      }
    >
      <ul>
        {own.map((one) => (
          <li
            key={one.id}
            className="flex flex-wrap justify-between gap-x-4 border-line border-b px-4 py-2 last:border-0"
          >
            <span className="font-medium">{one.name}</span>
            {one.live ? (
              <span className="text-up">
                Live{one.session_expires_at && ` until ${formatShort(one.session_expires_at)}`}
              </span>
            ) : (
              <span className="text-warn">{one.why_not_live ?? "Not live"}</span>
            )}
          </li>
        ))}
      </ul>
    </Panel>
  );
}

function EngineFigures() {
  const engine = useEngine();
  const now = useEngineNow();
  const stats = engine?.stats;
  if (!stats) return null;
  const figures: [string, ReactNode][] = [
    ["Active triggers", stats.active_triggers ?? "–"],
    ["Instruments subscribed", stats.subscribed_instruments],
    ["Ticks processed", stats.processed_ticks],
    ["Orders triggered", stats.triggered_orders ?? "–"],
    ["Orders failed", stats.failed_orders ?? "–"],
    ["Up", formatSpan(stats.uptime_seconds * 1000)],
    ["Price feed", stats.websocket_status],
    [
      "Last tick",
      stats.last_tick_time ? (
        <time key="tick" dateTime={stats.last_tick_time} title={formatMoment(stats.last_tick_time)}>
          {formatShort(stats.last_tick_time, now)}
        </time>
      ) : (
        "none yet"
      ),
    ],
  ];
  return (
    <Panel title="Engine">
      <dl className="grid grid-cols-2 gap-x-6 px-4 py-2">
        {figures.map(([name, value]) => (
          <div key={name} className="flex justify-between gap-3 py-1">
            <dt className="text-fg-2">{name}</dt>
            <dd>{typeof value === "number" ? value.toLocaleString("en-IN") : value}</dd>
          </div>
        ))}
      </dl>
    </Panel>
  );
}
