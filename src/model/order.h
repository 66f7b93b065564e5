#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/price.h"
#include "base/time.h"
#include "model/order_tag.h"
#include "model/trigger.h"

namespace hmt::model {

// What is sent to the broker: variety regular, validity DAY.
struct OrderRequest {
  Exchange exchange = Exchange::nse;
  std::string trading_symbol;
  Side side = Side::buy;
  OrderType type = OrderType::limit;
  Product product = Product::cnc;
  Quantity quantity = 0;
  std::optional<Price> price;      // LIMIT only
  bool market_protection = false;  // MARKET only: the broker picks the percentage (-1)
  OrderTag tag;

  bool operator==(const OrderRequest&) const = default;
};

// An order as the broker shows it: in a reply, on the stream, or in the order book. Absent text is
// empty.
struct BrokerOrder {
  std::string order_id;
  OrderTag tag;        // none: none, or longer than any of ours
  std::string status;  // the broker's own word, such as "COMPLETE"; the list is open
  std::string status_message;
  std::string account;
  Exchange exchange = Exchange::nse;
  std::string trading_symbol;
  Side side = Side::buy;
  Product product = Product::cnc;
  Quantity quantity = 0;
  Quantity filled_quantity = 0;
  Quantity pending_quantity = 0;
  Quantity cancelled_quantity = 0;
  std::optional<Price> average_price;
  std::optional<base::Instant> order_time;
};

// Where word of an order came from.
enum class OrderSource : std::uint8_t { reply, stream, book };

// The answer to one placement, before anybody judges it. The transport says how far the bytes got.
enum class Transport : std::uint8_t {
  answered,  // a whole HTTP answer came
  not_sent,  // proven: no byte of the request left (no address, connection refused, TLS failed,
             // timed out connecting)
  broken,    // bytes may have left, and no whole answer came: reset, time-out, truncated
};

struct PlaceAnswer {
  Transport transport = Transport::broken;
  int http_status = 0;
  bool well_formed = false;  // the body is the broker's own JSON envelope, whole
  std::string error_type;    // the broker's word, such as "InputException"; empty: none
  std::string message;       // the broker's words, or ours about the transport
  std::string order_id;      // when the envelope says success
  base::Instant sent_at{};   // the last moment a byte could have left
  base::Instant answered_at{};
};

}  // namespace hmt::model
