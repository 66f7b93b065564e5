import { useEffect, useRef } from "react";
import { formatPrice, type Price } from "@/lib/price";
import { followPrice, quoteOf } from "@/live/prices";

// A live price. It writes itself into the page: React does not render for a tick. Not a live region: nobody wants
// to hear every tick.
const SHOWN_MS = 350;

export function PriceCell({
  token,
  otherwise,
  decimals = 2,
  className = "",
}: {
  token: number;
  otherwise: Price | null; // until the stream has told one
  decimals?: number;
  className?: string;
}) {
  const element = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const write = () => {
      const cell = element.current;
      if (!cell) return;
      const quote = quoteOf(token);
      const price = quote?.price ?? otherwise;
      cell.textContent = price === null ? "–" : formatPrice(price, decimals);
      if (!quote || quote.direction === 0) return;
      cell.dataset.direction = String(quote.direction);
      clearTimeout(timer);
      timer = setTimeout(() => delete cell.dataset.direction, SHOWN_MS);
    };
    write();
    const leave = followPrice(token, write);
    return () => {
      leave();
      clearTimeout(timer);
    };
  }, [token, otherwise, decimals]);
  return <span ref={element} className={`price ${className}`} />;
}
