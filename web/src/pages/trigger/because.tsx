import { clsx } from "clsx";
import type { ReactNode } from "react";
import { type Attempt, type Trigger, wordsOf } from "@/api/client";
import { standingOf } from "@/components/badge";
import { formatPrice, priceOf } from "@/lib/price";
import { formatExactClock, formatMoment } from "@/lib/time";
import { useEngine, useLink } from "@/live/live";
import { conditionOf } from "@/shell/condition";
import { Approach } from "./approach";
import { type ApproachSeen, useWhy } from "./why";

const count = (quantity: number) => quantity.toLocaleString("en-IN");
const price = (rupees: number) => formatPrice(priceOf(rupees));

// Why it fired, or why it has not: one sentence first, and only what is known.
export function Because({ row }: { row: Trigger }) {
  const why = useWhy(row);
  const cutOff = conditionOf(useLink(), useEngine()).kind === "cut-off";
  const last = why.data?.attempts.at(-1);
  // The row comes with the event, the trail after it: what is older than the row explains nothing.
  const fired = row.triggered_at !== null && row.status !== "active";
  const behind = !why.data || row.fire_no > (last?.fire_no ?? 0) || (fired && !last);
  return (
    <section
      aria-label="Why"
      className={clsx(
        "wrap-anywhere rounded-lg border px-4 py-3",
        standingOf(row).tone === "down" || standingOf(row).tone === "warn"
          ? "border-warn bg-warn-soft"
          : "border-line bg-surface",
      )}
    >
      {behind ? (
        <NotRead row={row} why={why} cutOff={cutOff} />
      ) : row.status === "active" && last ? (
        <>
          <Fired row={row} attempt={last} />
          <p className="mt-1">
            <strong>{legFailed(row) ? "That leg is not armed any more." : "It is armed again."}</strong>
            {legFailed(row) && " Of the other one:"}
          </p>
          <NotFired row={row} approach={why.data.approach} cutOff={cutOff} firedBefore />
        </>
      ) : row.triggered_at !== null && last ? (
        <Fired row={row} attempt={last} />
      ) : (
        <NotFired row={row} approach={why.data.approach} cutOff={cutOff} />
      )}
    </section>
  );
}

// Before the trail is there, only what the row itself tells is said: a trigger that has fired must never be told as one
// that has not.
function NotRead({ row, why, cutOff }: { row: Trigger; why: ReturnType<typeof useWhy>; cutOff: boolean }) {
  return (
    <>
      {row.status === "active" ? (
        <Watched row={row} cutOff={cutOff} />
      ) : (
        <p>
          <strong>{standingOf(row).word}.</strong>{" "}
          {row.triggered_price !== null &&
            row.triggered_at !== null &&
            `It fired at ${price(row.triggered_price)}, ${formatMoment(row.triggered_at)}.`}
        </p>
      )}
      <p className="mt-1 text-fg-2">
        {why.error
          ? `Why is not known now: ${wordsOf(why.error)}`
          : why.isFetching
            ? "Reading why…"
            : "The trail tells nothing of it."}
      </p>
    </>
  );
}

// Whether it is being watched, as far as this browser can know.
function Watched({ row, cutOff, so }: { row: Trigger; cutOff: boolean; so?: string }) {
  if (cutOff)
    return (
      <p>
        <strong>Whether it is being watched is not known here: this browser is cut off.</strong>{" "}
        {row.monitored ? "When last heard, it was." : "When last heard, it was not."}
      </p>
    );
  if (row.monitored) return <p>{so && <strong>{so}.</strong>} It is being watched on the host.</p>;
  return (
    <p>
      <strong>{so ? `${so}, and it is` : "It is"} not being watched:</strong>{" "}
      {row.not_monitored_reason ?? "no reason is told"}
    </p>
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
      {row.status === "needs_attention" ? (
        <Attention row={row} attempt={attempt} />
      ) : (
        words && (
          <p className="mt-1">
            {isOfBroker(attempt) && "The broker's words: "}
            <bdi>{words}</bdi>
          </p>
        )
      )}
      {isUnprotected(row) && (
        <p className="mt-1">
          <strong>Nothing of this trigger is armed any more.</strong> A position that it was to protect is
          without it: clone it to arm it again.
        </p>
      )}
    </>
  );
}

// Its order came to nothing, and no other leg waits.
const isUnprotected = (row: Trigger) =>
  row.status === "failed" ||
  (row.status === "triggered" && ["REJECTED", "CANCELLED"].includes(row.order_status ?? ""));

// While the outcome is open the words are the engine's own: nothing must be laid in the broker's mouth.
const isOfBroker = ({ state }: Attempt) => !["queued", "forwarded", "unknown", "absent"].includes(state);

// Nobody can tell but the broker's own records: what to look for, and what it means.
function Attention({ row, attempt }: { row: Trigger; attempt: Attempt }) {
  return (
    <>
      <p className="mt-1">
        <strong>You have to look.</strong> {row.error_message}
      </p>
      <ul className="mt-1 list-disc pl-5 text-fg-2">
        <li>
          In the broker's own order book, look for {attempt.transaction_type} {count(attempt.quantity)}{" "}
          {attempt.trading_symbol} with the tag <code className="select-all">{attempt.tag}</code>.
        </li>
        <li>If it is there, it is an order like any other: this engine does not touch it.</li>
        <li>
          If it is not, nothing was traded, and nothing here watches the price any more: clone this trigger to
          arm it again.
        </li>
      </ul>
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
  cutOff,
  firedBefore = false,
}: {
  row: Trigger;
  approach: ApproachSeen | null;
  cutOff: boolean;
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
        <Watched row={row} cutOff={cutOff} so={notYet} />
        {approach && <Approach approach={approach} />}
      </>
    );
  }
  const words = standingOf(row).word;
  return (
    <p>
      <strong>It has not fired: {words.toLowerCase()}.</strong> <bdi>{row.error_message ?? ""}</bdi> Last
      changed {formatMoment(row.updated_at)}.
    </p>
  );
}
