#include "engine/now.h"
#include "oms/classify.h"
#include "oms/request.h"

// What the gate and the broker's answers to a placement mean for the attempt and its trigger.
namespace hmt::engine {
namespace {

using model::AttemptState;
using model::Severity;

// What Kite calls an order that it has just taken.
constexpr const char* registered = "PUT ORDER REQ RECEIVED";

model::Detail detail_of(const model::PlaceAnswer& answer, const oms::Classified& classified) {
  model::Detail detail{{"verdict", std::string(oms::word(classified.verdict))},
                       {"because", std::string(classified.why)}};
  if (answer.http_status != 0) detail.add("http_status", std::to_string(answer.http_status));
  if (!answer.error_type.empty()) detail.add("error_type", answer.error_type);
  if (!answer.message.empty()) detail.add("message", answer.message);
  if (!answer.order_id.empty()) detail.add("order_id", answer.order_id);
  return detail;
}

}  // namespace

void Engine::handle(Now& now, const AttemptForwarded& forwarded) {
  auto* flight = flights_.find(forwarded.tag);
  if (!flight || flight->attempt.state != AttemptState::queued) return;
  flight->attempt.state = AttemptState::forwarded;
  flight->attempt.forwarded_at = now.at;
  flight->read_book_at = now.at + settings_.answer_patience;
}

void Engine::handle(Now& now, const AttemptWithdrawn& withdrawn) {
  auto* flight = flights_.find(withdrawn.tag);
  if (!flight || flight->claiming) return;
  if (flight->attempt.lease_epoch != withdrawn.lease_epoch) return;
  if (flight->attempt.state != AttemptState::queued && !flight->is_unresolved()) return;
  flight->attempt.state = AttemptState::withdrawn;
  flight->attempt.message = withdrawn.why;
  flight->read_book_at.reset();
  flight->retry_at.reset();
  flight->absence.reset();
  const bool lost_its_day = flight->attempt.trading_date != base::trading_date(now.at);
  rearm_whole(
      now, *flight,
      record_of(now, *flight, "not_sent", lost_its_day ? Severity::alarm : Severity::warning,
                {{"why", withdrawn.why}}));
}

void Engine::handle(Now& now, const AttemptAnswered& answered) {
  auto* flight = flights_.find(answered.tag);
  if (!flight || flight->claiming) return;
  flight->attempt.answered_at = now.at;
  const auto& answer = answered.answer;
  const auto classified = oms::classify(answer);
  if (flight->attempt.state != AttemptState::queued && !flight->is_unresolved()) {
    // Something else came first. That the broker has the order is news even so.
    if (classified.verdict == oms::Verdict::placed) {
      write_attempt(now, *flight,
                    record_of(now, *flight, "broker_answered", Severity::info,
                              detail_of(answer, classified)));
      model::BrokerOrder order;
      order.order_id = answer.order_id;
      order.tag = answered.tag;
      order.status = registered;
      take_news(now, order, model::OrderSource::reply);
    }
    return;
  }
  flight->read_book_at.reset();
  now.ask(Write{
      record_of(now, *flight, "broker_answered", Severity::info, detail_of(answer, classified))});
  switch (classified.verdict) {
    case oms::Verdict::placed:
      placed(now, *flight, answer.order_id);
      return;
    case oms::Verdict::refused:
      refused(now, *flight, answer.message);
      return;
    case oms::Verdict::not_placed:
      not_placed(now, *flight, answer.message);
      return;
    case oms::Verdict::blocked:
      blocked(now, *flight, answer.message);
      return;
    case oms::Verdict::unknown:
      unknown(now, *flight, answer.message);
      return;
  }
}

void Engine::placed(Now& now, Flight& flight, const std::string& order_id) {
  flight.attempt.state = AttemptState::placed;
  flight.attempt.order_id = order_id;
  if (flight.attempt.order_status.empty()) flight.attempt.order_status = registered;
  flight.absence.reset();
  ++counts_.orders_placed;
  auto& trigger = *flight.row;
  const bool second = another_may_have_order(flight);
  trigger.status = second ? model::TriggerStatus::needs_attention : model::TriggerStatus::triggered;
  set_leg(trigger, flight.leg(), model::LegState::fired);
  trigger.order_id = order_id;
  trigger.order_status = flight.attempt.order_status;
  trigger.error_message = second ? two_orders : "";
  auto record = record_of(now, flight, second ? "second_order_placed" : "order_placed",
                          second ? Severity::alarm : Severity::info, {{"order_id", order_id}});
  write_row(now, flight, std::move(record), model::GroupAction::keep);
  plan_book_reading(now.at);
}

void Engine::refused(Now& now, Flight& flight, const std::string& words) {
  flight.attempt.state = AttemptState::refused;
  flight.attempt.message = words;
  leg_failed(now, flight, words,
             record_of(now, flight, "order_refused", Severity::alarm, {{"message", words}}));
}

void Engine::not_placed(Now& now, Flight& flight, const std::string& words) {
  auto& attempt = flight.attempt;
  attempt.state = AttemptState::not_placed;
  attempt.message = words;
  if (attempt.attempt_no >= settings_.max_retries) {
    leg_failed(
        now, flight, words,
        record_of(now, flight, "order_given_up", Severity::alarm,
                  {{"message", words}, {"attempts", std::to_string(attempt.attempt_no + 1)}}));
    return;
  }
  if (another_has_order(flight)) {  // there is nothing to try again
    write_attempt(
        now, flight,
        record_of(now, flight, "order_not_placed", Severity::warning, {{"message", words}}));
    return;
  }
  const auto delay = oms::retry_delay(settings_.retry_backoff, attempt.attempt_no + 1);
  flight.retry_at = now.at + delay;
  flight.row->error_message = words;
  auto record = record_of(
      now, flight, "order_not_placed", Severity::warning,
      {{"message", words}, {"retry_in_ms", std::to_string(delay / std::chrono::milliseconds(1))}});
  write_row(now, flight, std::move(record), model::GroupAction::keep);
}

// The leg is not lost: it is armed again, and fires when the account is free and its level still
// holds.
void Engine::blocked(Now& now, Flight& flight, const std::string& words) {
  flight.attempt.state = AttemptState::not_placed;
  flight.attempt.message = words;
  evaluating_ = false;
  rearm_whole(now, flight,
              record_of(now, flight, "account_blocked", Severity::alarm, {{"message", words}}));
  now.ask(AccountBlocked{words});
}

void Engine::unknown(Now& now, Flight& flight, const std::string& words) {
  flight.attempt.state = AttemptState::unknown;
  flight.attempt.order_status = "UNKNOWN";
  flight.attempt.message = words;
  flight.absence.emplace(settings_.absence, now.at);
  auto record = record_of(now, flight, "order_unknown", Severity::alarm, {{"message", words}});
  plan_book_reading(now.at);
  if (another_has_order(flight)) {
    write_attempt(now, flight, std::move(record));
    return;
  }
  flight.row->order_status = "UNKNOWN";
  flight.row->error_message =
      "The broker gave no clear answer: the order is being looked up by its tag";
  write_row(now, flight, std::move(record), model::GroupAction::keep);
}

// A leg refused by the system leaves the other legs of its group armed.
void Engine::leg_failed(Now& now, Flight& flight, const std::string& words, model::Record record) {
  ++counts_.orders_failed;
  flight.over = true;
  if (another_has_order(flight)) {  // the row tells of that one
    write_attempt(now, flight, std::move(record));
    return;
  }
  auto& trigger = *flight.row;
  set_leg(trigger, flight.leg(), model::LegState::failed);
  trigger.error_message = words;
  trigger.status = other_leg_stands(trigger, flight.leg()) ? model::TriggerStatus::active
                                                           : model::TriggerStatus::failed;
  write_row(now, flight, std::move(record), model::GroupAction::release);
  release_group(now, trigger);
}

void Engine::rearm_whole(Now& now, Flight& flight, model::Record record) {
  flight.over = true;
  if (another_has_order(flight)) {
    write_attempt(now, flight, std::move(record));
    return;
  }
  auto& trigger = *flight.row;
  trigger.status = model::TriggerStatus::active;
  trigger.triggered_at.reset();
  trigger.triggered_leg.reset();
  trigger.triggered_price.reset();
  trigger.order_status.clear();
  trigger.error_message = flight.attempt.message;
  write_row(now, flight, std::move(record), model::GroupAction::release);
  release_group(now, trigger);
}

}  // namespace hmt::engine
