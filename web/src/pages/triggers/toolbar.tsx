import { Link } from "@tanstack/react-router";
import { Ban, Download, Plus } from "lucide-react";
import { useMemo, useRef } from "react";
import { Button, buttonLook } from "@/components/button";
import { Choice } from "@/components/choice";
import { Input, Select } from "@/components/field";
import { PageHead } from "@/components/states";
import { useStore } from "@/lib/store";
import { type Row, triggerRows } from "@/live/trigger_rows";
import { useKeys } from "@/shell/keys";
import { isAttention } from "./arrange";
import { useChangeSearch } from "./change_search";
import { csvOf, download } from "./csv";
import type { TriggersSearch } from "./search";

const SHOWS = [
  { value: "all", label: "All" },
  { value: "active", label: "Armed" },
  { value: "attention", label: "Attention" },
  { value: "done", label: "Done" },
] as const;

export function Toolbar({
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

export function SelectionBar({
  count,
  armed,
  onCancel,
  onClear,
}: {
  count: number;
  armed: number; // of them: nothing else can be cancelled
  onCancel: () => void;
  onClear: () => void;
}) {
  return (
    <div className="flex items-center gap-3 border-line border-b bg-accent-soft px-4 py-1.5">
      <span className="font-medium text-accent">{count.toLocaleString("en-IN")} selected</span>
      <Button small tone="danger" disabled={armed === 0} onClick={onCancel}>
        <Ban size={12} aria-hidden /> Cancel triggers…
      </Button>
      {armed < count && (
        <span className="text-fg-2">
          {armed === 0 ? "None of them is armed" : `${armed.toLocaleString("en-IN")} of them are armed`}
        </span>
      )}
      <Button small tone="quiet" onClick={onClear}>
        Clear selection
      </Button>
    </div>
  );
}
