#include <algorithm>
#include <utility>

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
  if (attempt.average_price) detail.add("average_price", attempt.average_price->text());
  if (!attempt.message.empty()) detail.add("message", attempt.message);
  return detail;
}

// What is not filled is nobody's any more, once the order had stood at the exchange; empty: the
// other leg is not gone, or there is none.
std::string other_leg_gone(const model::Trigger& row, model::LegNumber fired) {
  const auto other = model::other(fired);
  if (!row.leg_2 || row.leg(other).state != model::LegState::dropped) return {};
  const std::string name =
      other == model::LegNumber::one ? "The stop (leg 1)" : "The target (leg 2)";
  return name + " is not armed any more: this trigger does not protect the position";
}

// What the gate or the broker had said makes this order a surprise.
bool was_written_off(AttemptState state) {
  return state == AttemptState::withdrawn || state == AttemptState::not_placed ||
         state == AttemptState::refused || state == AttemptState::absent;
}

// The tag tells the number modulo 32; the records may be older than the order, not newer.
std::int32_t fire_no_meant(std::int32_t known, std::uint8_t mod_32) {
  return known + ((std::int32_t{mod_32} - known) % 32 + 32) % 32;
}

model::LegNumber leg_meant(const model::Trigger& row, const model::BrokerOrder& order) {
  const auto is_of = [&](const model::Leg& leg) {
    return leg.state == model::LegState::armed && leg.product == order.product &&
           leg.quantity == order.quantity;
  };
  const bool second = row.leg_2 && is_of(*row.leg_2) && !is_of(row.leg_1);
  return second ? model::LegNumber::two : model::LegNumber::one;
}

bool is_another(const Flight& flight, const model::BrokerOrder& order) {
  const auto& known = flight.attempt.order_id;
  return !known.empty() && !order.order_id.empty() && known != order.order_id;
}

bool came_to_nothing(const model::BrokerOrder& order) {
  return oms::phase_of(order.status) == oms::Phase::rejected && order.filled_quantity == 0;
}

// The book's own row has to say it: it may show an order as it was before it was rejected.
bool confirms_rejection(const Flight& flight, const model::BrokerOrder& order,
                        model::OrderSource source) {
  return source == model::OrderSource::book && flight.awaits_book() && !is_another(flight, order) &&
         came_to_nothing(order);
}

}  // namespace

void Engine::handle(Now& now, const OrderNews& news) {
  take_news(now, news.order, news.source);
}

void Engine::handle(Now& now, const BookRead& read) {
  // Ahead of what becomes of either: a tag's order that came to nothing is not its only one.
  for (const auto& order : read.orders) tell_second(now, order);
  flights_.look_again();
  for (const auto& order : read.orders) take_news(now, order, model::OrderSource::book);
  count_absence(now, read.started_at);
  park_lapsed(now, read);
}

void Engine::take_news(Now& now, const model::BrokerOrder& order, model::OrderSource source) {
  auto* flight = flight_told_of(now, order);
  if (!flight) {
    adopt(now, order, source);
    return;
  }
  if (flight->claiming) return;  // not ours yet; the next reading brings it again
  const bool known = flight->attempt.state == AttemptState::placed && !flight->parked;
  if (!known && !(flight->over && came_to_nothing(order))) {
    appeared(now, *flight, order, source);
    return;
  }
  if (is_another(*flight, order)) second_order(now, *flight, order);
  const auto merged = oms::merge(flight->attempt, order, source);
  // Another reading says nothing new of what the book itself contradicts.
  if (merged.contradiction && source != model::OrderSource::book) plan_book_reading(now.at);
  if (!flight->over) {
    const bool confirmed = confirms_rejection(*flight, order, source);
    if (merged.changed || confirmed) order_moved(now, *flight, order, source, merged.changed);
  } else if (merged.changed && flight->has_order()) {
    appeared(now, *flight, order, source);
  } else if (merged.changed) {
    write_attempt(now, *flight,
                  record_of(now, *flight, "order_update", Severity::info,
                            detail_of(flight->attempt, source)));
  }
}

