#include "sim/order_json.h"

namespace hmt::sim {
namespace {

void write_time(JsonWriter& out, Instant at) {
  if (at == Instant{}) {
    out.null();
  } else {
    out.string(base::to_broker_time(at));
  }
}

void write_identity(JsonWriter& out, const Order& order, std::string_view status) {
  out.key("placed_by").string(order.user_id);
  out.key("order_id").string(order.order_id);
  out.key("exchange_order_id").string_or_null(order.exchange_order_id);
  out.key("parent_order_id").null();
  out.key("status").string(status);
  out.key("status_message").string_or_null(order.status_message);
  out.key("status_message_raw").string_or_null(order.status_message_raw);
  out.key("order_timestamp");
  write_time(out, order.order_timestamp);
  const bool at_exchange = !order.exchange_order_id.empty();
  out.key("exchange_update_timestamp");
  write_time(out, at_exchange ? order.updated_at : Instant{});
  out.key("exchange_timestamp");
  write_time(out, order.exchange_timestamp);
}

void write_terms(JsonWriter& out, const Order& order) {
  const PlaceRequest& terms = order.terms;
  out.key("variety").string(terms.variety);
  out.key("exchange").string(model::word(terms.exchange));
  out.key("tradingsymbol").string(terms.trading_symbol);
  out.key("instrument_token").number(order.instrument->token);
  out.key("order_type").string(model::word(terms.type));
  out.key("transaction_type").string(model::word(terms.side));
  out.key("validity").string(terms.validity);
  out.key("product").string(model::word(terms.product));
  out.key("quantity").number(terms.quantity);
  out.key("disclosed_quantity").number(terms.disclosed_quantity);
  out.key("price").price(terms.price);
  out.key("trigger_price").price(terms.trigger_price);
}

void write_outcome(JsonWriter& out, const Order& order) {
  out.key("average_price").price(order.average_price);
  out.key("filled_quantity").number(order.filled_quantity);
  out.key("pending_quantity").number(order.pending_quantity);
  out.key("cancelled_quantity").number(order.cancelled_quantity);
  // The broker's echo is unreliable (kite-protocol 3.3): the tags tell.
  out.key("market_protection").number(0);
  out.key("meta").begin_object().end_object();
  out.key("tag").string_or_null(order.terms.tag);
  out.key("guid").string("sim-" + order.order_id);
}

}  // namespace

void write_order(JsonWriter& out, const Order& order) {
  out.begin_object();
  out.key("account_id").string(order.user_id);
  write_identity(out, order, order.status);
  write_terms(out, order);
  out.key("validity_ttl").number(0);
  out.key("modified").boolean(order.modified);
  out.key("auction_number").null();
  write_outcome(out, order);
  out.key("tags").begin_array();
  for (const std::string& tag : order.tags) out.string(tag);
  out.end_array();
  out.end_object();
}

void write_trade(JsonWriter& out, const Trade& trade) {
  const std::string at = base::to_broker_time(trade.at);
  out.begin_object();
  out.key("trade_id").string(trade.trade_id);
  out.key("order_id").string(trade.order_id);
  out.key("exchange").string(model::word(trade.instrument->exchange));
  out.key("tradingsymbol").string(trade.instrument->trading_symbol);
  out.key("instrument_token").number(trade.instrument->token);
  out.key("product").string(model::word(trade.product));
  out.key("average_price").price(trade.price);
  out.key("quantity").number(trade.quantity);
  out.key("exchange_order_id").string(trade.exchange_order_id);
  out.key("transaction_type").string(model::word(trade.side));
  out.key("fill_timestamp").string(at);
  out.key("order_timestamp").string(at.substr(at.find(' ') + 1));
  out.key("exchange_timestamp").string(at);
  out.end_object();
}

std::string order_update_message(const OrderUpdate& update) {
  const Order& order = update.order;
  JsonWriter out;
  out.begin_object();
  out.key("type").string("order");
  out.key("id").string("");
  out.key("data").begin_object();
  out.key("user_id").string(order.user_id);
  out.key("unfilled_quantity").number(order.pending_quantity);
  out.key("app_id").number(0);
  out.key("checksum").string("");
  write_identity(out, order, update.status);
  write_terms(out, order);
  write_outcome(out, order);
  out.end_object();
  out.end_object();
  return out.take();
}

}  // namespace hmt::sim
