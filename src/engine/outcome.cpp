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
  if (answer.http_status != 0)
    detail.emplace_back("http_status", std::to_string(answer.http_status));
  if (!answer.error_type.empty()) detail.emplace_back("error_type", answer.error_type);
  if (!answer.message.empty()) detail.emplace_back("message", answer.message);
  if (!answer.order_id.empty()) detail.emplace_back("order_id", answer.order_id);
  return detail;
}

}  // namespace

void Engine::handle(Now& now, const AttemptForwarded& forwarded) {
  auto* flight = find(forwarded.tag);
  if (!flight || flight->attempt.state != AttemptState::queued) return;
  flight->attempt.state = AttemptState::forwarded;
  flight->attempt.forwarded_at = now.at;
  flight->read_book_at = now.at + settings_.answer_patience;
}

void Engine::handle(Now& now, const AttemptWithdrawn& withdrawn) {
  auto* flight = find(withdrawn.tag);
  if (!flight || flight->claiming) return;
  if (flight->attempt.state != AttemptState::queued &&
      flight->attempt.state != AttemptState::forwarded)
    return;
  flight->attempt.state = AttemptState::withdrawn;
  flight->attempt.message = withdrawn.why;
  flight->read_book_at.reset();
  rearm_whole(now, *flight,
              record_of(now, *flight, "not_sent", Severity::warning, {{"why", withdrawn.why}}));
}

void Engine::handle(Now& now, const AttemptAnswered& answered) {
  auto* flight = find(answered.tag);
  if (!flight || flight->claiming) return;
  flight->attempt.answered_at = now.at;
  if (!flight->is_unresolved()) {
    // News of the order came first: the answer may add the id, and nothing else.
    if (flight->attempt.order_id.empty()) flight->attempt.order_id = answered.answer.order_id;
    return;
  }
  flight->read_book_at.reset();
  const auto& answer = answered.answer;
  const auto classified = oms::classify(answer);
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
  auto& trigger = flight.trigger;
  trigger.status = model::TriggerStatus::triggered;
  trigger.leg(flight.leg()).state = model::LegState::fired;
  trigger.order_id = order_id;
  trigger.order_status = flight.attempt.order_status;
  trigger.error_message.clear();
  ++counts_.orders_placed;
  auto record = record_of(now, flight, "order_placed", Severity::info, {{"order_id", order_id}});
  record.attempt = flight.attempt;
  record.trigger = outcome_of(trigger, model::GroupAction::keep);
  now.ask(Write{std::move(record)});
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
  const auto delay = oms::retry_delay(settings_.retry_backoff, attempt.attempt_no + 1);
  flight.retry_at = now.at + delay;
  flight.trigger.error_message = words;
  auto record = record_of(
      now, flight, "order_not_placed", Severity::warning,
      {{"message", words}, {"retry_in_ms", std::to_string(delay / std::chrono::milliseconds(1))}});
  record.attempt = attempt;
  record.trigger = outcome_of(flight.trigger, model::GroupAction::keep);
  now.ask(Write{std::move(record)});
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
  flight.trigger.order_status = "UNKNOWN";
  flight.trigger.error_message =
      "The broker gave no clear answer: the order is being looked up by its tag";
  auto record = record_of(now, flight, "order_unknown", Severity::alarm, {{"message", words}});
  record.attempt = flight.attempt;
  record.trigger = outcome_of(flight.trigger, model::GroupAction::keep);
  now.ask(Write{std::move(record)});
  plan_book_reading(now.at);
}

// A leg refused by the system leaves the other legs of its group armed.
void Engine::leg_failed(Now& now, Flight& flight, const std::string& words, model::Record record) {
  ++counts_.orders_failed;
  auto& trigger = flight.trigger;
  trigger.leg(flight.leg()).state = model::LegState::failed;
  trigger.error_message = words;
  const bool other_leg_stands =
      trigger.leg_2 && trigger.leg(model::other(flight.leg())).state == model::LegState::armed;
  trigger.status = other_leg_stands ? model::TriggerStatus::active : model::TriggerStatus::failed;
  record.attempt = flight.attempt;
  record.trigger = outcome_of(trigger, model::GroupAction::release);
  now.ask(Write{std::move(record)});
  if (trigger.parent_id) release_group(now, *trigger.parent_id);
}

void Engine::rearm_whole(Now& now, Flight& flight, model::Record record) {
  auto& trigger = flight.trigger;
  trigger.status = model::TriggerStatus::active;
  trigger.triggered_at.reset();
  trigger.triggered_leg.reset();
  trigger.triggered_price.reset();
  trigger.order_status.clear();
  trigger.error_message = flight.attempt.message;
  record.attempt = flight.attempt;
  record.trigger = outcome_of(trigger, model::GroupAction::release);
  now.ask(Write{std::move(record)});
  if (trigger.parent_id) release_group(now, *trigger.parent_id);
}

}  // namespace hmt::engine
