import { formatMoney, formatRatio, parsePrice } from "@/lib/price";
import { stakesOf } from "./checks";
import type { Draft, Ground } from "./draft";
import { Ruler } from "./ruler";

export function Stakes({ draft, ground }: { draft: Draft; ground: Ground }) {
  const stakes = stakesOf(draft, ground);
  const [stop, target] = draft.legs.map((leg) => parsePrice(leg.trigger));
  if (!stakes) return null;
  return (
    <section aria-label="Risk and reward" className="space-y-2">
      <div className="flex flex-wrap justify-between gap-x-4">
        <span className="text-down">Risk {formatMoney(-stakes.risk)}</span>
        <span className="text-fg-2">Risk : reward {formatRatio(stakes.risk, stakes.reward)}</span>
        <span className="text-up">Reward {formatMoney(stakes.reward, true)}</span>
      </div>
      {stop != null && target != null && ground.last !== null && (
        <Ruler stop={stop} target={target} last={ground.last} />
      )}
      <p className="text-fg-3 text-xs">From the last price to each order's price, before charges.</p>
    </section>
  );
}