// By its tag; or else, where the broker tells of an order of ours without it, by the number that it
// gave the order itself. Of what has no number yet nobody can then say what became of it.
Flight* Engine::flight_told_of(Now& now, const model::BrokerOrder& order) {
  if (auto* tagged = flights_.find(order.tag)) return tagged;
  if (order.order_id.empty()) return nullptr;
  const Flight* known = nullptr;
  flights_.each_waiting([&](const Flight& flight) {
    const bool is_it =
        flight.attempt.state == AttemptState::placed && flight.attempt.order_id == order.order_id;
    if (is_it) known = &flight;
  });
  if (!known) return nullptr;
  auto* flight = flights_.find(known->attempt.tag);
  if (!std::exchange(flight->tagless, true)) {
    now.ask(Write{record_of(now, *flight, "order_without_our_tag", Severity::alarm,
                            {{"order_id", order.order_id},
                             {"why",
                              "the broker tells of this order without our tag: an order that it "
                              "does not answer could not be found again"}})});
  }
  return flight;
}

// An order of ours that no record tells of: the records were restored from an older copy. Its
// trigger has fired.
void Engine::adopt(Now& now, const model::BrokerOrder& order, model::OrderSource source) {
  const auto date = base::trading_date(now.at);
  const auto parts = oms::read_tag(settings_.tag_key, tag_scope(date), order.tag);
  if (!parts) return;
  const auto found = rows_.find_by_tag_bits(parts->trigger_bits);
  if (found == ActiveRows::none) {
    tell_stranger(now, order, *parts);
    return;
  }
  const auto row = rows_.whole(found);
  auto flight = std::make_unique<Flight>();
  flight->row = row_for(row);
  flight->claimed_version = row.version;
  auto& attempt = flight->attempt;
  attempt.tag = order.tag;
  attempt.trigger_id = row.id;
  attempt.user_id = row.user_id;
  attempt.connection_id = row.broker_connection_id;
  attempt.fire_no = fire_no_meant(row.fire_no, parts->fire_mod_32);
  attempt.attempt_no = parts->attempt_mod_32;
  attempt.leg = leg_meant(row, order);
  attempt.lease_epoch = settings_.lease_epoch;
  attempt.trading_date = date;
  attempt.created_at = order.order_time.value_or(now.at);
  attempt.state = AttemptState::unknown;
  attempt.request = {
      .exchange = order.exchange,
      .trading_symbol = order.trading_symbol,
      .side = order.side,
      .type = model::OrderType::limit,
      .product = order.product,
      .quantity = order.quantity > 0 ? order.quantity : row.leg(attempt.leg).quantity,
      .price = {},
      .tag = order.tag};
  attempt.evidence.rule = "found in the broker's order book by its tag";
  if (row.parent_id) handle(now, GroupWon{*row.parent_id, row.id});
  appeared(now, flights_.put(std::move(flight)), order, source);
}

// Our order, and no trigger that it could have come from is waiting: told once a day.
void Engine::tell_stranger(Now& now, const model::BrokerOrder& order, const oms::TagParts& parts) {
  const auto today = base::trading_date(now.at);
  if (std::exchange(strangers_of_, today) != today) strangers_.clear();
  if (!strangers_.insert(order.tag).second) return;
  model::Record record;
  record.at = now.at;
  model::AuditEntry entry;
  entry.at = now.at;
  entry.event = "order_without_trigger";
  entry.severity = Severity::alarm;
  entry.actor = "engine";
  entry.tag = order.tag;
  const auto* flight = flights_.first_where([&](const Flight& each) {
    return oms::tag_bits(each.attempt.trigger_id) == parts.trigger_bits;
  });
  if (flight) {
    entry.trigger_id = flight->attempt.trigger_id;
    entry.user_id = flight->attempt.user_id;
  }
  entry.detail = {{"why", "an order with our tag has no trigger on record: check the position"},
                  {"order_id", order.order_id},
                  {"order_status", order.status},
                  {"trading_symbol", order.trading_symbol},
                  {"quantity", std::to_string(order.quantity)},
                  {"filled_quantity", std::to_string(order.filled_quantity)}};
  record.audit.push_back(std::move(entry));
  now.ask(Write{std::move(record)});
}

