import { Link, useSearch } from "@tanstack/react-router";
import { SearchX, Target } from "lucide-react";
import { useDeferredValue, useMemo, useState } from "react";
import { Button, buttonLook } from "@/components/button";
import { Empty, Failed, Loading } from "@/components/states";
import { useStore } from "@/lib/store";
import { type Row, readAllRows, triggerRows } from "@/live/trigger_rows";
import { useEngineNow } from "@/shell/now";
import { arrange } from "./arrange";
import { CancelTriggers } from "./cancel";
import { useChangeSearch } from "./change_search";
import { List } from "./list";
import type { TriggersSearch } from "./search";
import { SelectionBar, Toolbar } from "./toolbar";

export function TriggersPage() {
  const search = useSearch({ from: "/shell/triggers" });
  const { rows, state, problem } = useStore(triggerRows);
  const arranged = useArranged(rows, search);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [cancelling, setCancelling] = useState<readonly Row[] | null>(null);
  const chosen = useMemo(() => arranged.filter((row) => selected.has(row.id)), [arranged, selected]);
  const armed = useMemo(() => chosen.filter((row) => row.status === "active"), [chosen]);
  if (state === "failed" && rows.length === 0)
    return <Failed what="The triggers" error={problem} onRetry={() => void readAllRows()} />;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Toolbar search={search} rows={arranged} total={rows.length} loading={state === "loading"} />
      {chosen.length > 0 && (
        <SelectionBar
          count={chosen.length}
          armed={armed.length}
          onCancel={() => setCancelling(armed)}
          onClear={() => setSelected(new Set())}
        />
      )}
      {rows.length === 0 ? (
        state === "loading" ? (
          <Loading what="triggers" />
        ) : (
          <NoTriggers />
        )
      ) : arranged.length === 0 ? (
        <NoMatch search={search} />
      ) : (
        <List
          rows={arranged}
          selected={selected}
          onSelect={setSelected}
          onCancel={setCancelling}
          search={search}
        />
      )}
      <CancelTriggers
        rows={cancelling}
        onClose={() => setCancelling(null)}
        onDone={() => {
          setCancelling(null);
          setSelected(new Set());
        }}
      />
    </div>
  );
}

// Sorted by distance, the order follows the prices once a second; else it changes with the rows alone.
function useArranged(rows: readonly Row[], search: TriggersSearch): Row[] {
  const q = useDeferredValue(search.q);
  const { show, side, kind, sort, reverse } = search;
  const second = useEngineNow(sort === "distance" ? 1_000 : 2 ** 30);
  const live = sort === "distance" ? second : 0;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the second stands for the prices
  return useMemo(
    () => arrange(rows, { q, show, side, kind, sort, reverse }),
    [rows, q, show, side, kind, sort, reverse, live],
  );
}

function NoTriggers() {
  return (
    <Empty icon={Target} title="No triggers yet">
      <p>A trigger watches a price on this host and sends your order when it is reached.</p>
      <Link to="/triggers/new" className={buttonLook("primary")}>
        Create the first trigger
      </Link>
    </Empty>
  );
}

function NoMatch({ search }: { search: TriggersSearch }) {
  const change = useChangeSearch();
  return (
    <Empty icon={SearchX} title={search.q ? `Nothing matches “${search.q}”` : "No trigger is like this"}>
      <Button onClick={() => change({ q: undefined, show: undefined, side: undefined, kind: undefined })}>
        Clear filters
      </Button>
    </Empty>
  );
}
