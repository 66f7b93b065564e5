import { useQuery } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { Gauge } from "lucide-react";
import { useState } from "react";
import { api, ask } from "@/api/client";
import type { components } from "@/api/schema";
import { Choice } from "@/components/choice";
import { Empty, Failed, Loading, PageHead, Panel, Stale } from "@/components/states";
import { formatMicroseconds, formatMoment } from "@/lib/time";
import { type Bar, barsOf } from "./bars";

type Performance = components["schemas"]["Performance"];
type Stage = Performance["stages"][number];

const RANGES = [
  { value: "15", label: "15 min" },
  { value: "60", label: "1 hour" },
  { value: "360", label: "6 hours" },
  { value: "1440", label: "1 day" },
] as const;
type Range = (typeof RANGES)[number]["value"];

const names: Record<Stage["stage"], string> = {
  tick_to_decision: "Tick → decision",
  decision_to_durable: "Decision → durable",
  durable_to_sent: "Durable → sent",
  sent_to_answered: "Sent → answered",
  tick_to_answered: "Tick → answered, all of it",
};

// How long fires take, as the engine counted them. Percentiles are the engine's: the page computes none.
export function PerformancePage() {
  const { minutes } = useSearch({ from: "/shell/performance" });
  const navigate = useNavigate({ from: "/performance" });
  const range: Range = RANGES.find((one) => Number(one.value) === minutes)?.value ?? "60";
  const [shown, setShown] = useState<Stage["stage"]>("tick_to_answered");
  const seen = useQuery({
    queryKey: ["performance", range],
    queryFn: () => ask(api.GET("/api/v1/performance", { params: { query: { minutes: Number(range) } } })),
    refetchInterval: 5_000,
    placeholderData: (before: Performance | undefined) => before,
  });
  const stage = seen.data?.stages.find((one) => one.stage === shown);
  return (
    <>
      <PageHead title="Performance">
        <Choice
          label="Range"
          value={range}
          onChange={(next) => void navigate({ search: { minutes: Number(next) }, replace: true })}
          options={RANGES}
        />
      </PageHead>
      <Stale what="The measurements" read={seen} />
      {seen.isPending ? (
        <Loading what="the measurements" />
      ) : !seen.data ? (
        <Failed what="The measurements" error={seen.error} onRetry={() => void seen.refetch()} />
      ) : (
        <div className="space-y-4 p-4">
          <Stages stages={seen.data.stages} shown={shown} onShow={setShown} />
          {stage && <Histogram stage={stage} />}
          <Work minutes={seen.data.minutes} since={seen.data.since} />
        </div>
      )}
    </>
  );
}

function Stages({
  stages,
  shown,
  onShow,
}: {
  stages: readonly Stage[];
  shown: Stage["stage"];
  onShow: (stage: Stage["stage"]) => void;
}) {
  const head = "px-3 py-2 text-right font-normal";
  const cell = "px-3 py-1.5 text-right";
  return (
    <Panel title="From tick to answer" aside="fires in this range">
      <section className="relative overflow-x-auto" aria-label="Stages" tabIndex={0}>
        <table className="w-full whitespace-nowrap">
          <thead className="text-fg-3 text-xs">
            <tr>
              <th className="px-4 py-2 text-left font-normal">Stage</th>
              <th className={head}>Fires</th>
              <th className={head}>p50</th>
              <th className={head}>p90</th>
              <th className={head}>p99</th>
              <th className={head}>p99.9</th>
              <th className={`${head} pr-4`}>Longest</th>
            </tr>
          </thead>
          <tbody>
            {stages.map((stage) => (
              <tr
                key={stage.stage}
                className={`border-line border-t ${stage.stage === shown ? "bg-accent-soft" : ""}`}
              >
                <td className="px-4 py-1.5">
                  <button
                    type="button"
                    aria-pressed={stage.stage === shown}
                    onClick={() => onShow(stage.stage)}
                    className="rounded font-medium text-accent hover:underline max-md:min-h-10"
                  >
                    {names[stage.stage]}
                  </button>
                </td>
                <td className={cell}>{stage.count.toLocaleString("en-IN")}</td>
                {[stage.p50_us, stage.p90_us, stage.p99_us, stage.p999_us].map((micros, index) => (
                  // biome-ignore lint/suspicious/noArrayIndexKey: four fixed columns
                  <td key={index} className={cell}>
                    {stage.count === 0 ? "–" : formatMicroseconds(micros)}
                  </td>
                ))}
                <td className={`${cell} pr-4`} title={stage.max_tag ? `order ${stage.max_tag}` : undefined}>
                  {stage.count === 0 ? "–" : formatMicroseconds(stage.max_us)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </Panel>
  );
}

function Bars({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const most = Math.max(1, ...bars.map((bar) => bar.count));
  return (
    <div role="img" aria-label={label} className="flex h-40 items-end justify-center gap-px px-4 pt-4">
      {bars.map((bar) => (
        <div
          key={bar.name}
          title={`${bar.name}: ${bar.count.toLocaleString("en-IN")}`}
          className={`min-w-0 max-w-10 flex-1 rounded-t-sm ${bar.bad ? "bg-down" : "bg-accent"}`}
          style={{ height: `${(bar.count / most) * 100}%`, minHeight: bar.count > 0 ? 2 : 0 }}
        />
      ))}
    </div>
  );
}

function Histogram({ stage }: { stage: Stage }) {
  const bars = barsOf(stage.buckets);
  return (
    <Panel
      title={names[stage.stage]}
      aside="how many fires took how long; each bar is a quarter of a doubling"
    >
      {bars.length === 0 ? (
        <Empty icon={Gauge} title="Nothing has fired in this range" />
      ) : (
        <>
          <Bars
            bars={bars}
            label={`${stage.count} fires from ${bars[0]?.name} to ${bars.at(-1)?.name}; half of them within ${formatMicroseconds(stage.p50_us)}`}
          />
          <p className="flex justify-between px-4 py-2 text-fg-3 text-xs">
            <span>{bars[0]?.name}</span>
            <span>{bars.at(-1)?.name}</span>
          </p>
        </>
      )}
    </Panel>
  );
}

function Work({ minutes, since }: { minutes: Performance["minutes"]; since: string }) {
  const total = (name: "ticks" | "fires" | "feed_losses") =>
    minutes.reduce((sum, minute) => sum + minute[name], 0);
  const bars = minutes.map((minute) => ({
    name: formatMoment(minute.at),
    count: minute.ticks,
    bad: minute.feed_losses > 0,
  }));
  return (
    <Panel title="Ticks a minute" aside={`measured since ${formatMoment(since)}`}>
      <Bars
        bars={bars}
        label={`${total("ticks").toLocaleString("en-IN")} ticks in ${minutes.length} minutes`}
      />
      <p className="flex flex-wrap gap-x-6 px-4 py-2 text-fg-2">
        <span>{total("ticks").toLocaleString("en-IN")} ticks</span>
        <span>{total("fires").toLocaleString("en-IN")} fires</span>
        <span className={total("feed_losses") > 0 ? "text-down" : ""}>
          {total("feed_losses").toLocaleString("en-IN")} losses of the feed
        </span>
      </p>
    </Panel>
  );
}