void Engine::tell_second(Now& now, const model::BrokerOrder& order) {
  const auto* known = std::as_const(flights_).find(order.tag);
  if (!known || known->claiming || known->parked || !is_another(*known, order)) return;
  if (known->attempt.state == AttemptState::placed)
    second_order(now, *flights_.find(order.tag), order);
}

// One tag, two orders: somebody else sent it too, from a copy of these records.
void Engine::second_order(Now& now, Flight& flight, const model::BrokerOrder& order) {
  if (std::exchange(flight.doubled, true)) return;
  auto record = record_of(now, flight, "second_order", Severity::alarm,
                          {{"order_id", flight.attempt.order_id},
                           {"second_order_id", order.order_id},
                           {"second_status", order.status},
                           {"second_filled", std::to_string(order.filled_quantity)}});
  auto& row = *flight.row;
  if (!flight.over && row.status == model::TriggerStatus::triggered) {
    row.status = model::TriggerStatus::needs_attention;
    row.error_message = "The broker has two orders of this trigger, " + flight.attempt.order_id +
                        " and " + order.order_id + ": check the position now";
    record.trigger = outcome_of(row, model::GroupAction::keep);
  }
  now.ask(Write{std::move(record)});
}

// The order is the trigger's, whatever was believed of it before.
void Engine::appeared(Now& now, Flight& flight, const model::BrokerOrder& order,
                      model::OrderSource source) {
  auto& attempt = flight.attempt;
  const bool surprise = flight.over || was_written_off(attempt.state);
  if (attempt.state != AttemptState::placed) {
    attempt.state = AttemptState::placed;
    attempt.order_status.clear();
    attempt.message.clear();
    ++counts_.orders_placed;
  }
  oms::merge(attempt, order, source);
  flight.over = flight.parked = flight.settled = false;
  flight.read_book_at.reset();
  flight.absence.reset();
  claim_row(now, flight, surprise);
  auto record = record_of(now, flight, surprise ? "order_appeared_late" : "order_placed",
                          surprise ? Severity::alarm : Severity::info, detail_of(attempt, source));
  order_ended(now, flight, std::move(record), confirms_rejection(flight, order, source));
  // What becomes of it may be told to nobody: one update more that is lost, and nothing else asks.
  plan_book_reading(now.at + settings_.poll_working);
}

// Takes the trigger out of the book, calls off what was to be tried again, and writes the order
// into the row.
void Engine::claim_row(Now& now, Flight& flight, bool surprise) {
  const auto& attempt = flight.attempt;
  if (const auto armed = rows_.find(attempt.trigger_id); armed != ActiveRows::none) {
    *flight.row = rows_.whole(armed);
    disarm(now, attempt.trigger_id);
  } else if (flight.row->status == model::TriggerStatus::active &&
             other_leg_stands(*flight.row, flight.leg())) {
    // Cancelled or expired since: whatever becomes of this order, the other leg is not armed again.
    set_leg(*flight.row, model::other(flight.leg()), model::LegState::dropped);
  }
  if (const auto group = flight.row->parent_id; group && !rows_.winner_of(*group))
    handle(now, GroupWon{*group, attempt.trigger_id});
  for (auto* other = flights_.first_of(attempt.trigger_id); other; other = other->next) {
    other->retry_at.reset();
    flights_.note_change(*other);
  }
  const bool second = another_may_have_order(flight);
  auto& trigger = *flight.row;
  set_leg(trigger, flight.leg(), model::LegState::fired);
  if (!trigger.triggered_at) trigger.triggered_at = attempt.created_at;
  if (!trigger.triggered_leg) trigger.triggered_leg = flight.leg();
  if (!trigger.triggered_price && attempt.evidence.last_price > model::Price{})
    trigger.triggered_price = attempt.evidence.last_price;
  trigger.order_id = attempt.order_id;
  trigger.order_status = attempt.order_status;
  trigger.filled_quantity = attempt.filled_quantity;
  trigger.average_price = attempt.average_price;
  trigger.status = second ? model::TriggerStatus::needs_attention : model::TriggerStatus::triggered;
  trigger.error_message =
      second     ? two_orders
      : surprise ? "The broker has this order although it had said otherwise: check the position"
                 : "";
}

