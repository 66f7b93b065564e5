import { clsx } from "clsx";
import {
  CircleCheck,
  CircleDashed,
  CircleSlash,
  type LucideIcon,
  RadioTower,
  TriangleAlert,
  Unplug,
} from "lucide-react";
import { Popover } from "radix-ui";
import { formatMoment, formatSpan } from "@/lib/time";
import { useEngine, useLink } from "@/live/live";
import { type Condition, conditionOf } from "./condition";
import { useBrowserNow, useEngineNow } from "./now";

const looks: Record<Condition["kind"], { icon: LucideIcon; colour: string; border?: string }> = {
  connecting: { icon: CircleDashed, colour: "text-fg-3" },
  "cut-off": { icon: Unplug, colour: "text-down", border: "border-down" },
  polled: { icon: Unplug, colour: "text-warn", border: "border-warn" },
  stopped: { icon: CircleSlash, colour: "text-fg-2", border: "border-line-strong" },
  starting: { icon: CircleDashed, colour: "text-warn" },
  "no-feed": { icon: RadioTower, colour: "text-warn", border: "border-warn" },
  degraded: { icon: TriangleAlert, colour: "text-warn", border: "border-warn" },
  running: { icon: CircleCheck, colour: "text-up" },
};

export function StatusChip() {
  const link = useLink();
  const engine = useEngine();
  const condition = conditionOf(link, engine);
  const { icon: Icon, colour, border } = looks[condition.kind];
  return (
    <Popover.Root>
      <Popover.Trigger
        className={clsx(
          "flex h-8 shrink-0 items-center gap-1.5 rounded-md border bg-surface px-2.5 font-medium hover:bg-hover max-md:h-11",
          border ?? "border-line",
          colour,
        )}
        aria-label={`Engine: ${condition.word}. Details`}
      >
        <Icon size={14} aria-hidden />
        <span className="max-[480px]:sr-only">{condition.word}</span>
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Content
          align="end"
          sideOffset={6}
          className="z-50 w-96 max-w-[calc(100vw-1rem)] rounded-lg border border-line bg-raised p-4 shadow-xl focus:outline-none"
          aria-label="How the engine is"
        >
          <Details />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}

function Line({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div className="flex justify-between gap-4 py-1">
      <dt className="shrink-0 text-fg-2">{name}</dt>
      <dd className="text-right">{children}</dd>
    </div>
  );
}

const linkWords = { connecting: "connecting", live: "connected", lost: "cut off" } as const;
const feedWords = {
  connected: "connected",
  connecting: "connecting",
  disconnected: "not connected",
} as const;

function Details() {
  const link = useLink();
  const engine = useEngine();
  const now = useEngineNow();
  const here = useBrowserNow();
  const stats = engine?.stats;
  return (
    <>
      <dl>
        <Line name="This browser">
          {linkWords[link.state]}
          {link.state === "lost" && link.answered && ", but it answers"}
          {link.state === "lost" && ` for ${formatSpan(here - link.since)}: ${link.because}`}
        </Line>
        <Line name="Engine">
          {engine ? engine.status : "not known"}
          {engine && link.state === "lost" && " when last heard"}
          {stats && `, up ${formatSpan(stats.uptime_seconds * 1000)}`}
        </Line>
        {stats && (
          <>
            <Line name="Price feed">{feedWords[stats.websocket_status]}</Line>
            <Line name="Last tick">
              {stats.last_tick_time ? (
                <time dateTime={stats.last_tick_time} title={formatMoment(stats.last_tick_time)}>
                  {formatSpan(now - Date.parse(stats.last_tick_time))} ago
                </time>
              ) : (
                "none yet"
              )}
            </Line>
            <Line name="Instruments watched">{stats.subscribed_instruments.toLocaleString("en-IN")}</Line>
            {stats.queued_orders !== null && (
              <Line name="Orders that wait for the rate limit">{stats.queued_orders}</Line>
            )}
            {stats.unknown_orders !== null && (
              <Line name="Orders being looked up">{stats.unknown_orders}</Line>
            )}
          </>
        )}
        {engine?.lease_epoch !== undefined && <Line name="Lease">epoch {engine.lease_epoch}</Line>}
      </dl>
      {engine?.reasons && engine.reasons.length > 0 && (
        <ul className="mt-2 space-y-1 border-line border-t pt-2 text-warn">
          {engine.reasons.map((reason) => (
            <li key={reason}>{reason}</li>
          ))}
        </ul>
      )}
      <p className="mt-2 border-line border-t pt-2 text-fg-3 text-xs">
        Triggers are watched on the host. You can close this page.
      </p>
    </>
  );
}
