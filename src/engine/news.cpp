#include <algorithm>

#include "engine/now.h"
#include "oms/order_state.h"

// News of orders: by reply, by stream, by order book. The first one wins; none is trusted to come.
namespace hmt::engine {
namespace {

using model::AttemptState;
using model::Severity;

model::Detail detail_of(const model::Attempt& attempt, model::OrderSource source) {
  constexpr const char* sources[] = {"reply", "stream", "book"};
  model::Detail detail{{"order_id", attempt.order_id},
                       {"order_status", attempt.order_status},
                       {"filled_quantity", std::to_string(attempt.filled_quantity)},
                       {"from", sources[static_cast<int>(source)]}};
  if (attempt.average_price) detail.emplace_back("average_price", attempt.average_price->text());
  if (!attempt.message.empty()) detail.emplace_back("message", attempt.message);
  return detail;
}

// What the gate or the broker had said makes this order a surprise.
bool was_written_off(AttemptState state) {
  return state == AttemptState::withdrawn || state == AttemptState::not_placed ||
         state == AttemptState::refused || state == AttemptState::absent;
}

}  // namespace

void Engine::handle(Now& now, const OrderNews& news) {
  take_news(now, news.order, news.source);
}

void Engine::handle(Now& now, const BookRead& read) {
  for (const auto& order : read.orders) take_news(now, order, model::OrderSource::book);
  count_absence(now, read.started_at);
}

void Engine::take_news(Now& now, const model::BrokerOrder& order, model::OrderSource source) {
  auto* flight = find(order.tag);
  if (!flight) {
    adopt(now, order, source);
    return;
  }
  if (flight->claiming) return;  // not ours yet; the next reading brings it again
  if (flight->attempt.state == AttemptState::placed) {
    const auto merged = oms::merge(flight->attempt, order, source);
    if (merged.contradiction) plan_book_reading(now.at);
    if (merged.changed) order_moved(now, *flight, source);
    return;
  }
  appeared(now, *flight, order, source);
}

// An order of ours that no record tells of: the records were restored from an older copy. Its
// trigger has fired.
void Engine::adopt(Now& now, const model::BrokerOrder& order, model::OrderSource source) {
  const auto date = base::trading_date(now.at);
  const auto parts = oms::read_tag(settings_.tag_key, tag_scope(date), order.tag);
  if (!parts) return;
  const auto found = std::ranges::find_if(triggers_, [&](const auto& entry) {
    return oms::tag_bits(entry.first) == parts->trigger_bits;
  });
  if (found == triggers_.end()) return;
  Flight flight;
  flight.trigger = found->second;
  flight.claimed_version = found->second.version;
  auto& attempt = flight.attempt;
  attempt.tag = order.tag;
  attempt.trigger_id = found->first;
  attempt.user_id = found->second.user_id;
  attempt.connection_id = found->second.broker_connection_id;
  attempt.fire_no = std::max(found->second.fire_no, std::int32_t{parts->fire_mod_32});
  attempt.attempt_no = parts->attempt_mod_32;
  attempt.lease_epoch = settings_.lease_epoch;
  attempt.trading_date = date;
  attempt.created_at = now.at;
  attempt.state = AttemptState::unknown;
  attempt.request = {.exchange = order.exchange,
                     .trading_symbol = order.trading_symbol,
                     .side = order.side,
                     .type = model::OrderType::limit,
                     .product = order.product,
                     .quantity = order.quantity,
                     .price = {},
                     .tag = order.tag};
  attempt.evidence.rule = "found in the broker's order book by its tag";
  flight.trigger.triggered_leg = model::LegNumber::one;
  flight.trigger.triggered_at = order.order_time.value_or(now.at);
  if (flight.trigger.parent_id) handle(now, GroupWon{*flight.trigger.parent_id, flight.trigger.id});
  disarm(now, flight.trigger.id);
  auto& kept = flights_.insert_or_assign(order.tag, std::move(flight)).first->second;
  appeared(now, kept, order, source);
}

bool Engine::has_another_order(const Flight& flight) const {
  return std::ranges::any_of(flights_, [&](const auto& entry) {
    const auto& other = entry.second;
    return other.attempt.trigger_id == flight.attempt.trigger_id &&
           other.attempt.tag != flight.attempt.tag && !other.claiming &&
           other.attempt.fire_no >= flight.attempt.fire_no &&
           (other.is_unresolved() || other.attempt.state == AttemptState::placed);
  });
}

void Engine::appeared(Now& now, Flight& flight, const model::BrokerOrder& order,
                      model::OrderSource source) {
  auto& attempt = flight.attempt;
  const bool surprise = was_written_off(attempt.state);
  const bool duplicated = has_another_order(flight);
  attempt.state = AttemptState::placed;
  attempt.order_status.clear();
  attempt.message.clear();
  flight.retry_at.reset();
  flight.read_book_at.reset();
  flight.absence.reset();
  oms::merge(attempt, order, source);
  ++counts_.orders_placed;

  auto& trigger = flight.trigger;
  trigger.leg(flight.leg()).state = model::LegState::fired;
  trigger.order_id = attempt.order_id;
  trigger.order_status = attempt.order_status;
  trigger.filled_quantity = attempt.filled_quantity;
  trigger.average_price = attempt.average_price;
  trigger.status =
      duplicated ? model::TriggerStatus::needs_attention : model::TriggerStatus::triggered;
  trigger.error_message =
      duplicated ? "Two orders of this trigger reached the broker: check the position now"
      : surprise ? "The broker has this order although it had said otherwise: check the position"
                 : "";
  disarm(now, trigger.id);
  auto record = record_of(now, flight, surprise ? "order_appeared_late" : "order_placed",
                          surprise ? Severity::alarm : Severity::info, detail_of(attempt, source));
  order_ended(now, flight, source, std::move(record));
}

void Engine::order_moved(Now& now, Flight& flight, model::OrderSource source) {
  auto& trigger = flight.trigger;
  const auto& attempt = flight.attempt;
  trigger.order_id = attempt.order_id;
  trigger.order_status = attempt.order_status;
  trigger.filled_quantity = attempt.filled_quantity;
  trigger.average_price = attempt.average_price;
  order_ended(now, flight, source,
              record_of(now, flight, "order_update", Severity::info, detail_of(attempt, source)));
}

// Writes the news, and what an end of the order means.
void Engine::order_ended(Now& now, Flight& flight, model::OrderSource source,
                         model::Record record) {
  auto& trigger = flight.trigger;
  const auto phase = oms::phase_of(flight.attempt.order_status);
  if (phase == oms::Phase::rejected && flight.attempt.filled_quantity == 0 && !flight.settled) {
    trigger.error_message = flight.attempt.message;
    record.audit.front().event = "order_rejected";
    record.audit.front().severity = Severity::alarm;
    if (source != model::OrderSource::book) {
      plan_book_reading(now.at);  // the other legs are armed again only when the book says so too
    } else {
      flight.settled = true;
      const bool other_leg_stands =
          trigger.leg_2 && trigger.leg(model::other(flight.leg())).state == model::LegState::armed;
      if (other_leg_stands || trigger.parent_id) {
        leg_failed(now, flight, flight.attempt.message, std::move(record));
        return;
      }
      ++counts_.orders_failed;
    }
  } else if (phase == oms::Phase::cancelled || phase == oms::Phase::rejected) {
    const auto open = flight.attempt.request.quantity - flight.attempt.filled_quantity;
    trigger.error_message =
        flight.attempt.message.empty() ? "The order was cancelled" : flight.attempt.message;
    record.audit.front().event =
        phase == oms::Phase::rejected ? "order_rejected" : "order_cancelled";
    record.audit.front().severity = Severity::alarm;
    record.audit.front().detail.emplace_back("not_filled", std::to_string(open));
  } else if (phase == oms::Phase::complete) {
    record.audit.front().event = "order_filled";
  }
  record.attempt = flight.attempt;
  record.trigger = outcome_of(trigger, model::GroupAction::keep);
  settle_if_working(flight, record);
  now.ask(Write{std::move(record)});
}

// Past the broker's own checks the order stands at the exchange: only now do the other legs go.
void Engine::settle_if_working(Flight& flight, model::Record& record) const {
  static const int at_exchange = oms::rank_of("OPEN");
  const auto phase = oms::phase_of(flight.attempt.order_status);
  const bool stands =
      flight.attempt.filled_quantity > 0 || phase == oms::Phase::complete ||
      phase == oms::Phase::cancelled ||
      (phase == oms::Phase::working && oms::rank_of(flight.attempt.order_status) >= at_exchange);
  if (flight.settled || !stands) return;
  flight.settled = true;
  if (flight.trigger.leg_2) {
    auto& left = flight.trigger.leg(model::other(flight.leg()));
    if (left.state == model::LegState::armed) left.state = model::LegState::dropped;
  }
  record.trigger = outcome_of(flight.trigger, model::GroupAction::settle);
}

}  // namespace hmt::engine