void Engine::order_moved(Now& now, Flight& flight, const model::BrokerOrder& order,
                         model::OrderSource source, bool changed) {
  auto& trigger = *flight.row;
  const auto& attempt = flight.attempt;
  trigger.order_id = attempt.order_id;
  trigger.order_status = attempt.order_status;
  trigger.filled_quantity = attempt.filled_quantity;
  trigger.average_price = attempt.average_price;
  auto record = record_of(now, flight, "order_update", Severity::info, detail_of(attempt, source));
  if (changed) {
    order_ended(now, flight, std::move(record), confirms_rejection(flight, order, source));
  } else {
    record.audit.front().event = "rejection_confirmed";
    rejection_confirmed(now, flight, std::move(record));
  }
}

// Writes the news, and what an end of the order means.
void Engine::order_ended(Now& now, Flight& flight, model::Record record, bool confirmed) {
  const auto& attempt = flight.attempt;
  const auto phase = oms::phase_of(attempt.order_status);
  const auto group = settle_if_working(flight);
  auto& audit = record.audit.front();
  if (phase == oms::Phase::cancelled || phase == oms::Phase::rejected) {
    const bool rejected = phase == oms::Phase::rejected;
    audit.event = rejected ? "order_rejected" : "order_cancelled";
    audit.severity = Severity::alarm;
    audit.detail.add("not_filled",
                     std::to_string(attempt.request.quantity - attempt.filled_quantity));
    if (auto gone = other_leg_gone(*flight.row, flight.leg()); !gone.empty())
      audit.detail.add("not_protected", gone);
    if (flight.row->status != model::TriggerStatus::needs_attention) {
      flight.row->error_message =
          attempt.message.empty()
              ? (rejected ? "The broker rejected the order" : "The order was cancelled")
              : attempt.message;
    }
  } else if (phase == oms::Phase::complete && audit.severity != Severity::alarm) {
    audit.event = "order_filled";
  }
  if (confirmed) {
    rejection_confirmed(now, flight, std::move(record));
    return;
  }
  if (flight.awaits_book()) plan_book_reading(now.at);
  write_row(now, flight, std::move(record), group);
}

// The book agrees that the order came to nothing: only now are the other legs armed again, unless
// there is another order of its tag, which they would come on top of.
void Engine::rejection_confirmed(Now& now, Flight& flight, model::Record record) {
  flight.settled = true;
  const bool has_others = other_leg_stands(*flight.row, flight.leg()) || flight.row->parent_id;
  if (has_others && !flight.doubled) {
    leg_failed(now, flight, flight.row->error_message, std::move(record));
    return;
  }
  ++counts_.orders_failed;
  write_row(now, flight, std::move(record), model::GroupAction::keep);
}

// Past the broker's own checks the order stands at the exchange: only now do the other legs go.
model::GroupAction Engine::settle_if_working(Flight& flight) const {
  if (flight.settled || !flight.stands_at_exchange()) return model::GroupAction::keep;
  flight.settled = true;
  if (other_leg_stands(*flight.row, flight.leg()))
    set_leg(*flight.row, model::other(flight.leg()), model::LegState::dropped);
  return model::GroupAction::settle;
}

}  // namespace hmt::engine
