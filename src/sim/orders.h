#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/price.h"
#include "base/time.h"
#include "model/instrument.h"
#include "model/words.h"

namespace hmt::sim {

using base::Instant;
using base::Price;

// What a client asks for, with its words understood but nothing judged yet.
struct PlaceRequest {
  std::string variety = "regular";  // or "amo"
  model::Exchange exchange = model::Exchange::nse;
  std::string trading_symbol;
  model::Side side = model::Side::buy;
  model::OrderType type = model::OrderType::limit;
  model::Product product = model::Product::cnc;
  std::string validity = "DAY";  // or "IOC"
  std::int64_t quantity = 0;
  std::int64_t disclosed_quantity = 0;
  Price price;
  Price trigger_price;
  Price market_protection;  // per cent; 0: none; -1: automatic
  std::string tag;
};

// Fields that a modification may replace; absent ones stay.
struct ModifyRequest {
  std::optional<model::OrderType> type;
  std::optional<std::int64_t> quantity;
  std::optional<std::int64_t> disclosed_quantity;
  std::optional<Price> price;
  std::optional<Price> trigger_price;
  std::optional<std::string> validity;
};

// One row of the order book, as it is shown (kite-protocol 3.6).
struct Order {
  std::string user_id;
  std::string order_id;
  std::string exchange_order_id;  // empty until it is at the exchange
  std::string status;
  std::string status_message;
  std::string status_message_raw;
  Instant order_timestamp{};
  Instant exchange_timestamp{};  // when the exchange registered it; epoch: not yet
  Instant updated_at{};          // of this row
  const model::Instrument* instrument = nullptr;
  PlaceRequest terms;  // as they are now: protection turns MARKET into LIMIT
  std::int64_t filled_quantity = 0;
  std::int64_t pending_quantity = 0;
  std::int64_t cancelled_quantity = 0;
  Price average_price;
  std::vector<std::string> tags;
  bool modified = false;

  bool is_final() const {
    return status == "COMPLETE" || status == "CANCELLED" || status == "REJECTED" ||
           status == "CANCELLED AMO";
  }
};

struct Trade {
  std::string user_id;
  std::string trade_id;
  std::string order_id;
  std::string exchange_order_id;
  const model::Instrument* instrument = nullptr;
  model::Side side = model::Side::buy;
  model::Product product = model::Product::cnc;
  std::int64_t quantity = 0;
  Price price;
  Instant at{};
};

// The truth that tests compare with: one entry for each order that the broker has registered,
// whatever its client was told.
struct LedgerEntry {
  std::string order_id;
  std::string user_id;
  std::string tag;
  model::Exchange exchange = model::Exchange::nse;
  std::string trading_symbol;
  model::Side side = model::Side::buy;
  std::int64_t quantity = 0;
  Instant accepted_at{};
};

// What the ticker tells about an order. `status` is the postback's word: an open order that was
// modified, triggered or partly filled says UPDATE.
struct OrderUpdate {
  Order order;
  std::string status;
};

}  // namespace hmt::sim
