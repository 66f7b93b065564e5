import { ArrowDown, ArrowUp } from "lucide-react";
import type { ReactNode } from "react";
import { useChangeSearch } from "./change_search";
import { GRID, WIDE_ONLY } from "./columns";
import type { TriggersSearch } from "./search";

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

export function Heads({
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
