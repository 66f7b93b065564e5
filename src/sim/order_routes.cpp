#include "sim/call.h"
#include "sim/json.h"
#include "sim/order_form.h"
#include "sim/order_json.h"

namespace hmt::sim {
namespace {

constexpr base::Duration book_age = std::chrono::seconds(60);

std::string order_list(const std::vector<Order>& orders) {
  JsonWriter out;
  out.begin_array();
  for (const Order& order : orders) write_order(out, order);
  out.end_array();
  return out.take();
}

std::string trade_list(const std::vector<Trade>& trades, const std::string* order_id) {
  JsonWriter out;
  out.begin_array();
  for (const Trade& trade : trades) {
    if (!order_id || trade.order_id == *order_id) write_trade(out, trade);
  }
  out.end_array();
  return out.take();
}

std::string order_id_data(const std::string& order_id) {
  JsonWriter out;
  out.begin_object().key("order_id").string(order_id).end_object();
  return out.take();
}

net::HttpResponse order_book(Call& call) {
  const std::string& user = call.account->config.user_id;
  const auto fault = call.broker.faults.take(FaultTarget::book);
  if (!fault) return success(order_list(call.broker.exchange.orders(user)));
  if (fault->kind == FaultKind::book_5xx) {
    return html_error(fault->http_status == 0 ? 502 : fault->http_status);
  }
  if (fault->kind == FaultKind::book_timeout) return no_answer();
  const auto age = fault->delay > base::Duration{} ? fault->delay : book_age;
  return success(order_list(call.broker.exchange.orders_as_of(user, call.broker.now() - age)));
}

net::HttpResponse read_orders(Call& call) {
  const std::string& user = call.account->config.user_id;
  const auto& exchange = call.broker.exchange;
  if (call.path[0] == "trades") return success(trade_list(exchange.trades(user), nullptr));
  if (call.path.size() == 1) return order_book(call);
  const auto history = exchange.history(user, call.path[1]);
  if (!history) return failure(history.error());
  if (call.path.size() == 2) return success(order_list(*history));
  if (call.path[2] != "trades") return failure(not_found());
  return success(trade_list(exchange.trades(user), &call.path[1]));
}

Answer<std::string> modify_order(Call& call) {
  const auto change = read_modification(call.form);
  if (!change) return std::unexpected(change.error());
  const auto done = call.broker.exchange.modify(call.account->config.user_id, call.path[2], *change,
                                                call.broker.now());
  if (!done) return std::unexpected(done.error());
  return order_id_data(call.path[2]);
}

Answer<std::string> cancel_order(Call& call) {
  const auto done =
      call.broker.exchange.cancel(call.account->config.user_id, call.path[2], call.broker.now());
  if (!done) return std::unexpected(done.error());
  return order_id_data(call.path[2]);
}

}  // namespace

net::HttpResponse orders_route(Call& call) {
  if (call.method == "GET") return read_orders(call);
  if (call.path.size() != 3 || call.path[0] != "orders") return failure(wrong_method());
  net::HttpResponse response;
  if (call.method == "PUT") {
    response = reply(modify_order(call));
  } else if (call.method == "DELETE") {
    response = reply(cancel_order(call));
  } else {
    return failure(wrong_method());
  }
  call.broker.settle();
  return response;
}

}  // namespace hmt::sim
