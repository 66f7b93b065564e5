#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/id.h"
#include "base/price.h"
#include "base/time.h"
#include "model/instrument.h"
#include "model/words.h"

namespace hmt::model {

using TriggerId = base::Id<struct TriggerTag>;
using UserId = base::Id<struct UserTag>;
using ConnectionId = base::Id<struct ConnectionTag>;
using GroupId = base::Id<struct GroupTag>;
using Quantity = std::int64_t;

enum class LegNumber : std::uint8_t { one = 1, two = 2 };

struct Leg {
  Product product = Product::cnc;
  Price trigger_price;
  std::optional<Price> order_price;  // none: MARKET with market protection
  Quantity quantity = 0;
  LegState state = LegState::armed;

  bool operator==(const Leg&) const = default;
};

// One row of hmt_gtt_orders.
struct Trigger {
  TriggerId id;
  UserId user_id;
  ConnectionId broker_connection_id;
  std::optional<GroupId> parent_id;  // rows that share one are one one-cancels-other group

  std::string trading_symbol;
  Exchange exchange = Exchange::nse;
  InstrumentToken instrument_token = 0;

  Condition condition = Condition::single;
  Side side = Side::buy;
  std::optional<Direction> direction;  // single only; none: the side's own (BUY rises, SELL falls)
  Leg leg_1;
  std::optional<Leg> leg_2;  // two-leg only
  OnUnknown on_unknown = OnUnknown::park;
  std::optional<Purpose> purpose;  // none: two-leg and SELL are exits, a single BUY is an entry

  TriggerStatus status = TriggerStatus::active;
  std::optional<base::Instant> triggered_at;
  std::optional<LegNumber> triggered_leg;
  std::optional<Price> triggered_price;
  std::string order_id;      // empty: none
  std::string order_status;  // the broker's own word, or "UNKNOWN"; empty: none
  Quantity filled_quantity = 0;
  std::optional<Price> average_price;
  std::string error_message;  // empty: none

  std::int64_t version =
      1;  // grows with every change of the row; an edit names the one it was read at
  std::int32_t fire_no = 0;  // how often it has been claimed
  base::Instant created_at{};
  base::Instant updated_at{};
  std::optional<base::Instant> expires_at;

  const Leg& leg(LegNumber number) const { return number == LegNumber::one ? leg_1 : *leg_2; }
  Leg& leg(LegNumber number) { return number == LegNumber::one ? leg_1 : *leg_2; }
  bool operator==(const Trigger&) const = default;
};

inline constexpr LegNumber other(LegNumber leg) {
  return leg == LegNumber::one ? LegNumber::two : LegNumber::one;
}

// The way the leg's level is crossed (contract 5): BUY leg 1 and SELL leg 2 rise, the others fall;
// an explicit direction of a single trigger wins.
Direction direction_of(const Trigger& trigger, LegNumber leg);

Purpose purpose_of(const Trigger& trigger);

// What may be written by a user: everything that a price, a quantity or a word can get wrong, each
// named by its column. `instrument` is the row's, when it is known. Errors: invalid, with the
// column in `field`.
base::Result<void> check_trigger(const Trigger& trigger, const Instrument* instrument);

}  // namespace hmt::model
