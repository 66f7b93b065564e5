import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ScrollText } from "lucide-react";
import { type AuditRow, api, ask } from "@/api/client";
import { Button } from "@/components/button";
import { Choice } from "@/components/choice";
import { gistOf, nameOfEvent, Severity } from "@/components/event_line";
import { Empty, Failed, Loading, PageHead, Stale } from "@/components/states";
import { formatDay, formatExactClock, formatMoment } from "@/lib/time";
import { useHappenings } from "@/live/live";

const PAGE = 200;

// The trail, newest first, page by page. What happened since it was read is told, not pushed under the reader's eyes.
export function AuditPage() {
  const search = useSearch({ from: "/shell/audit" });
  const navigate = useNavigate({ from: "/audit" });
  const trail = useInfiniteQuery({
    queryKey: ["audit", "all", search.trigger ?? null],
    initialPageParam: Number.MAX_SAFE_INTEGER,
    queryFn: ({ pageParam }) =>
      ask(
        api.GET("/api/v1/audit", {
          params: {
            query: {
              before: pageParam,
              limit: PAGE,
              ...(search.trigger ? { trigger_id: search.trigger } : {}),
            },
          },
        }),
      ),
    getNextPageParam: (page) => page.next,
  });
  const rows = trail.data?.pages.flatMap((page) => page.audit) ?? [];
  const shown = rows.filter(
    (row) => !search.severity || row.severity === search.severity || row.severity === "alarm",
  );
  const since = (useHappenings()[0]?.seq ?? 0) - (rows[0]?.number ?? 0);
  return (
    <>
      <PageHead title="Audit">
        {since > 0 && rows.length > 0 && (
          <Button onClick={() => void trail.refetch()}>Newer ones are there: read again</Button>
        )}
        <Choice
          label="Severity"
          value={search.severity ?? "all"}
          onChange={(severity) =>
            void navigate({
              search: (before) => ({ ...before, severity: severity === "all" ? undefined : severity }),
              replace: true,
            })
          }
          options={[
            { value: "all", label: "All" },
            { value: "warning", label: "Warnings" },
            { value: "alarm", label: "Alarms" },
          ]}
        />
      </PageHead>
      <Stale what="The trail" read={trail} />
      {trail.isPending ? (
        <Loading what="the trail" />
      ) : !trail.data ? (
        <Failed what="The trail" error={trail.error} onRetry={() => void trail.refetch()} />
      ) : shown.length === 0 ? (
        <Empty icon={ScrollText} title="Nothing of that kind in what was read" />
      ) : (
        <ol className="bg-surface">
          {shown.map((row, index) => (
            <Entry key={row.number} row={row} before={shown[index - 1]} />
          ))}
        </ol>
      )}
      {trail.hasNextPage && (
        <div className="p-4 text-center">
          <Button disabled={trail.isFetchingNextPage} onClick={() => void trail.fetchNextPage()}>
            {trail.isFetchingNextPage ? "Reading…" : "Older ones"}
          </Button>
        </div>
      )}
    </>
  );
}

function Entry({ row, before }: { row: AuditRow; before: AuditRow | undefined }) {
  const newDay = before === undefined || formatDay(before.at) !== formatDay(row.at);
  return (
    <li className="border-line border-b">
      {newDay && <p className="bg-hover px-4 py-1 text-fg-2 text-xs">{formatDay(row.at)}</p>}
      <details>
        <summary className="flex cursor-pointer items-baseline gap-3 px-4 py-2 hover:bg-hover">
          <span className="w-12 shrink-0 text-right text-fg-3 text-xs max-md:hidden">{row.number}</span>
          <time dateTime={row.at} title={formatMoment(row.at)} className="shrink-0 text-fg-2 text-xs">
            {formatExactClock(row.at)}
          </time>
          <span className="self-center">
            <Severity of={row.severity} />
          </span>
          <span className="shrink-0 font-medium">{nameOfEvent(row.event)}</span>
          <span className="min-w-0 flex-1 truncate text-fg-2">{gistOf(row)}</span>
          <span className="shrink-0 text-fg-3 text-xs max-md:hidden">{row.actor}</span>
        </summary>
        <div className="bg-hover px-4 py-2">
          {row.trigger_id && (
            <Link to="/triggers/$id" params={{ id: row.trigger_id }} className="text-accent hover:underline">
              Open its trigger
            </Link>
          )}
          <section
            tabIndex={0}
            aria-label={`Event ${row.number} as JSON`}
            className="relative overflow-x-auto text-xs"
          >
            <pre>{JSON.stringify(row, null, 2)}</pre>
          </section>
        </div>
      </details>
    </li>
  );
}
