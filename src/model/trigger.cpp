#include "model/trigger.h"

namespace hmt::model {
namespace {

using base::invalid;
using base::Result;

constexpr Quantity quantity_max = 10'000'000;

// A leg's columns; they become texts only where one is wrong, for a start checks millions.
struct LegColumns {
  std::string_view trigger_price;
  std::string_view order_price;
  std::string_view quantity;
};
constexpr LegColumns columns_1 = {"trigger_price_1", "order_price_1", "quantity_1"};
constexpr LegColumns columns_2 = {"trigger_price_2", "order_price_2", "quantity_2"};

Result<void> check_price(Price price, std::string_view column, const Instrument* instrument,
                         bool on_tick) {
  if (price > Price{} && !instrument) return {};
  const std::string field(column);
  if (price <= Price{}) return invalid(field, field + " must be above zero");
  const auto segment = segment_of(instrument->token);
  if (!segment) return {};
  const auto wire_unit = Price::from_raw(Price::one_rupee / wire_units_per_rupee(*segment));
  const auto step = on_tick && instrument->tick_size > Price{} ? instrument->tick_size : wire_unit;
  if (!price.is_multiple_of(step)) {
    return invalid(field, field + " must be a multiple of " + step.text() + " for " +
                              instrument->trading_symbol);
  }
  return {};
}

Result<void> check_quantity(Quantity quantity, std::string_view column,
                            const Instrument* instrument) {
  if (quantity <= 0 || quantity > quantity_max) {
    const std::string field(column);
    return invalid(field, field + " must be between 1 and " + std::to_string(quantity_max));
  }
  if (instrument && instrument->lot_size > 0 && quantity % instrument->lot_size != 0) {
    const std::string field(column);
    return invalid(field, field + " must be a multiple of the lot size " +
                              std::to_string(instrument->lot_size));
  }
  return {};
}

Result<void> check_leg(const Leg& leg, const LegColumns& columns, const Instrument* instrument) {
  if (auto ok = check_price(leg.trigger_price, columns.trigger_price, instrument, false); !ok)
    return ok;
  if (leg.order_price) {
    if (auto ok = check_price(*leg.order_price, columns.order_price, instrument, true); !ok)
      return ok;
  }
  return check_quantity(leg.quantity, columns.quantity, instrument);
}

Result<void> check_two_legs(const Trigger& trigger) {
  if (!trigger.leg_2) return invalid("trigger_price_2", "a two-leg trigger needs trigger_price_2");
  if (trigger.direction) {
    return invalid("direction",
                   "direction belongs to single triggers: a two-leg's legs have theirs");
  }
  const bool stop_below = trigger.leg_1.trigger_price < trigger.leg_2->trigger_price;
  const bool stop_above = trigger.leg_1.trigger_price > trigger.leg_2->trigger_price;
  if (trigger.side == Side::sell && !stop_below) {
    return invalid("trigger_price_1",
                   "a SELL stop-loss (trigger_price_1) must be below its target");
  }
  if (trigger.side == Side::buy && !stop_above) {
    return invalid("trigger_price_1", "a BUY stop-loss (trigger_price_1) must be above its target");
  }
  return {};
}

}  // namespace

Direction direction_of(const Trigger& trigger, LegNumber leg) {
  if (trigger.direction && trigger.condition == Condition::single) return *trigger.direction;
  const bool rises = (trigger.side == Side::buy) == (leg == LegNumber::one);
  return rises ? Direction::rising : Direction::falling;
}

Purpose purpose_of(const Trigger& trigger) {
  if (trigger.purpose) return *trigger.purpose;
  const bool exit = trigger.condition == Condition::two_leg || trigger.side == Side::sell;
  return exit ? Purpose::exit : Purpose::entry;
}

Result<void> check_trigger(const Trigger& trigger, const Instrument* instrument) {
  if (trigger.trading_symbol.empty() || trigger.trading_symbol.size() > 64) {
    return invalid("trading_symbol", "trading_symbol is 1 to 64 characters");
  }
  if (instrument && instrument->is_index()) {
    return invalid("trading_symbol", trigger.trading_symbol + " is an index and cannot be traded");
  }
  if (!segment_of(trigger.instrument_token)) {
    return invalid("instrument_token", "instrument_token names no known segment");
  }
  if (auto ok = check_leg(trigger.leg_1, columns_1, instrument); !ok) return ok;
  if (trigger.condition == Condition::single) {
    if (trigger.leg_2) return invalid("trigger_price_2", "a single trigger has no second leg");
    return {};
  }
  if (auto ok = check_two_legs(trigger); !ok) return ok;
  return check_leg(*trigger.leg_2, columns_2, instrument);
}

}  // namespace hmt::model
