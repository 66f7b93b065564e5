import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { ListChecks } from "lucide-react";
import { type Attempt, api, ask } from "@/api/client";
import { Badge, Side, type Tone } from "@/components/badge";
import { Choice } from "@/components/choice";
import { Input } from "@/components/field";
import { Empty, Failed, Loading, PageHead, Stale } from "@/components/states";
import { formatPrice, priceOf } from "@/lib/price";
import { formatMoment, formatShort } from "@/lib/time";
import { apart } from "@/pages/trigger/apart";
import type { OrdersSearch } from "./search";

const SHOWS = [
  { value: "all", label: "All" },
  { value: "open", label: "Open" },
  { value: "filled", label: "Filled" },
  { value: "refused", label: "Refused" },
  { value: "unknown", label: "Unknown" },
] as const;
const ORDERS_MAX = 1_000;

const isRefused = (order: Attempt) =>
  ["refused", "not_placed", "absent"].includes(order.state) ||
  ["REJECTED", "CANCELLED"].includes(order.order_status ?? "");
const isFilled = (order: Attempt) => order.order_status === "COMPLETE";

// The engine's words of what it did, and the broker's word of what became of it.
export function outcome(order: Attempt): { word: string; tone: Tone } {
  if (order.state === "unknown" || order.order_status === "UNKNOWN") return { word: "Unknown", tone: "warn" };
  if (order.order_status) {
    const tone: Tone = isFilled(order) ? "up" : isRefused(order) ? "down" : "info";
    return { word: order.order_status, tone };
  }
  const word = order.state.replaceAll("_", " ");
  return { word, tone: isRefused(order) ? "down" : order.state === "withdrawn" ? "neutral" : "info" };
}

function matches(order: Attempt, search: OrdersSearch): boolean {
  const unknown = outcome(order).word === "Unknown";
  const show = search.show ?? "all";
  if (show === "filled" && !isFilled(order)) return false;
  if (show === "refused" && !isRefused(order)) return false;
  if (show === "unknown" && !unknown) return false;
  if (show === "open" && (isFilled(order) || isRefused(order) || unknown || order.state === "withdrawn"))
    return false;
  if (!search.q) return true;
  return `${order.trading_symbol} ${order.order_id ?? ""} ${order.tag}`
    .toLowerCase()
    .includes(search.q.toLowerCase());
}

export function OrdersPage() {
  const search = useSearch({ from: "/shell/orders" });
  const navigate = useNavigate({ from: "/orders" });
  const orders = useQuery({
    queryKey: ["orders"],
    queryFn: () => ask(api.GET("/api/v1/orders", { params: { query: { limit: ORDERS_MAX } } })),
  });
  const all = orders.data?.orders ?? [];
  const shown = all.filter((order) => matches(order, search));
  const change = (part: OrdersSearch) =>
    void navigate({ search: (before) => ({ ...before, ...part }), replace: true });
  return (
    <>
      <PageHead title="Orders" count={orders.data ? shown.length.toLocaleString("en-IN") : undefined}>
        <Choice
          label="Which orders"
          value={search.show ?? "all"}
          onChange={(show) => change({ show: show === "all" ? undefined : show })}
          options={SHOWS}
        />
        <Input
          type="search"
          aria-label="Filter by instrument, order id or tag"
          placeholder="Filter…"
          className="w-44!"
          value={search.q ?? ""}
          onChange={(event) => change({ q: event.target.value || undefined })}
        />
      </PageHead>
      <Stale what="The orders" read={orders} />
      {orders.isPending ? (
        <Loading what="orders" />
      ) : !orders.data ? (
        <Failed what="The orders" error={orders.error} onRetry={() => void orders.refetch()} />
      ) : shown.length === 0 ? (
        <Empty icon={ListChecks} title={all.length === 0 ? "No orders yet" : "No order is like this"}>
          <p>Orders that your triggers send appear here, with what the broker says of them.</p>
        </Empty>
      ) : (
        <Table orders={shown} />
      )}
      {all.length === ORDERS_MAX && (
        <p className="p-4 text-fg-3">The latest {ORDERS_MAX.toLocaleString("en-IN")} are shown.</p>
      )}
    </>
  );
}

function latency(order: Attempt): string {
  if (!order.forwarded_at || !order.answered_at) return "–";
  return apart(order.forwarded_at, order.answered_at).replace("+ ", "");
}

function Table({ orders }: { orders: readonly Attempt[] }) {
  const head = "px-3 py-2 font-normal";
  const cell = "px-3 py-2";
  return (
    <div className="relative overflow-x-auto bg-surface" tabIndex={0} role="region" aria-label="Orders">
      <table className="w-full whitespace-nowrap">
        <thead className="border-line border-b text-fg-3 text-xs uppercase">
          <tr>
            <th className={`${head} pl-4 text-left`}>Time</th>
            <th className={`${head} text-left`}>Instrument</th>
            <th className={`${head} text-left`}>Side</th>
            <th className={`${head} text-right`}>Filled / qty</th>
            <th className={`${head} text-right`}>Price</th>
            <th className={`${head} text-right`}>Average</th>
            <th className={`${head} text-left`}>Outcome</th>
            <th className={`${head} text-right`}>Broker took</th>
            <th className={`${head} text-left`}>Order id</th>
            <th className={`${head} pr-4 text-left`}>Trigger</th>
          </tr>
        </thead>
        <tbody>
          {orders.map((order) => {
            const { word, tone } = outcome(order);
            return (
              <tr key={order.tag} className="border-line border-b hover:bg-hover">
                <td className={`${cell} pl-4`}>
                  <time dateTime={order.created_at} title={formatMoment(order.created_at)}>
                    {formatShort(order.created_at)}
                  </time>
                </td>
                <td className={cell}>
                  <span className="font-medium">{order.trading_symbol}</span>{" "}
                  <span className="text-fg-3 text-xs">{order.exchange}</span>
                </td>
                <td className={cell}>
                  <Side side={order.transaction_type} />
                </td>
                <td className={`${cell} text-right`}>
                  {order.filled_quantity.toLocaleString("en-IN")} / {order.quantity.toLocaleString("en-IN")}
                </td>
                <td className={`${cell} text-right`}>
                  {order.price === null ? "market" : formatPrice(priceOf(order.price))}
                </td>
                <td className={`${cell} text-right`}>
                  {order.average_price === null ? "–" : formatPrice(priceOf(order.average_price))}
                </td>
                <td className={cell} title={order.message ?? undefined}>
                  <Badge tone={tone}>{word}</Badge>
                  {order.message && <span className="ml-2 text-fg-2 text-xs">{order.message}</span>}
                </td>
                <td className={`${cell} text-right`}>{latency(order)}</td>
                <td className={`${cell} text-fg-2`}>{order.order_id ?? "–"}</td>
                <td className={`${cell} pr-4`}>
                  <Link
                    to="/triggers/$id"
                    params={{ id: order.trigger_id }}
                    className="text-accent hover:underline"
                  >
                    Why
                    <span className="sr-only">
                      {" "}
                      {order.trading_symbol} {order.tag} was sent
                    </span>
                  </Link>
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
