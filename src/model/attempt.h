#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "model/detail.h"
#include "model/order.h"
#include "model/tick.h"
#include "model/trigger.h"

namespace hmt::model {

// The life of one placement that may reach the broker: one row of hmt_order_attempts, durable
// before the first byte.
enum class AttemptState : std::uint8_t {
  queued,      // durable; no byte has left; waits its turn
  forwarded,   // durable: from here on a byte may have left
  withdrawn,   // proven not sent: the gate refused it, or it was taken back
  not_placed,  // the broker did not take it (429, no connection, session refused); may be tried
               // again
  refused,     // refused for good
  unknown,     // may be at the broker: looked up by tag
  placed,      // the broker has registered it: order_id is known
  absent,      // shown not to be at the broker
};

std::string_view word(AttemptState);
std::optional<AttemptState> attempt_state_from_word(std::string_view text);

// Why a trigger fired: what was seen, and the rule that it met.
struct Evidence {
  Price last_price;
  std::uint32_t exchange_time = 0;
  std::uint32_t last_trade_time = 0;
  std::uint32_t connection_epoch = 0;
  base::Instant received_at{};
  bool after_gap =
      false;         // the first fresh packet after the trigger was armed or the feed came back
  std::string rule;  // "SELL leg 1: LTP 1499.95 <= 1500.00"

  bool operator==(const Evidence&) const = default;
};

struct Attempt {
  OrderTag tag;
  TriggerId trigger_id;
  UserId user_id;
  ConnectionId connection_id;
  std::int32_t fire_no = 0;
  std::int32_t attempt_no = 0;  // 0 for the first
  LegNumber leg = LegNumber::one;
  std::int64_t lease_epoch = 0;
  base::TradingDate trading_date;
  OrderRequest request;
  Evidence evidence;

  AttemptState state = AttemptState::queued;
  std::string order_id;
  std::string order_status;
  std::string message;
  Quantity filled_quantity = 0;
  std::optional<Price> average_price;
  base::Instant created_at{};
  std::optional<base::Instant> forwarded_at;
  std::optional<base::Instant> answered_at;

  bool operator==(const Attempt&) const = default;
};

enum class Severity : std::uint8_t { info, warning, alarm };
std::string_view word(Severity);  // "info" "warning" "alarm"

// One line of the trail.
struct AuditEntry {
  base::Instant at{};
  std::string event;  // snake_case: "created", "claimed", "order_placed", …
  Severity severity = Severity::info;
  std::string actor;  // "engine", "user:<id>", "operator", "sql"
  std::optional<UserId> user_id;
  std::optional<TriggerId> trigger_id;
  OrderTag tag;  // empty: none
  Detail detail;

  bool operator==(const AuditEntry&) const = default;
};

}  // namespace hmt::model
