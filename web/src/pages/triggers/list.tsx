import { Link, useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { clsx } from "clsx";
import { Ban, Pencil } from "lucide-react";
import { useEffect, useMemo, useRef, useState } from "react";
import { IconButton } from "@/components/button";
import { usePricesOf } from "@/live/interest";
import type { Row } from "@/live/trigger_rows";
import { useKeys } from "@/shell/keys";
import { useNarrow } from "@/shell/width";
import { Card, Cells, GRID } from "./columns";
import { Heads } from "./heads";
import type { TriggersSearch } from "./search";

// Only what is on the screen is in the page; a grid with keys on the desktop, a list of links on a phone.
export function List({
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
