import { formatBasisPoints } from "@/lib/percent";
import { basisPointsBetween, formatPrice, priceOf } from "@/lib/price";
import { formatExactClock, formatMoment, formatShort, formatSpan } from "@/lib/time";
import type { ApproachSeen } from "./why";

// How near an armed trigger came, as far as the engine saw it; and what could have held it back.
const because: Record<NonNullable<ApproachSeen["not_fresh"]>["because"], string> = {
  no_time: "it carried no time, so nothing shows that it was of this moment",
  cached: "it was the broker's last known price after a subscription, not a trade of this moment",
  out_of_session: "its trade was not of the session that is open now",
  out_of_order: "it was older than one that had come before",
  no_price: "it held no price",
  late: "it came too late to be a price of this moment",
};

function Nearest({ leg, only }: { leg: ApproachSeen["legs"][number]; only: boolean }) {
  const level = priceOf(leg.level);
  const name = only ? "" : leg.leg === 1 ? "stop-loss " : "target ";
  if (!leg.nearest) return null;
  const price = priceOf(leg.nearest.price);
  return (
    <li>
      Nearest to the {name}level {formatPrice(level)}: {formatPrice(price)} at{" "}
      <time dateTime={leg.nearest.at} title={formatMoment(leg.nearest.at)}>
        {formatShort(leg.nearest.at)}
      </time>
      , {formatBasisPoints(Math.abs(basisPointsBetween(level, price)))} short of it.
    </li>
  );
}

// A packet that could fire nothing is worth a word when it would have fired, or when no other has come.
function mattered({ not_fresh: unfresh, legs, observed_since }: ApproachSeen): boolean {
  if (!unfresh) return false;
  const reaches = (leg: ApproachSeen["legs"][number]) =>
    leg.direction === "<=" ? unfresh.price <= leg.level : unfresh.price >= leg.level;
  return observed_since === null || legs.some(reaches);
}

export function Approach({ approach }: { approach: ApproachSeen }) {
  const { legs, gaps } = approach;
  const unfresh = mattered(approach) ? approach.not_fresh : null;
  return (
    <ul className="mt-1 list-disc space-y-0.5 pl-5 text-fg-2">
      {approach.observed_since ? (
        <li>Prices seen since {formatMoment(approach.observed_since)} by the engine that runs now.</li>
      ) : (
        <li>No fresh price has come since it was armed or changed.</li>
      )}
      {legs
        .filter((leg) => leg.state === "armed")
        .map((leg) => (
          <Nearest key={leg.leg} leg={leg} only={legs.length === 1} />
        ))}
      {unfresh && (
        <li>
          A packet with {formatPrice(priceOf(unfresh.price))} at {formatExactClock(unfresh.received_at)} could
          fire nothing: {because[unfresh.because]}.
        </li>
      )}
      {gaps.map((gap) => (
        <li key={gap.from} className="text-warn">
          Nobody saw its prices for {formatSpan(Date.parse(gap.until) - Date.parse(gap.from))} from{" "}
          {formatMoment(gap.from)}: the feed was lost.
        </li>
      ))}
    </ul>
  );
}
