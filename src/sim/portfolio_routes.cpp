#include "sim/call.h"
#include "sim/json.h"

namespace hmt::sim {
namespace {

Price profit(const Position& at, Price last) {
  return at.sell_value - at.buy_value + last * at.quantity();
}

void write_sides(JsonWriter& out, std::string_view prefix, const Position& at) {
  const std::string buy = std::string(prefix) + "buy_";
  const std::string sell = std::string(prefix) + "sell_";
  out.key(buy + "quantity").number(at.buy_quantity);
  out.key(buy + "price").price(at.average_buy());
  out.key(buy + "value").price(at.buy_value);
  out.key(sell + "quantity").number(at.sell_quantity);
  out.key(sell + "price").price(at.average_sell());
  out.key(sell + "value").price(at.sell_value);
}

void write_position(JsonWriter& out, const Position& at, const Snapshot& market) {
  const Price gain = profit(at, market.last);
  const bool open = at.quantity() != 0;
  out.begin_object();
  out.key("tradingsymbol").string(at.instrument->trading_symbol);
  out.key("exchange").string(model::word(at.instrument->exchange));
  out.key("instrument_token").number(at.instrument->token);
  out.key("product").string(model::word(at.product));
  out.key("quantity").number(at.quantity());
  out.key("overnight_quantity").number(0);
  out.key("multiplier").number(1);
  out.key("average_price").price(open ? at.average_open() : Price{});
  out.key("close_price").price(market.close);
  out.key("last_price").price(market.last);
  out.key("value").price(at.sell_value - at.buy_value);
  out.key("pnl").price(gain);
  out.key("m2m").price(gain);
  out.key("unrealised").price(gain);
  out.key("realised").price(Price{});
  write_sides(out, "", at);
  out.key("buy_m2m").price(at.buy_value);
  out.key("sell_m2m").price(at.sell_value);
  write_sides(out, "day_", at);
  out.end_object();
}

std::string positions(Call& call) {
  const auto& all = call.broker.exchange.portfolio(call.account->config.user_id).positions();
  JsonWriter out;
  out.begin_object();
  for (const std::string_view view : {"net", "day"}) {
    out.key(view).begin_array();
    for (const auto& [key, at] : all) {
      write_position(out, at, call.broker.prices.snapshot(key.first));
    }
    out.end_array();
  }
  out.end_object();
  return out.take();
}

void write_holding(JsonWriter& out, const Position& at, const Snapshot& market) {
  out.begin_object();
  out.key("tradingsymbol").string(at.instrument->trading_symbol);
  out.key("exchange").string(model::word(at.instrument->exchange));
  out.key("instrument_token").number(at.instrument->token);
  out.key("isin").string("");
  out.key("product").string("CNC");
  out.key("price").number(0);
  out.key("quantity").number(0);
  out.key("used_quantity").number(0);
  out.key("t1_quantity").number(at.quantity());
  out.key("realised_quantity").number(0);
  out.key("authorised_quantity").number(0);
  out.key("authorised_date").null();
  out.key("opening_quantity").number(0);
  out.key("collateral_quantity").number(0);
  out.key("collateral_type").string("");
  out.key("discrepancy").boolean(false);
  out.key("average_price").price(at.average_buy());
  out.key("last_price").price(market.last);
  out.key("close_price").price(market.close);
  out.key("pnl").price((market.last - at.average_buy()) * at.quantity());
  out.key("day_change").price(market.last - market.close);
  out.key("day_change_percentage").number(0);
  out.end_object();
}

// Delivery shares bought today, not yet settled.
std::string holdings(Call& call) {
  JsonWriter out;
  out.begin_array();
  const auto& all = call.broker.exchange.portfolio(call.account->config.user_id).positions();
  for (const auto& [key, at] : all) {
    if (at.product != model::Product::cnc || at.quantity() <= 0) continue;
    write_holding(out, at, call.broker.prices.snapshot(key.first));
  }
  out.end_array();
  return out.take();
}

}  // namespace

net::HttpResponse portfolio_route(Call& call) {
  if (call.method != "GET") return failure(wrong_method());
  if (call.path.size() != 2) return failure(not_found());
  if (call.path[1] == "positions") return success(positions(call));
  if (call.path[1] == "holdings") return success(holdings(call));
  return failure(not_found());
}

}  // namespace hmt::sim
