#include "sim/control.h"

#include <charconv>

#include "sim/json.h"

namespace hmt::sim {
namespace {

using Reply = base::Result<std::string>;

std::unexpected<base::Error> invalid(std::string message) {
  return std::unexpected(base::Error{base::ErrorKind::invalid, std::move(message)});
}

std::string text_of(const Json& from, std::string_view name) {
  const Json* found = from.find(name);
  return found ? found->text : std::string();
}

// Absent: `otherwise`.
base::Result<std::int64_t> number_of(const Json& from, std::string_view name,
                                     std::int64_t otherwise) {
  const Json* found = from.find(name);
  if (!found) return otherwise;
  std::int64_t out = 0;
  const char* end = found->text.data() + found->text.size();
  const auto read = std::from_chars(found->text.data(), end, out);
  if (read.ec != std::errc{} || read.ptr != end || out < 0 || out > 1'000'000'000) {
    return invalid("`" + std::string(name) + "` is not a whole number");
  }
  return out;
}

base::Result<Broker::NamedPrice> read_price(const Json& from) {
  const auto price = Price::parse(text_of(from, "price"));
  if (!price) return invalid("`price` is not a decimal number");
  return Broker::NamedPrice{text_of(from, "instrument"), *price};
}

// One price or a list of them.
Reply set_prices(Call& call, const Json& body) {
  std::vector<Broker::NamedPrice> prices;
  const bool many = body.is(Json::Kind::array);
  for (const Json& item : many ? body.items : std::vector<Json>{body}) {
    auto price = read_price(item);
    if (!price) return std::unexpected(price.error());
    prices.push_back(std::move(*price));
  }
  const auto done = call.broker.set_prices(prices);
  if (!done) return std::unexpected(done.error());
  return "{}";
}

Reply set_faults(Call& call, const Json& body, Ticker& ticker) {
  const Json* listed = body.is(Json::Kind::array) ? &body : body.find("faults");
  if (!listed || !listed->is(Json::Kind::array)) return invalid("no list `faults`");
  std::vector<Fault> faults;
  for (const Json& item : listed->items) {
    const auto fault = read_fault(item);
    if (!fault) return std::unexpected(fault.error());
    faults.push_back(*fault);
  }
  apply_faults(std::move(faults), call.broker, ticker);
  return "{}";
}

Reply set_market(Call& call, const Json& body) {
  const Json* open = body.find("open");
  if (!open || !open->is(Json::Kind::boolean)) return invalid("`open` is not true or false");
  ExchangeRules rules = call.broker.exchange.rules();
  rules.market_open = open->truth;
  call.broker.exchange.set_rules(rules, call.broker.now());
  call.broker.settle();
  return "{}";
}

// One more account, logged in when it comes with an access token.
Reply add_account(Call& call, const Json& body) {
  AccountConfig account;
  account.api_key = text_of(body, "api_key");
  account.api_secret = text_of(body, "api_secret");
  account.user_id = text_of(body, "user_id");
  account.access_token = text_of(body, "access_token");
  account.redirect_url = text_of(body, "redirect_url");
  for (const auto* given : {&account.api_key, &account.api_secret, &account.user_id}) {
    if (given->empty()) return invalid("an account has `api_key`, `api_secret` and `user_id`");
  }
  account.user_name = "Trader " + account.user_id;
  const auto done = call.broker.accounts.add(account);
  if (!done) return std::unexpected(done.error());
  call.broker.exchange.add_user(account.user_id, account.cash);
  return "{}";
}

// The day is over for the named account, or for all.
Reply expire(Call& call, const Json& body) {
  const std::string api_key = text_of(body, "api_key");
  if (api_key.empty()) {
    call.broker.accounts.expire_all();
    return "{}";
  }
  Account* account = call.broker.accounts.by_key(api_key);
  if (!account) return invalid("`api_key` is nobody's");
  Accounts::expire(*account);
  return "{}";
}

Reply pause_ticker(const Json& body, Ticker& ticker) {
  const auto length = number_of(body, "length_ms", 0);
  if (!length) return std::unexpected(length.error());
  ticker.pause(*length == 0 ? std::nullopt
                            : std::optional<base::Duration>(std::chrono::milliseconds(*length)));
  return "{}";
}

Reply send_text(const Json& body, Ticker& ticker) {
  const std::string type = text_of(body, "type");
  ticker.send_text(type.empty() ? "message" : type, text_of(body, "text"));
  return "{}";
}

Answer<void> steer_order(Call& call, const Json& body) {
  Exchange& exchange = call.broker.exchange;
  const std::string& order_id = call.path[2];
  const std::string& what = call.path[3];
  const std::string message = text_of(body, "message");
  if (what == "reject") return exchange.force_end(order_id, "REJECTED", message, call.broker.now());
  if (what == "cancel") {
    return exchange.force_end(order_id, "CANCELLED", message, call.broker.now());
  }
  if (what != "fill") return std::unexpected(not_found());
  const auto quantity = number_of(body, "quantity", 0);
  if (!quantity) return refuse(quantity.error().message);
  std::optional<Price> price;
  if (body.find("price")) {
    const auto parsed = Price::parse(text_of(body, "price"));
    if (!parsed) return refuse("`price` is not a decimal number");
    price = *parsed;
  }
  return exchange.force_fill(order_id, *quantity, price, call.broker.now());
}

std::string ledger_data(const Broker& broker) {
  JsonWriter out;
  out.begin_array();
  for (const LedgerEntry& entry : broker.exchange.ledger()) {
    out.begin_object();
    out.key("order_id").string(entry.order_id);
    out.key("user_id").string(entry.user_id);
    out.key("tag").string_or_null(entry.tag);
    out.key("exchange").string(model::word(entry.exchange));
    out.key("tradingsymbol").string(entry.trading_symbol);
    out.key("transaction_type").string(model::word(entry.side));
    out.key("quantity").number(entry.quantity);
    out.key("accepted_at").string(base::to_rfc3339(entry.accepted_at));
    out.end_object();
  }
  out.end_array();
  return out.take();
}

std::string state_data(const Broker& broker, const Ticker& ticker) {
  JsonWriter out;
  out.begin_object();
  out.key("now").string(base::to_rfc3339(broker.now()));
  out.key("sockets").number(static_cast<std::int64_t>(ticker.sockets()));
  out.key("instruments").number(static_cast<std::int64_t>(broker.catalogue.size()));
  out.key("orders_accepted").number(static_cast<std::int64_t>(broker.exchange.ledger().size()));
  out.key("market_open").boolean(broker.exchange.rules().market_open);
  out.key("watched").begin_array();
  for (const InstrumentToken token : ticker.watched()) out.number(token);
  out.end_array();
  out.key("faults").begin_array();
  for (const Fault& fault : broker.faults.pending()) {
    out.begin_object().key("kind").string(word(fault.kind));
    out.key("count").number(fault.count).end_object();
  }
  out.end_array();
  out.end_object();
  return out.take();
}

Reply do_post(Call& call, Ticker& ticker, const Json& body) {
  const std::string what = call.path.size() == 2 ? call.path[1] : std::string();
  if (what == "price" || what == "prices") return set_prices(call, body);
  if (what == "faults") return set_faults(call, body, ticker);
  if (what == "market") return set_market(call, body);
  if (what == "pause") return pause_ticker(body, ticker);
  if (what == "message") return send_text(body, ticker);
  if (what == "account") return add_account(call, body);
  if (what == "expire") return expire(call, body);
  if (what == "resume") {
    ticker.resume();
  } else if (what == "drop") {
    ticker.drop_all();
  } else {
    return std::unexpected(base::Error{base::ErrorKind::not_found, "no such control"});
  }
  return "{}";
}

}  // namespace

base::Result<Fault> read_fault(const Json& from) {
  const auto kind = fault_kind(text_of(from, "kind"));
  if (!kind) return invalid("no fault `" + text_of(from, "kind") + "`");
  Fault out{.kind = *kind};
  const auto count = number_of(from, "count", 1);
  const auto delay = number_of(from, "delay_ms", 0);
  const auto chance = number_of(from, "per_hundred", 100);
  const auto status = number_of(from, "http_status", 0);
  for (const auto* field : {&count, &delay, &chance, &status}) {
    if (!*field) return std::unexpected(field->error());
  }
  out.count = static_cast<std::uint32_t>(*count);
  out.delay = std::chrono::milliseconds(*delay);
  out.per_hundred = static_cast<std::uint32_t>(*chance);
  out.http_status = static_cast<int>(*status);
  out.message = text_of(from, "message");
  out.error_type = text_of(from, "error_type");
  out.answer = text_of(from, "answer");
  if (const Json* placed = from.find("placed")) out.placed = placed->truth;
  return out;
}

void apply_faults(std::vector<Fault> faults, Broker& broker, Ticker& ticker) {
  std::vector<Fault> waiting;
  for (Fault& fault : faults) {
    if (fault.kind == FaultKind::silent) {
      ticker.pause(fault.delay > base::Duration{} ? std::optional(fault.delay) : std::nullopt);
    } else if (fault.kind == FaultKind::drop) {
      ticker.drop_all();
    } else {
      waiting.push_back(std::move(fault));
    }
  }
  broker.faults.set(std::move(waiting));
}

net::HttpResponse control_route(Call& call, Ticker& ticker) {
  const std::string what = call.path.size() >= 2 ? call.path[1] : std::string();
  if (call.method == "GET") {
    if (what == "ledger") return success(ledger_data(call.broker));
    if (what == "state") return success(state_data(call.broker, ticker));
    return failure(not_found());
  }
  if (call.method != "POST") return failure(wrong_method());
  const auto body = parse_json(call.body.empty() ? "{}" : call.body);
  if (!body) return failure({400, "InputException", body.error().message});
  if (what == "order" && call.path.size() == 4) {
    const auto done = steer_order(call, *body);
    call.broker.settle();
    return done ? success("{}") : failure(done.error());
  }
  const auto done = do_post(call, ticker, *body);
  if (done) return success(*done);
  const int status = done.error().kind == base::ErrorKind::not_found ? 404 : 400;
  return failure({status, "InputException", done.error().message});
}

}  // namespace hmt::sim
