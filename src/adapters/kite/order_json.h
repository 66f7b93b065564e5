#pragma once
#include <optional>

#include "kite/json.h"
#include "model/order.h"

namespace hmt::kite {

enum class OrderRow : std::uint8_t {
  read,
  foreign,    // of an exchange, product or kind that we never send: not ours
  malformed,  // without an order id, or with a quantity that is not a number
};

// One order object as the order book, a history, the stream and a postback hold it (kite-protocol
// 3.6). Missing, null and extra keys are fine. A row that carries a tag like ours is never foreign.
OrderRow read_order(ondemand::object object, model::BrokerOrder& order);

}  // namespace hmt::kite
