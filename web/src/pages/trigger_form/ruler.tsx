import { basisPointsBetween, type Price } from "@/lib/price";

// Stop, last price and target to scale. The fields above say the same in numbers.
export function Ruler({ stop, target, last }: { stop: Price; target: Price; last: Price }) {
  const low = Math.min(stop, target, last);
  const high = Math.max(stop, target, last);
  if (high === low) return null;
  const place = (price: Price) => (basisPointsBetween(low, price) / basisPointsBetween(low, high)) * 100;
  const at = place(last);
  const stopIsLow = stop < target;
  return (
    <div className="relative h-2" aria-hidden>
      <div className="absolute inset-0 flex overflow-hidden rounded-full">
        <div className={stopIsLow ? "bg-down" : "bg-up"} style={{ width: `${at}%` }} />
        <div className={`flex-1 ${stopIsLow ? "bg-up" : "bg-down"}`} />
      </div>
      <div
        className="absolute -top-1 h-4 w-1 -translate-x-1/2 rounded bg-fg ring-2 ring-bg"
        style={{ left: `${at}%` }}
      />
    </div>
  );
}
