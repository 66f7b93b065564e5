import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { ArrowDown, ArrowUp, Ban, Download, Pencil, Plus, SearchX, Target } from "lucide-react";
import { type ReactNode, useCallback, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
import { Button, buttonLook, IconButton } from "@/components/button";
import { Choice } from "@/components/choice";
import { Input, Select } from "@/components/field";
import { Empty, Failed, Loading, PageHead } from "@/components/states";
import { useStore } from "@/lib/store";
import { usePricesOf } from "@/live/interest";
import { type Row, readAllRows, triggerRows } from "@/live/trigger_rows";
import { useKeys } from "@/shell/keys";
import { useEngineNow } from "@/shell/now";
import { useNarrow } from "@/shell/width";
import { arrange, isAttention } from "./arrange";
import { CancelTriggers } from "./cancel";
import { Card, Cells, GRID, WIDE_ONLY } from "./columns";
import { csvOf, download } from "./csv";
import type { TriggersSearch } from "./search";

const SHOWS = [
  { value: "all", label: "All" },
  { value: "active", label: "Armed" },
  { value: "attention", label: "Attention" },
  { value: "done", label: "Done" },
] as const;

export function TriggersPage() {
  const search = useSearch({ from: "/shell/triggers" });
  const { rows, state, problem } = useStore(triggerRows);
  const arranged = useArranged(rows, search);
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set());
  const [cancelling, setCancelling] = useState<readonly Row[] | null>(null);
  const chosen = useMemo(() => arranged.filter((row) => selected.has(row.id)), [arranged, selected]);
  if (state === "failed" && rows.length === 0)
    return <Failed what="The triggers" error={problem} onRetry={() => void readAllRows()} />;
  return (
    <div className="flex h-full min-h-0 flex-col">
      <Toolbar search={search} rows={arranged} total={rows.length} loading={state === "loading"} />
      {chosen.length > 0 && (
        <SelectionBar
          count={chosen.length}
          onCancel={() => setCancelling(chosen.filter((row) => row.status === "active"))}
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

function useChangeSearch() {
  const navigate = useNavigate({ from: "/triggers" });
  return useCallback(
    (change: Partial<TriggersSearch>) =>
      void navigate({ search: (before) => ({ ...before, ...change }), replace: true }),
    [navigate],
  );
}

function Toolbar({
  search,
  rows,
  total,
  loading,
}: {
  search: TriggersSearch;
  rows: readonly Row[];
  total: number;
  loading: boolean;
}) {
  const change = useChangeSearch();
  const filter = useRef<HTMLInputElement>(null);
  const { rows: all } = useStore(triggerRows);
  const attention = useMemo(() => all.filter(isAttention).length, [all]);
  useKeys({ "/": () => filter.current?.focus() });
  const count =
    rows.length === total
      ? total
      : `${rows.length.toLocaleString("en-IN")} of ${total.toLocaleString("en-IN")}`;
  return (
    <PageHead title="Triggers" count={`${count.toLocaleString("en-IN")}${loading ? " so far…" : ""}`}>
      <Choice
        label="Which triggers"
        value={search.show ?? "all"}
        onChange={(show) => change({ show: show === "all" ? undefined : show })}
        options={SHOWS.map((one) =>
          one.value === "attention" && attention > 0
            ? { ...one, label: `Attention ${attention.toLocaleString("en-IN")}` }
            : one,
        )}
      />
      <Select
        aria-label="Side"
        className="w-auto! max-lg:hidden"
        value={search.side ?? ""}
        onChange={(event) => change({ side: (event.target.value || undefined) as TriggersSearch["side"] })}
      >
        <option value="">Both sides</option>
        <option value="BUY">Buy</option>
        <option value="SELL">Sell</option>
      </Select>
      <Select
        aria-label="Type"
        className="w-auto! max-lg:hidden"
        value={search.kind ?? ""}
        onChange={(event) => change({ kind: (event.target.value || undefined) as TriggersSearch["kind"] })}
      >
        <option value="">All types</option>
        <option value="single">Single</option>
        <option value="two-leg">OCO</option>
      </Select>
      <Input
        ref={filter}
        type="search"
        aria-label="Filter by instrument"
        placeholder="Filter…  /"
        className="w-44! max-md:w-36!"
        value={search.q ?? ""}
        onChange={(event) => change({ q: event.target.value || undefined })}
        onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
      />
      <Button
        aria-label="Export as CSV"
        title="The rows that are shown, as CSV"
        className="max-md:hidden"
        disabled={rows.length === 0}
        onClick={() => download("hmt-triggers.csv", csvOf(rows))}
      >
        <Download size={14} aria-hidden /> CSV
      </Button>
      <Link to="/triggers/new" className={buttonLook("primary")}>
        <Plus size={14} aria-hidden /> New<span className="max-md:hidden"> trigger</span>
      </Link>
    </PageHead>
  );
}

function SelectionBar({
  count,
  onCancel,
  onClear,
}: {
  count: number;
  onCancel: () => void;
  onClear: () => void;
}) {
  return (
    <div className="flex items-center gap-3 border-line border-b bg-accent-soft px-4 py-1.5">
      <span className="font-medium text-accent">{count.toLocaleString("en-IN")} selected</span>
      <Button small tone="danger" onClick={onCancel}>
        <Ban size={12} aria-hidden /> Cancel triggers…
      </Button>
      <Button small tone="quiet" onClick={onClear}>
        Clear selection
      </Button>
    </div>
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

function SortHead({
  name,
  sort,
  search,
  className,
}: {
  name: string;
  sort: NonNullable<TriggersSearch["sort"]>;
  search: TriggersSearch;
  className?: string;
}) {
  const change = useChangeSearch();
  const on = (search.sort ?? "newest") === sort;
  const Arrow = search.reverse ? ArrowUp : ArrowDown;
  const turn = () => {
    if (!on) change({ sort, reverse: undefined });
    else if (!search.reverse) change({ reverse: true });
    else change({ sort: undefined, reverse: undefined });
  };
  return (
    <span
      role="columnheader"
      aria-sort={on ? (search.reverse ? "descending" : "ascending") : "none"}
      className={className}
      tabIndex={-1}
    >
      <button
        type="button"
        onClick={turn}
        className="inline-flex items-center gap-1 rounded uppercase hover:text-fg"
      >
        {name} {on && <Arrow size={12} aria-hidden />}
      </button>
    </span>
  );
}

function Heads({
  search,
  all,
  onAll,
}: {
  search: TriggersSearch;
  all: boolean;
  onAll: (on: boolean) => void;
}) {
  const head = (name: ReactNode, className = "") => (
    <span role="columnheader" className={className}>
      {name}
    </span>
  );
  return (
    <div role="rowgroup">
      <div
        role="row"
        aria-rowindex={1}
        className={`${GRID} h-9 border-line border-b text-fg-3 text-xs uppercase`}
      >
        {head(
          <input
            type="checkbox"
            aria-label="Select all that are shown"
            checked={all}
            onChange={(event) => onAll(event.target.checked)}
            className="size-3.5 accent-accent"
          />,
          "flex",
        )}
        <SortHead name="Instrument" sort="symbol" search={search} />
        {head("Type", WIDE_ONLY)}
        {head("Side")}
        {head("Qty", `text-right ${WIDE_ONLY}`)}
        {head("Trigger", "text-right")}
        {head("LTP", "text-right")}
        <SortHead name="Distance" sort="distance" search={search} />
        <SortHead name="Status" sort="status" search={search} />
        {head(<span className="sr-only">Actions</span>)}
      </div>
    </div>
  );
}

function List({
  rows,
  selected,
  onSelect,
  onCancel,
  search,
}: {
  rows: readonly Row[];
  selected: ReadonlySet<string>;
  onSelect: (next: ReadonlySet<string>) => void;
  onCancel: (rows: readonly Row[]) => void;
  search: TriggersSearch;
}) {
  const narrow = useNarrow();
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(0);
  const height = narrow ? 73 : 41;
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => height,
    overscan: 6,
    useFlushSync: false,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: the rows' height has changed
  useEffect(() => virtual.measure(), [narrow]);
  // Another question is read from its first answer on.
  const question = JSON.stringify(search);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the question stands for itself
  useEffect(() => {
    scroller.current?.scrollTo?.({ top: 0 });
    setAt(0);
  }, [question]);
  const items = virtual.getVirtualItems();
  usePricesOf(useMemo(() => tokensOf(items.map((item) => rows[item.index])), [items, rows]));
  usePricesOf(
    useMemo(
      () => (search.sort === "distance" ? tokensOf(rows.filter((row) => row.status === "active")) : []),
      [rows, search.sort],
    ),
    "sorted",
  );

  const toggle = (row: Row | undefined) => {
    if (!row) return;
    const next = new Set(selected);
    if (!next.delete(row.id)) next.add(row.id);
    onSelect(next);
  };
  const go = (to: number) => {
    const next = Math.max(0, Math.min(rows.length - 1, to));
    setAt(next);
    virtual.scrollToIndex(next);
    // Once it is there.
    requestAnimationFrame(() =>
      scroller.current
        ?.querySelector<HTMLElement>(`[aria-rowindex="${next + 2}"]`)
        ?.focus({ preventScroll: true }),
    );
  };
  const current = rows[Math.min(at, rows.length - 1)];
  const open = () => current && void navigate({ to: "/triggers/$id", params: { id: current.id } });
  const cancel = () => {
    const chosen = selected.size > 0 ? rows.filter((row) => selected.has(row.id)) : current ? [current] : [];
    const active = chosen.filter((row) => row.status === "active");
    if (active.length > 0) onCancel(active);
  };
  useKeys({
    j: () => go(at + 1),
    k: () => go(at - 1),
    ArrowDown: () => go(at + 1),
    ArrowUp: () => go(at - 1),
    x: () => toggle(current),
    e: () =>
      current?.status === "active" && void navigate({ to: "/triggers/$id/edit", params: { id: current.id } }),
    c: () => current && void navigate({ to: "/chart", search: { token: current.instrument_token } }),
    Delete: cancel,
    "#": cancel,
  });

  const all = rows.length > 0 && rows.every((row) => selected.has(row.id));
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: a list and a grid may both be named
    <div
      ref={scroller}
      role={narrow ? "list" : "grid"}
      aria-label="Triggers"
      {...(narrow ? {} : { "aria-rowcount": rows.length + 1, "aria-multiselectable": true })}
      className="min-h-0 flex-1 overflow-y-auto bg-surface"
    >
      {!narrow && (
        <div className="sticky top-0 z-10 bg-surface">
          <Heads
            search={search}
            all={all}
            onAll={(on) => onSelect(new Set(on ? rows.map((row) => row.id) : []))}
          />
        </div>
      )}
      <div
        role={narrow ? "presentation" : "rowgroup"}
        className="relative"
        style={{ height: virtual.getTotalSize() }}
      >
        {items.map((item) => {
          const row = rows[item.index];
          if (!row) return null;
          const place = { transform: `translateY(${item.start}px)`, height };
          return narrow ? (
            <div key={row.id} role="listitem" className="absolute inset-x-0 top-0" style={place}>
              <Link
                to="/triggers/$id"
                params={{ id: row.id }}
                className="block h-full border-line border-b px-4 py-3 hover:bg-hover"
              >
                <Card row={row} />
              </Link>
            </div>
          ) : (
            <div
              key={row.id}
              role="row"
              aria-rowindex={item.index + 2}
              aria-selected={selected.has(row.id)}
              tabIndex={item.index === at ? 0 : -1}
              onFocus={() => setAt(item.index)}
              onKeyDown={(event) => event.key === "Enter" && event.target === event.currentTarget && open()}
              onClick={(event) => {
                if ((event.target as HTMLElement).closest("a, button, input")) return;
                void navigate({ to: "/triggers/$id", params: { id: row.id } });
              }}
              className={clsx(
                GRID,
                "absolute inset-x-0 top-0 cursor-pointer border-line border-b hover:bg-hover focus-visible:-outline-offset-2",
                selected.has(row.id) && "bg-accent-soft",
              )}
              style={place}
            >
              <span role="gridcell" className="flex">
                <input
                  type="checkbox"
                  tabIndex={-1}
                  aria-label={`Select ${row.trading_symbol}`}
                  checked={selected.has(row.id)}
                  onChange={() => toggle(row)}
                  className="size-3.5 accent-accent"
                />
              </span>
              <Cells row={row} />
              <span role="gridcell" className="flex justify-end">
                {row.status === "active" && (
                  <>
                    <IconButton
                      label={`Edit ${row.trading_symbol}`}
                      tabIndex={-1}
                      onClick={() => void navigate({ to: "/triggers/$id/edit", params: { id: row.id } })}
                    >
                      <Pencil size={14} />
                    </IconButton>
                    <IconButton
                      label={`Cancel ${row.trading_symbol}`}
                      tabIndex={-1}
                      onClick={() => onCancel([row])}
                    >
                      <Ban size={14} />
                    </IconButton>
                  </>
                )}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

function tokensOf(rows: readonly (Row | undefined)[]): number[] {
  return [...new Set(rows.flatMap((row) => (row ? [row.instrument_token] : [])))];
}
