#include "engine/flight.h"

#include "engine/now.h"
#include "oms/order_state.h"

namespace hmt::engine {

bool Flight::is_working() const {
  return !parked && attempt.state == model::AttemptState::placed &&
         !oms::is_terminal(oms::phase_of(attempt.order_status));
}

bool Flight::stands_at_exchange() const {
  static const int open = oms::rank_of("OPEN");
  if (attempt.state != model::AttemptState::placed) return false;
  const auto phase = oms::phase_of(attempt.order_status);
  return attempt.filled_quantity > 0 || phase == oms::Phase::complete ||
         phase == oms::Phase::cancelled ||
         (phase == oms::Phase::working && oms::rank_of(attempt.order_status) >= open);
}

bool Flight::awaits_book() const {
  return attempt.state == model::AttemptState::placed && attempt.filled_quantity == 0 &&
         oms::phase_of(attempt.order_status) == oms::Phase::rejected && !settled;
}

bool Flight::has_order() const {
  const auto phase = oms::phase_of(attempt.order_status);
  const bool came_to_nothing = attempt.filled_quantity == 0 &&
                               (phase == oms::Phase::rejected || phase == oms::Phase::cancelled);
  return attempt.state == model::AttemptState::placed && !came_to_nothing;
}

void set_leg(model::Trigger& trigger, model::LegNumber leg, model::LegState state) {
  if (leg == model::LegNumber::one || trigger.leg_2) trigger.leg(leg).state = state;
}

bool other_leg_stands(const model::Trigger& trigger, model::LegNumber leg) {
  return trigger.leg_2 && trigger.leg(model::other(leg)).state == model::LegState::armed;
}

model::TriggerOutcome outcome_of(const model::Trigger& trigger, model::GroupAction group) {
  return {.id = trigger.id,
          .status = trigger.status,
          .leg_1 = trigger.leg_1.state,
          .leg_2 = trigger.leg_2 ? trigger.leg_2->state : model::LegState::armed,
          .triggered_at = trigger.triggered_at,
          .triggered_leg = trigger.triggered_leg,
          .triggered_price = trigger.triggered_price,
          .order_id = trigger.order_id,
          .order_status = trigger.order_status,
          .filled_quantity = trigger.filled_quantity,
          .average_price = trigger.average_price,
          .error_message = trigger.error_message,
          .group = group};
}

template <class Condition>
bool Engine::any_other(const Flight& flight, Condition holds) const {
  const auto* other = flights_.first_of(flight.attempt.trigger_id);
  while (other && (other == &flight || !holds(*other))) other = other->next;
  return other != nullptr;
}

bool Engine::another_has_order(const Flight& flight) const {
  return any_other(flight, [](const Flight& other) { return other.has_order(); });
}

bool Engine::another_may_have_order(const Flight& flight) const {
  return any_other(flight, [](const Flight& other) { return other.may_have_order(); });
}

std::shared_ptr<model::Trigger> Engine::row_of(const Flight* first) {
  if (!first) return std::make_shared<model::Trigger>();
  *first->row = {};
  return first->row;
}

std::shared_ptr<model::Trigger> Engine::row_for(model::Trigger trigger) const {
  auto row = row_of(flights_.first_of(trigger.id));
  *row = std::move(trigger);
  return row;
}

void Engine::write_attempt(Now& now, const Flight& flight, model::Record record) const {
  record.attempt = flight.attempt;
  now.ask(Write{std::move(record)});
}

void Engine::write_row(Now& now, const Flight& flight, model::Record record,
                       model::GroupAction group) const {
  record.trigger = outcome_of(*flight.row, group);
  write_attempt(now, flight, std::move(record));
}

model::Record Engine::record_of(const Now& now, const Flight& flight, const char* event,
                                model::Severity severity, model::Detail detail) const {
  model::Record record;
  record.at = now.at;
  record.audit.push_back({.at = now.at,
                          .event = event,
                          .severity = severity,
                          .actor = "engine",
                          .user_id = flight.attempt.user_id,
                          .trigger_id = flight.attempt.trigger_id,
                          .tag = flight.attempt.tag,
                          .detail = std::move(detail)});
  return record;
}

}  // namespace hmt::engine
