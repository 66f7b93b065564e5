import type { AuditRow, Trigger } from "@/api/client";
import { gistOf, nameOfEvent, Severity } from "@/components/event_line";
import { Failed, Loading, Panel, Stale } from "@/components/states";
import { formatDay, formatExactClock, formatMoment } from "@/lib/time";
import { apart } from "./apart";
import { useWhy } from "./why";

// Everything that the trail has of this trigger, in order, with the time from one step to the next.
export function Timeline({ row }: { row: Trigger }) {
  const trail = useWhy(row);
  return (
    <Panel
      title="Timeline"
      aside={trail.data && `${trail.data.events.length} ${trail.data.events.length === 1 ? "step" : "steps"}`}
    >
      <Stale what="The trail" read={trail} />
      {trail.isPending ? (
        <Loading what="the trail" />
      ) : !trail.data ? (
        <Failed what="The trail" error={trail.error} onRetry={() => void trail.refetch()} />
      ) : (
        <ol>
          {trail.data.events.map((step, index, all) => (
            <Step key={step.number} step={step} before={all[index - 1]} />
          ))}
        </ol>
      )}
    </Panel>
  );
}

const SHOWN_APART_MS = 60_000;

function since(step: AuditRow, before: AuditRow | undefined): string | null {
  if (!before) return null;
  const span = Date.parse(step.at) - Date.parse(before.at);
  return span >= 0 && span < SHOWN_APART_MS ? apart(before.at, step.at) : null;
}

function Step({ step, before }: { step: AuditRow; before: AuditRow | undefined }) {
  const newDay = before === undefined || formatDay(before.at) !== formatDay(step.at);
  const details = Object.entries(step.detail);
  return (
    <li className="border-line border-b last:border-0">
      {newDay && <p className="bg-hover px-4 py-1 text-fg-2 text-xs">{formatDay(step.at)}</p>}
      <details className="group">
        <summary className="flex cursor-pointer items-baseline gap-3 px-4 py-2 hover:bg-hover">
          <time dateTime={step.at} title={formatMoment(step.at)} className="shrink-0 text-fg-2 text-xs">
            {formatExactClock(step.at)}
          </time>
          <span className="self-center">
            <Severity of={step.severity} />
          </span>
          <span className="shrink-0 font-medium">{nameOfEvent(step.event)}</span>
          <span className="min-w-0 flex-1 truncate text-fg-2">{gistOf(step)}</span>
          <span className="shrink-0 text-fg-3 text-xs">{since(step, before)}</span>
        </summary>
        <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1 bg-hover px-4 py-2 text-xs">
          <dt className="text-fg-2">by</dt>
          <dd>{step.actor}</dd>
          {step.tag && (
            <>
              <dt className="text-fg-2">tag</dt>
              <dd>{step.tag}</dd>
            </>
          )}
          {details.map(([name, value]) => (
            <div key={name} className="contents">
              <dt className="text-fg-2">{name.replaceAll("_", " ")}</dt>
              <dd className="break-words">{value}</dd>
            </div>
          ))}
        </dl>
      </details>
    </li>
  );
}
