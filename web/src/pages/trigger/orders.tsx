import type { Attempt, Trigger } from "@/api/client";
import { Failed, Loading, Panel, Stale } from "@/components/states";
import { formatPrice, priceOf } from "@/lib/price";
import { formatExactClock } from "@/lib/time";
import { apart } from "./apart";
import { useWhy } from "./why";

// Every order that this trigger may have sent, with the times of its stages.
export function Orders({ row }: { row: Trigger }) {
  const attempts = useWhy(row);
  if (attempts.isPending) return <Loading what="its orders" />;
  if (!attempts.data)
    return <Failed what="Its orders" error={attempts.error} onRetry={() => void attempts.refetch()} />;
  if (attempts.data.attempts.length === 0) return null;
  return (
    <Panel title="Orders" aside={`${attempts.data.attempts.length}`}>
      <Stale what="Its orders" read={attempts} />
      {attempts.data.attempts.map((attempt) => (
        <Order key={attempt.tag} attempt={attempt} />
      ))}
    </Panel>
  );
}

const span = (from: string | null, to: string | null): string => (from && to ? apart(from, to) : "–");

function Order({ attempt }: { attempt: Attempt }) {
  const facts: [string, string][] = [
    ["Order", attempt.order_id ?? "no id yet"],
    ["At the broker", attempt.order_status ?? "no word yet"],
    ["State", attempt.state.replaceAll("_", " ")],
    ["Filled", attempt.filled_quantity.toLocaleString("en-IN")],
    ["Average", attempt.average_price === null ? "–" : formatPrice(priceOf(attempt.average_price))],
    ["Tag", attempt.tag],
  ];
  const stages: [string, string][] = [
    ["Packet received", formatExactClock(attempt.evidence.received_at)],
    ["Recorded", span(attempt.evidence.received_at, attempt.created_at)],
    [
      "Handed to the broker",
      attempt.forwarded_at ? span(attempt.created_at, attempt.forwarded_at) : "not yet",
    ],
    ["Answered", attempt.answered_at ? span(attempt.forwarded_at, attempt.answered_at) : "not yet"],
  ];
  return (
    <div className="border-line border-b px-4 py-3 last:border-0">
      <p className="font-medium">
        {attempt.order_type} {attempt.transaction_type} {attempt.quantity.toLocaleString("en-IN")}{" "}
        {attempt.product}
        {attempt.price !== null && ` @ ${formatPrice(priceOf(attempt.price))}`}
        <span className="font-normal text-fg-3">
          {" "}
          fire {attempt.fire_no}, attempt {attempt.attempt_no + 1}
        </span>
      </p>
      {attempt.message && <p className="text-down">{attempt.message}</p>}
      <div className="mt-2 grid gap-x-8 sm:grid-cols-2">
        {[facts, stages].map((list) => (
          <dl key={list[0]?.[0]}>
            {list.map(([name, value]) => (
              <div key={name} className="flex justify-between gap-3 py-0.5">
                <dt className="text-fg-2">{name}</dt>
                <dd className="break-all text-right">{value}</dd>
              </div>
            ))}
          </dl>
        ))}
      </div>
    </div>
  );
}
