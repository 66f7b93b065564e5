#include "api/why.h"

#include "api/json_writer.h"
#include "api/views.h"

namespace hmt::api {
namespace {

using model::LegNumber;
using model::TriggerStatus;

std::string_view word_of(model::Freshness freshness) {
  switch (freshness) {
    case model::Freshness::fresh:
      return "fresh";
    case model::Freshness::no_time:
      return "no_time";
    case model::Freshness::cached:
      return "cached";
    case model::Freshness::out_of_session:
      return "out_of_session";
    case model::Freshness::out_of_order:
      return "out_of_order";
    case model::Freshness::no_price:
      return "no_price";
    case model::Freshness::late:
      return "late";
  }
  return "fresh";
}

std::string price_at_json(const std::optional<runtime::PriceAt>& seen) {
  if (!seen) return "null";
  return ObjectWriter().price("price", seen->price).instant("at", seen->at).done();
}

std::string leg_json(const Why& why, LegNumber number,
                     const std::optional<runtime::PriceAt>& nearest) {
  const auto& leg = why.trigger.leg(number);
  ObjectWriter out;
  out.number("leg", static_cast<int>(number)).price("level", leg.trigger_price);
  out.text("direction", word(model::direction_of(why.trigger, number)));
  out.text("state", word(leg.state));
  return out.raw("nearest", price_at_json(nearest)).done();
}

std::string approach_json(const Why& why) {
  const auto& approach = why.approach;
  ArrayWriter legs;
  legs.add(leg_json(why, LegNumber::one, approach.leg_1));
  if (why.trigger.leg_2) legs.add(leg_json(why, LegNumber::two, approach.leg_2));
  ArrayWriter gaps;
  for (const auto& gap : approach.gaps) {
    gaps.add(ObjectWriter().instant("from", gap.from).instant("until", gap.until).done());
  }
  ObjectWriter out;
  out.instant("observed_since", approach.observed_since).raw("legs", legs.done());
  if (approach.unfresh) {
    ObjectWriter unfresh;
    unfresh.price("price", approach.unfresh->price);
    unfresh.instant("received_at", approach.unfresh->received_at);
    out.raw("not_fresh", unfresh.text("because", word_of(approach.unfresh->because)).done());
  } else {
    out.null("not_fresh");
  }
  return out.raw("gaps", gaps.done()).done();
}

std::string placed_words(const model::Attempt& attempt) {
  if (attempt.order_status.empty()) return "its order is at the broker";
  if (attempt.order_status == "UNKNOWN") return "the day of its order ended, unseen how";
  auto words = "the broker says " + attempt.order_status;
  if (attempt.filled_quantity > 0 && attempt.filled_quantity < attempt.request.quantity) {
    words += ", " + std::to_string(attempt.filled_quantity) + " of " +
             std::to_string(attempt.request.quantity) + " filled";
  }
  return words;
}

std::string order_words(const model::Attempt& attempt) {
  switch (attempt.state) {
    case model::AttemptState::placed:
      return placed_words(attempt);
    case model::AttemptState::unknown:
      return "whether its order reached the broker is being looked up";
    case model::AttemptState::refused:
      return "the broker refused its order";
    case model::AttemptState::not_placed:
      return "its order was not placed";
    case model::AttemptState::absent:
      return "its order was looked up and is not there";
    case model::AttemptState::withdrawn:
      return "its order was withdrawn before it left";
    case model::AttemptState::queued:
      return "its order waits for the account's rate limit";
    case model::AttemptState::forwarded:
      return "its order was handed to the broker, whose answer is awaited";
  }
  return "";
}

// A fire that came to nothing is told before what is still armed.
std::string former_fire_words(const Why& why) {
  if (why.attempts.empty()) return "";
  const auto& trigger = why.trigger;
  const auto& last = why.attempts.back();
  const bool failed = trigger.leg_1.state == model::LegState::failed ||
                      (trigger.leg_2 && trigger.leg_2->state == model::LegState::failed);
  if (failed) {
    return "A leg fired because " + last.evidence.rule + ", and failed: " + order_words(last) +
           ". Of the other one: ";
  }
  return "It fired at " + base::to_rfc3339(last.evidence.received_at) + " because " +
         last.evidence.rule + ", and " + order_words(last) + "; it is armed again. ";
}

std::string not_fired_words(const Why& why) {
  const auto& approach = why.approach;
  if (!approach.observed_since) {
    return "It is watched and has not fired: no fresh price has come since it was armed.";
  }
  const auto nearest = [&](LegNumber number, const std::optional<runtime::PriceAt>& seen) {
    return seen ? seen->price.text() + " (level " + why.trigger.leg(number).trigger_price.text() +
                      ")"
                : std::string("none");
  };
  auto words = "It is watched and has not fired: since " +
               base::to_rfc3339(*approach.observed_since) + " the nearest fresh price was " +
               nearest(LegNumber::one, approach.leg_1);
  if (why.trigger.leg_2) words += ", of leg 2 " + nearest(LegNumber::two, approach.leg_2);
  return words + ".";
}

}  // namespace

std::string why_summary(const Why& why) {
  const auto& trigger = why.trigger;
  if (trigger.status == TriggerStatus::active) {
    return former_fire_words(why) +
           (why.watch.monitored ? not_fired_words(why) : "It is not watched: " + why.watch.why_not);
  }
  if (why.attempts.empty()) {
    return "It has not fired and is " + std::string(word(trigger.status)) + ".";
  }
  const auto& last = why.attempts.back();
  return "It fired because " + last.evidence.rule + "; " + order_words(last) + ".";
}

std::string why_json(const Why& why) {
  ArrayWriter attempts;
  for (const auto& attempt : why.attempts) attempts.add(attempt_json(attempt));
  ArrayWriter events;
  for (const auto& event : why.events) events.add(audit_json(event));
  ObjectWriter out;
  out.text("summary", why_summary(why)).raw("trigger", trigger_json(why.trigger, why.watch));
  const bool armed = why.trigger.status == TriggerStatus::active;
  armed ? out.raw("approach", approach_json(why)) : out.null("approach");
  return out.raw("attempts", attempts.done()).raw("events", events.done()).done();
}

}  // namespace hmt::api
