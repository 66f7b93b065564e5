import { useEffect, useState } from "react";
import { nameOfEvent } from "@/components/event_line";
import { toast } from "@/components/toast";
import { happenings, type Told } from "@/live/live";

// What a fire or a failure is told in: a toast for the eye, a polite region for the ear. Prices are never announced.
export function wordsOfHappening(told: Told): string | null {
  const of = told.trigger ? `${told.trigger.trading_symbol} ` : "";
  switch (told.event) {
    case "claimed":
      return `${of}fired: ${told.detail.rule ?? ""}`;
    case "order_filled":
      return `${of}filled: ${told.detail.filled_quantity ?? ""} at ${told.detail.average_price ?? ""}`;
    default:
      if (told.severity === "info") return null;
      return `${of}${nameOfEvent(told.event)}${reasonOf(told)}`;
  }
}

function reasonOf({ detail }: Told): string {
  const reason = detail.message ?? detail.reason ?? detail.why;
  return reason ? `: ${reason}` : "";
}

export function Announcer() {
  const [words, setWords] = useState("");
  useEffect(() => {
    let last = happenings.get()[0]?.seq ?? 0;
    return happenings.subscribe(() => {
      const news = happenings.get().filter((told) => told.seq > last);
      last = Math.max(last, ...news.map((told) => told.seq));
      for (const told of news.reverse()) {
        const said = wordsOfHappening(told);
        if (!said) continue;
        setWords(said);
        toast(told.severity === "info" ? "plain" : "bad", said);
      }
    });
  }, []);
  return (
    <div className="sr-only" aria-live="polite" role="log">
      {words}
    </div>
  );
}
