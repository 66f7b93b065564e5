import { clsx } from "clsx";
import type { ReactNode } from "react";
import type { Attempt, Trigger } from "@/api/client";
import { standingOf } from "@/components/badge";
import { formatPrice, priceOf } from "@/lib/price";
import { formatExactClock, formatMoment } from "@/lib/time";
import { Approach } from "./approach";
import { type ApproachSeen, useWhy } from "./why";

const count = (quantity: number) => quantity.toLocaleString("en-IN");
const price = (rupees: number) => formatPrice(priceOf(rupees));

// Why it fired, or why it has not: one sentence first, and only what is known.
export function Because({ row }: { row: Trigger }) {
  const why = useWhy(row);
  const last = why.data?.attempts.at(-1);
  return (
    <section
      aria-label="Why"
      className={clsx(
        "rounded-lg border px-4 py-3",
        standingOf(row).tone === "down" || standingOf(row).tone === "warn"
          ? "border-warn bg-warn-soft"
          : "border-line bg-surface",
      )}
    >
      {row.status === "active" && last ? (
        <>
          <Fired row={row} attempt={last} />
          <p className="mt-1">
            <strong>{legFailed(row) ? "That leg is not armed any more." : "It is armed again."}</strong>
            {legFailed(row) && " Of the other one:"}
          </p>
          <NotFired row={row} approach={why.data?.approach ?? null} firedBefore />
        </>
      ) : row.triggered_at !== null && last ? (
        <Fired row={row} attempt={last} />
      ) : (
        <NotFired row={row} approach={why.data?.approach ?? null} />
      )}
    </section>
  );
}

// A leg that fired and whose order came to nothing; the other one stays armed.
const legFailed = (row: Trigger) => row.leg_1_state === "failed" || row.leg_2_state === "failed";

function Fired({ row, attempt }: { row: Trigger; attempt: Attempt }) {
  const { evidence } = attempt;
  const words = row.error_message ?? attempt.message;
  return (
    <>
      <p>
        <strong>Because: {evidence.rule}</strong>
        <span className="text-fg-2">
          {" "}
          ({evidence.exchange_time ? `exchange ${formatExactClock(evidence.exchange_time)}, ` : ""}received{" "}
          {formatExactClock(evidence.received_at)}
          {evidence.after_gap ? ", first price after a gap in the feed" : ""})
        </span>
      </p>
      <p className="mt-1">{outcomeOf(row, attempt)}</p>
      {words && <p className="mt-1">The broker's words: {words}</p>}
    </>
  );
}

export function outcomeOf(row: Trigger, attempt: Attempt): string {
  const order = `${attempt.transaction_type} ${count(attempt.quantity)}`;
  const filled = count(row.filled_quantity);
  switch (attempt.state) {
    case "queued":
      return `Its order ${order} waits for the account's rate limit: nothing was sent yet.`;
    case "forwarded":
      return `Its order ${order} was handed to the broker; the answer is awaited.`;
    case "unknown":
      return `Its order ${order} may or may not be at the broker: it is being looked up, and is not sent again blindly.`;
    case "withdrawn":
      return `Its order ${order} was withdrawn before it was sent.`;
    case "not_placed":
      return `Its order ${order} is known not to have been placed.`;
    case "refused":
      return `The broker refused its order ${order}.`;
    case "absent":
      return `Its order ${order} was looked up and is shown to be absent: nothing was placed.`;
    case "placed":
      if (attempt.order_status === "REJECTED")
        return `The broker took its order ${order} and then rejected it.`;
      if (row.order_status === "COMPLETE" && row.average_price !== null)
        return `Its order ${order} is filled: ${filled} at ${price(row.average_price)} on average.`;
      if (attempt.order_status === "CANCELLED")
        return `Its order ${order} was cancelled: ${filled} filled, ${count(attempt.quantity - row.filled_quantity)} not.`;
      if (row.filled_quantity > 0)
        return `Its order ${order} is partly filled: ${filled} so far. Triggered is not filled.`;
      return `Its order ${order} is at the broker: ${row.order_status ?? "no word yet"}. Triggered is not filled.`;
  }
}

function NotFired({
  row,
  approach,
  firedBefore = false,
}: {
  row: Trigger;
  approach: ApproachSeen | null;
  firedBefore?: boolean;
}): ReactNode {
  if (row.status === "active") {
    const notYet = legFailed(row)
      ? "The leg that is left has not fired"
      : firedBefore
        ? "It has not fired since"
        : "It has not fired";
    return (
      <>
        {row.monitored ? (
          <p>
            <strong>{notYet}.</strong> It is being watched on the host.
          </p>
        ) : (
          <p>
            <strong>{notYet}, and it is not being watched:</strong>{" "}
            {row.not_monitored_reason ?? "no reason is told"}
          </p>
        )}
        {approach && <Approach approach={approach} />}
      </>
    );
  }
  const words = standingOf(row).word;
  return (
    <p>
      <strong>It has not fired: {words.toLowerCase()}.</strong> {row.error_message ?? ""} Last changed{" "}
      {formatMoment(row.updated_at)}.
    </p>
  );
}
