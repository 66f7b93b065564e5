#include <algorithm>
#include <tuple>

#include "engine/now.h"
#include "oms/order_state.h"
#include "oms/request.h"

// What only time can bring: retries, the reading of the order book, shown absence; and what an
// earlier engine left to wait for.
namespace hmt::engine {
namespace {

using model::AttemptState;
using model::Severity;

constexpr const char* end_not_seen =
    "Its day has ended and its end was not seen: a DAY order that is not filled lapses. Look "
    "at the broker's positions";
constexpr const char* parked_unknown =
    "The broker never said whether it has this order, and its order book never showed it: check "
    "before trading on";

bool comes_before(const model::Attempt& a, const model::Attempt& b) {
  return std::tie(a.fire_no, a.attempt_no) < std::tie(b.fire_no, b.attempt_no);
}

}  // namespace

void Engine::handle(Now& now, const AttemptRecovered& recovered) {
  const auto& attempt = recovered.attempt;
  const auto row = row_for(recovered.trigger);
  const auto* known = flights_.find(attempt.tag);
  auto taken_over = known ? std::make_unique<Flight>(*known) : std::make_unique<Flight>();
  taken_over->attempt = attempt;
  taken_over->row = row;
  auto& flight = flights_.put(std::move(taken_over));
  const bool is_its_fire =
      row->status == model::TriggerStatus::firing && row->fire_no == attempt.fire_no;
  for (auto* other = flights_.first_of(attempt.trigger_id); other; other = other->next) {
    flights_.note_change(*other);
    if (comes_before(other->attempt, attempt)) other->overtaken();
    if (comes_before(attempt, other->attempt)) flight.overtaken();
  }
  switch (attempt.state) {
    case AttemptState::queued:
      recover_queued(now, flight);
      return;
    case AttemptState::forwarded:
    case AttemptState::unknown:
      if (attempt.trading_date != base::trading_date(now.at)) {
        park_of_earlier_day(now, flight);
      } else if (attempt.state == AttemptState::forwarded) {
        unknown(now, flight, "The engine ended before the broker's answer came");
      } else {
        flight.absence.emplace(settings_.absence, now.at);
        plan_book_reading(now.at);
      }
      return;
    case AttemptState::not_placed:
    case AttemptState::absent:  // with a row that still fires: it was to be tried again
      if (is_its_fire && !flight.over) {
        flight.retry_at = now.at;
        flight.out_of_date = is_out_of_date(attempt, now.at);
      } else {
        flight.over = true;
      }
      return;
    case AttemptState::placed:
      recover_placed(now, flight);
      return;
    case AttemptState::withdrawn:
    case AttemptState::refused:
      flight.over = true;
      return;
  }
}

// No byte of it has left: its former engine lost the lease before it could.
void Engine::recover_queued(Now& now, Flight& flight) {
  const bool is_its_fire = flight.row->status == model::TriggerStatus::firing &&
                           flight.row->fire_no == flight.attempt.fire_no;
  if (!is_its_fire || flight.over) {
    flight.attempt.state = AttemptState::withdrawn;
    flight.over = true;
    write_attempt(now, flight,
                  record_of(now, flight, "not_sent", Severity::warning,
                            {{"why", "its trigger had moved on when the engine started"}}));
    return;
  }
  if (is_out_of_date(flight.attempt, now.at)) {
    flight.retry_at = now.at;  // when the book has been read and every attempt is known
    flight.out_of_date = true;
    return;
  }
  flight.attempt.lease_epoch = settings_.lease_epoch;
  auto record = record_of(now, flight, "taken_over", Severity::info, {{"state", "queued"}});
  record.attempt = flight.attempt;
  now.ask(Submit{std::move(record), model::purpose_of(*flight.row)});
}

void Engine::recover_placed(Now& now, Flight& flight) {
  const auto& row = *flight.row;
  const bool row_tells_of_it = row.fire_no == flight.attempt.fire_no &&
                               (row.status == model::TriggerStatus::triggered ||
                                row.status == model::TriggerStatus::needs_attention);
  if (!row_tells_of_it && !flight.has_order()) flight.over = true;
  const bool other_legs_wait = other_leg_stands(row, flight.leg()) || row.parent_id;
  flight.settled =
      flight.over || flight.stands_at_exchange() || (flight.awaits_book() && !other_legs_wait);
  plan_book_reading(now.at);
}

// The order book is the day's: nothing can be looked up any more.
void Engine::park_of_earlier_day(Now& now, Flight& flight) {
  if (flight.row->status == model::TriggerStatus::needs_attention) {
    flight.parked = true;  // a person was told already
    return;
  }
  park(now, flight, "Left unresolved on an earlier trading day: check the broker's records",
       record_of(now, flight, "parked", Severity::alarm, {{"why", "an earlier trading day"}}));
}

// A DAY order does not live on, and the book of a new day tells only of its own.
void Engine::park_lapsed(Now& now, const BookRead& read) {
  const auto today = base::trading_date(read.started_at);
  flights_.look_again();
  for (auto* flight : flights_.waiting()) {
    const auto& attempt = flight->attempt;
    if (attempt.trading_date >= today || !(flight->is_working() || flight->awaits_book())) continue;
    const auto shown = std::ranges::find(read.orders, attempt.tag, &model::BrokerOrder::tag);
    if (shown != read.orders.end()) continue;
    park(now, *flight, end_not_seen,
         record_of(now, *flight, "order_end_not_seen", Severity::alarm,
                   {{"order_id", attempt.order_id},
                    {"order_status", attempt.order_status},
                    {"filled_quantity", std::to_string(attempt.filled_quantity)},
                    {"trading_date", attempt.trading_date.text()},
                    {"why", end_not_seen}}));
  }
}

void Engine::handle(Now& now, const ClockAdvanced&) {
  expire_due(now);
  for (auto* flight : flights_.waiting()) {
    if (flight->read_book_at && *flight->read_book_at <= now.at) {
      flight->read_book_at.reset();
      plan_book_reading(now.at);
    }
    tell_if_it_hangs(now, *flight);
    if (flight->retry_at && *flight->retry_at <= now.at) {
      retry_due(now, *flight);
    }
  }
  flights_.look_again();
  if (book_due_ && *book_due_ <= now.at) {
    book_due_.reset();
    now.ask(ReadBook{});
    const bool unresolved = flights_.any_waiting(
        [](auto& flight) { return flight.is_unresolved() || flight.awaits_book(); });
    const bool working = flights_.any_waiting([](auto& flight) { return flight.is_working(); });
    book_due_ = now.at + (unresolved ? settings_.poll_unresolved
                          : working  ? settings_.poll_working
                                     : settings_.poll_idle);
    flights_.forget_before(base::trading_date(now.at));
  }
}

// A limit order may rest at the exchange for as long as it likes.
void Engine::tell_if_it_hangs(Now& now, Flight& flight) const {
  const auto& attempt = flight.attempt;
  const auto since = attempt.answered_at.value_or(attempt.created_at);
  if (flight.hung || !flight.is_working() || now.at - since < settings_.hangs_after) return;
  const bool takes_any_price = attempt.request.type == model::OrderType::market;
  if (flight.stands_at_exchange() && !takes_any_price) return;
  flight.hung = true;
  const auto left = attempt.request.quantity - attempt.filled_quantity;
  now.ask(Write{record_of(
      now, flight, "order_hangs", Severity::alarm,
      {{"order_id", attempt.order_id},
       {"order_status", attempt.order_status},
       {"not_filled", std::to_string(left)},
       {"why", flight.stands_at_exchange()
                   ? "it takes any price and is not filled: check the position now"
                   : "the broker has it, and it has not reached the exchange: check it now"}})});
}

void Engine::handle(Now&, const ClockStepped& clock) {
  if (book_due_) *book_due_ += clock.by;
  for (auto* flight : flights_.waiting()) flight->clock_stepped(clock.by);
}

bool Engine::is_out_of_date(const model::Attempt& attempt, base::Instant at) const {
  const auto since = attempt.answered_at.value_or(attempt.created_at);
  return attempt.trading_date != base::trading_date(at) ||
         std::chrono::abs(at - since) > settings_.recovered_age_max;
}

// A machine that slept comes late to what it had planned.
void Engine::retry_due(Now& now, Flight& flight) {
  const bool late = now.at - *flight.retry_at > settings_.recovered_age_max ||
                    flight.attempt.trading_date != base::trading_date(now.at);
  flight.retry_at.reset();
  if (flight.out_of_date || late) {
    arm_again(now, flight);
  } else {
    try_again(now, flight);
  }
}

// What was decided long ago is not sent on that price. Proven not placed, it may be decided anew.
void Engine::arm_again(Now& now, Flight& flight) {
  constexpr const char* why =
      "It was decided too long ago to be sent now: the trigger is armed again, and fires if its "
      "level still holds";
  auto& attempt = flight.attempt;
  const bool queued = attempt.state == AttemptState::queued;
  if (queued) {
    attempt.state = AttemptState::withdrawn;
    attempt.message = why;
  }
  rearm_whole(now, flight,
              record_of(now, flight, queued ? "not_sent" : "armed_again", Severity::warning,
                        {{"decided_at", base::to_rfc3339(attempt.created_at)}, {"why", why}}));
}

void Engine::plan_book_reading(base::Instant at) {
  if (!book_due_ || *book_due_ > at) book_due_ = at;
}

void Engine::count_absence(Now& now, base::Instant started_at) {
  if (started_at > now.at) return;  // the clock was set back since: nobody knows when it began
  flights_.look_again();
  auto waiting = flights_.waiting();
  std::erase_if(waiting, [](const Flight* flight) {
    return flight->attempt.state != AttemptState::unknown || !flight->absence;
  });
  for (auto* flight : waiting) {
    if (flight->attempt.trading_date != base::trading_date(started_at)) {
      park_of_earlier_day(now, *flight);
      continue;
    }
    flight->absence->add_reading(started_at);
    if (flight->absence->shown()) shown_absent(now, *flight);
  }
}

void Engine::shown_absent(Now& now, Flight& flight) {
  const auto readings = std::to_string(flight.absence->readings());
  flight.absence.reset();
  flight.attempt.state = AttemptState::absent;
  auto record =
      record_of(now, flight, "order_absent", Severity::alarm, {{"clean_readings", readings}});
  const bool may_retry = flight.row->on_unknown == model::OnUnknown::retry &&
                         flight.attempt.attempt_no < settings_.max_retries;
  if (another_has_order(flight)) {
    write_attempt(now, flight, std::move(record));
  } else if (may_retry) {
    write_attempt(now, flight, std::move(record));
    try_again(now, flight);
  } else {
    park(now, flight, parked_unknown, std::move(record));
  }
}

void Engine::park(Now& now, Flight& flight, const std::string& why, model::Record record) {
  auto& attempt = flight.attempt;
  const bool is_known =
      attempt.state == AttemptState::absent || attempt.state == AttemptState::placed;
  if (!is_known) attempt.state = AttemptState::unknown;
  attempt.order_status = "UNKNOWN";
  flight.parked = true;
  flight.absence.reset();
  flight.row->status = model::TriggerStatus::needs_attention;
  flight.row->order_status = "UNKNOWN";
  flight.row->error_message = why;
  write_row(now, flight, std::move(record), model::GroupAction::keep);
}

// A new attempt of the same fire, under a tag of its own, so that a late first order is never taken
// for the second.
void Engine::try_again(Now& now, Flight& flight) {
  auto next = std::make_unique<Flight>(flight);
  flight.over = true;
  auto& attempt = next->attempt;
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
  next->row->order_status.clear();
  auto record = record_of(now, *next, "retry", Severity::warning,
                          {{"attempt_no", std::to_string(attempt.attempt_no)}});
  record.attempt = attempt;
  record.trigger = outcome_of(*next->row, model::GroupAction::keep);
  now.ask(Submit{.record = std::move(record), .purpose = model::purpose_of(*next->row)});
  flights_.put(std::move(next));
}

}  // namespace hmt::engine
