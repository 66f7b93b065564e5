#include <algorithm>

#include "engine/now.h"
#include "oms/order_state.h"
#include "oms/request.h"

// What only time can bring: retries, the reading of the order book, shown absence; and what an
// earlier engine left to wait for.
namespace hmt::engine {
namespace {

using model::AttemptState;
using model::Severity;

constexpr const char* parked_unknown =
    "The broker never said whether it has this order, and its order book never showed it: check "
    "before trading on";

}  // namespace

void Engine::handle(Now& now, const AttemptRecovered& recovered) {
  const auto& attempt = recovered.attempt;
  auto& flight = flights_[attempt.tag];
  flight.attempt = attempt;
  flight.trigger = recovered.trigger;
  for (auto& [tag, earlier] : flights_) {
    const bool same_fire = earlier.attempt.trigger_id == attempt.trigger_id &&
                           earlier.attempt.fire_no == attempt.fire_no;
    if (!same_fire || earlier.attempt.attempt_no >= attempt.attempt_no) continue;
    earlier.superseded = true;
    earlier.retry_at.reset();
  }
  if (attempt.trading_date != base::trading_date(now.at) && !flight.is_working() &&
      (attempt.state == AttemptState::forwarded || attempt.state == AttemptState::unknown ||
       attempt.state == AttemptState::queued)) {
    park(now, flight, "Left unresolved on an earlier trading day: check the broker's records",
         record_of(now, flight, "parked", Severity::alarm, {{"why", "an earlier trading day"}}));
    return;
  }
  switch (attempt.state) {
    case AttemptState::queued: {
      flight.attempt.lease_epoch = settings_.lease_epoch;
      auto record = record_of(now, flight, "taken_over", Severity::info, {{"state", "queued"}});
      record.attempt = flight.attempt;
      now.ask(Submit{std::move(record), model::purpose_of(flight.trigger)});
      return;
    }
    case AttemptState::forwarded:
      unknown(now, flight, "The engine ended before the broker's answer came");
      return;
    case AttemptState::unknown:
      flight.absence.emplace(settings_.absence, now.at);
      plan_book_reading(now.at);
      return;
    case AttemptState::not_placed:
      if (flight.trigger.status == model::TriggerStatus::firing) flight.retry_at = now.at;
      return;
    case AttemptState::placed:
      flight.settled =
          oms::is_terminal(oms::phase_of(attempt.order_status)) ||
          (flight.trigger.leg_2 &&
           flight.trigger.leg(model::other(attempt.leg)).state != model::LegState::armed);
      plan_book_reading(now.at);
      return;
    case AttemptState::withdrawn:
    case AttemptState::refused:
    case AttemptState::absent:
      return;
  }
}

void Engine::handle(Now& now, const ClockAdvanced&) {
  expire_due(now);
  for (auto& [tag, flight] : flights_) {
    if (flight.read_book_at && *flight.read_book_at <= now.at) {
      flight.read_book_at.reset();
      plan_book_reading(now.at);
    }
    if (flight.retry_at && *flight.retry_at <= now.at) {
      flight.retry_at.reset();
      try_again(now, flight);
    }
  }
  if (book_due_ && *book_due_ <= now.at) {
    book_due_.reset();
    now.ask(ReadBook{});
    const bool unresolved =
        std::ranges::any_of(flights_, [](const auto& f) { return f.second.is_unresolved(); });
    const bool working =
        std::ranges::any_of(flights_, [](const auto& f) { return f.second.is_working(); });
    book_due_ = now.at + (unresolved ? settings_.poll_unresolved
                          : working  ? settings_.poll_working
                                     : settings_.poll_idle);
    forget_old_flights(now.at);
  }
}

void Engine::plan_book_reading(base::Instant at) {
  if (!book_due_ || *book_due_ > at) book_due_ = at;
}

void Engine::count_absence(Now& now, base::Instant started_at) {
  std::vector<Flight*> shown;
  for (auto& [tag, flight] : flights_) {
    if (flight.attempt.state != AttemptState::unknown || !flight.absence) continue;
    flight.absence->add_reading(started_at);
    if (flight.absence->shown()) shown.push_back(&flight);
  }
  for (auto* flight : shown) shown_absent(now, *flight);
}

void Engine::shown_absent(Now& now, Flight& flight) {
  const auto readings = std::to_string(flight.absence->readings());
  flight.absence.reset();
  flight.attempt.state = AttemptState::absent;
  auto record =
      record_of(now, flight, "order_absent", Severity::alarm, {{"clean_readings", readings}});
  const bool may_retry = flight.trigger.on_unknown == model::OnUnknown::retry &&
                         flight.attempt.attempt_no < settings_.max_retries;
  if (!may_retry) {
    park(now, flight, parked_unknown, std::move(record));
    return;
  }
  record.attempt = flight.attempt;
  now.ask(Write{std::move(record)});
  try_again(now, flight);
}

void Engine::park(Now& now, Flight& flight, const std::string& why, model::Record record) {
  if (flight.attempt.state != AttemptState::absent) flight.attempt.state = AttemptState::unknown;
  flight.absence.reset();
  flight.trigger.status = model::TriggerStatus::needs_attention;
  flight.trigger.order_status = "UNKNOWN";
  flight.trigger.error_message = why;
  record.attempt = flight.attempt;
  record.trigger = outcome_of(flight.trigger, model::GroupAction::keep);
  now.ask(Write{std::move(record)});
}

// A new attempt of the same fire, under a tag of its own, so that a late first order is never taken
// for the second.
void Engine::try_again(Now& now, Flight& flight) {
  Flight next = flight;
  flight.superseded = true;
  auto& attempt = next.attempt;
  ++attempt.attempt_no;
  attempt.lease_epoch = settings_.lease_epoch;
  attempt.trading_date = base::trading_date(now.at);
  attempt.tag = oms::make_tag(settings_.tag_key, tag_scope(attempt.trading_date),
                              attempt.trigger_id, attempt.fire_no, attempt.attempt_no);
  attempt.request.tag = attempt.tag;
  attempt.state = AttemptState::queued;
  attempt.message.clear();
  attempt.order_id.clear();
  attempt.order_status.clear();
  attempt.created_at = now.at;
  attempt.forwarded_at.reset();
  attempt.answered_at.reset();
  next.trigger.order_status.clear();
  next.superseded = false;
  auto record = record_of(now, next, "retry", Severity::warning,
                          {{"attempt_no", std::to_string(attempt.attempt_no)}});
  record.attempt = attempt;
  record.trigger = outcome_of(next.trigger, model::GroupAction::keep);
  now.ask(Submit{.record = std::move(record), .purpose = model::purpose_of(next.trigger)});
  flights_.insert_or_assign(attempt.tag, std::move(next));
}

void Engine::forget_old_flights(base::Instant at) {
  const auto today = base::trading_date(at);
  std::erase_if(flights_, [today](const auto& entry) {
    const auto& flight = entry.second;
    return flight.attempt.trading_date < today && !flight.claiming && !flight.is_unresolved() &&
           !flight.retry_at;
  });
}

}  // namespace hmt::engine
