#include "sim/rest.h"

#include <algorithm>
#include <memory>

#include "sim/call.h"
#include "sim/control.h"
#include "sim/placement.h"

namespace hmt::sim {
namespace {

base::Result<std::vector<std::string>> split_path(std::string_view path) {
  std::vector<std::string> out;
  while (!path.empty()) {
    path.remove_prefix(path.front() == '/' ? 1 : 0);
    const auto end = std::min(path.find('/'), path.size());
    if (end > 0) {
      auto segment = net::percent_decode(path.substr(0, end), false);
      if (!segment) return std::unexpected(segment.error());
      out.push_back(*std::move(segment));
    }
    path.remove_prefix(end);
  }
  // The official sandbox has every route under this prefix (kite-protocol 1.1).
  if (!out.empty() && out.front() == "oms") out.erase(out.begin());
  return out;
}

base::Result<Fields> read_fields(std::string_view text) {
  auto parsed = net::parse_form(text);
  if (!parsed) return std::unexpected(parsed.error());
  return Fields(*std::move(parsed));
}

base::Result<Call> read_call(Broker& broker, net::HttpRequest request) {
  const std::string_view target = request.target;
  const auto mark = std::min(target.find('?'), target.size());
  auto path = split_path(target.substr(0, mark));
  if (!path) return std::unexpected(path.error());
  auto query = read_fields(target.substr(std::min(mark + 1, target.size())));
  if (!query) return std::unexpected(query.error());
  Call call{.broker = broker,
            .method = request.method,
            .path = *std::move(path),
            .query = *std::move(query),
            .form = {},
            .body = std::move(request.body)};
  const auto type = net::header(request.headers, "Content-Type");
  if (type.starts_with("application/x-www-form-urlencoded")) {
    auto form = read_fields(call.body);
    if (!form) return std::unexpected(form.error());
    call.form = *std::move(form);
  }
  return call;
}

// Kite-protocol 4.3. Placements count for the day too; what is refused here counts for nothing.
bool is_within_limits(Call& call) {
  Account& account = *call.account;
  const base::Duration now = call.broker.scheduler().steady();
  const std::string& first = call.path[0];
  if (first == "quote") return account.quotes.take(now);
  if (first == "instruments" && call.path.size() == 4) return account.candles.take(now);
  if (first != "orders" || call.method == "GET") return account.others.take(now);
  const bool places = call.method == "POST";
  if (!account.orders_second.has_room(now) || !account.orders_minute.has_room(now)) return false;
  if (places && !account.orders_day.take(now)) return false;
  account.orders_second.record(now);
  account.orders_minute.record(now);
  return true;
}

net::HttpResponse route(Call& call) {
  const std::string& first = call.path[0];
  if (first == "user") return user_route(call);
  if (first == "orders" || first == "trades") return orders_route(call);
  if (first == "instruments" || first == "quote") return market_route(call);
  if (first == "portfolio") return portfolio_route(call);
  if (first == "gtt") return failure({501, "GeneralException", "GTT is not simulated."});
  return failure(not_found());
}

void send(net::Responder responder, net::HttpResponse response) {
  if (response.status == 0) {
    responder.leave_hanging();
  } else {
    responder.send(std::move(response));
  }
}

// What needs no authorisation; nothing when it is none of these.
std::optional<net::HttpResponse> open_route(Call& call, Ticker& ticker) {
  if (call.path.empty()) return failure(not_found());
  if (call.path[0] == "sim") return control_route(call, ticker);
  if (call.path[0] == "session") return session_route(call);
  if (call.path[0] == "connect") return login_page(call);
  // The dump is public at the broker too.
  if (call.path[0] == "instruments" && call.path.size() <= 2) return market_route(call);
  return std::nullopt;
}

void serve(Call& call, const std::string& authorization, Ticker& ticker, net::Responder responder) {
  if (auto response = open_route(call, ticker)) return send(responder, *std::move(response));
  const auto account = call.broker.accounts.authorise(authorization);
  if (!account) return responder.send(failure(account.error()));
  call.account = *account;
  if (!is_within_limits(call)) {
    return responder.send(failure({429, "NetworkException", "Too many requests"}));
  }
  const bool places = call.method == "POST" && call.path[0] == "orders" && call.path.size() == 2;
  if (places) return place_order(call, std::move(responder));
  send(std::move(responder), route(call));
}

}  // namespace

void Rest::handle(net::Incoming incoming, net::Responder responder) {
  if (incoming.wants_web_socket) return ticker_.connect(incoming, std::move(responder));
  const std::string authorization(net::header(incoming.request.headers, "Authorization"));
  auto call = read_call(broker_, std::move(incoming.request));
  if (!call) {
    return responder.send(failure({400, "InputException", call.error().message}));
  }
  if (broker_.config.latency == base::Duration{}) {
    return serve(*call, authorization, ticker_, std::move(responder));
  }
  broker_.scheduler().after(broker_.config.latency,
                            [this, alive = std::weak_ptr<bool>(alive_), call = *std::move(call),
                             authorization, responder = std::move(responder)]() mutable {
                              if (!alive.expired())
                                serve(call, authorization, ticker_, std::move(responder));
                            });
}

}  // namespace hmt::sim
