#include "engine/flight.h"

#include "engine/now.h"
#include "oms/order_state.h"

namespace hmt::engine {

bool Flight::is_working() const {
  return attempt.state == model::AttemptState::placed &&
         !oms::is_terminal(oms::phase_of(attempt.order_status));
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

Flight* Engine::find(const model::OrderTag& tag) {
  const auto found = flights_.find(tag);
  return found == flights_.end() ? nullptr : &found->second;
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
