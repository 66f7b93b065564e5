#include <charconv>
#include <span>

#include "sim/call.h"
#include "sim/candles.h"
#include "sim/instrument_list.h"
#include "sim/json.h"

namespace hmt::sim {
namespace {

constexpr std::size_t quotes_max = 500;
constexpr std::size_t short_quotes_max = 1000;

void write_range(JsonWriter& out, const Snapshot& of) {
  out.key("ohlc").begin_object();
  out.key("open").price(of.open);
  out.key("high").price(of.high);
  out.key("low").price(of.low);
  out.key("close").price(of.close);
  out.end_object();
}

void write_side(JsonWriter& out, std::string_view side, std::span<const DepthLevel> levels) {
  out.key(side).begin_array();
  for (const DepthLevel& level : levels) {
    out.begin_object();
    out.key("price").price(level.price);
    out.key("quantity").number(level.quantity);
    out.key("orders").number(level.orders);
    out.end_object();
  }
  out.end_array();
}

void write_quote(JsonWriter& out, const Broker& broker, const model::Instrument& instrument) {
  const Snapshot of = broker.prices.snapshot(instrument.token);
  out.key("timestamp").string(base::to_broker_time(of.exchange_time));
  out.key("last_trade_time").string(base::to_broker_time(of.last_trade_time));
  out.key("last_quantity").number(of.last_quantity);
  out.key("buy_quantity").number(of.buy_quantity);
  out.key("sell_quantity").number(of.sell_quantity);
  out.key("volume").number(of.volume);
  out.key("average_price").price(of.average);
  out.key("oi").number(of.open_interest);
  out.key("oi_day_high").number(of.open_interest_high);
  out.key("oi_day_low").number(of.open_interest_low);
  out.key("net_change").price(of.last - of.close);
  out.key("lower_circuit_limit").price(broker.prices.lower_circuit(instrument));
  out.key("upper_circuit_limit").price(broker.prices.upper_circuit(instrument));
  write_range(out, of);
  out.key("depth").begin_object();
  write_side(out, "buy", of.bids);
  write_side(out, "sell", of.asks);
  out.end_object();
}

// "quote", "quote/ohlc", "quote/ltp": keyed by the names as they were asked for; unknown ones are
// left out without a word.
Answer<std::string> quotes(Call& call) {
  const std::string kind = call.path.size() == 1 ? "" : call.path[1];
  if (!kind.empty() && kind != "ohlc" && kind != "ltp") return std::unexpected(not_found());
  const auto names = call.query.every("i");
  const std::size_t most = kind.empty() ? quotes_max : short_quotes_max;
  if (names.empty()) return refuse("Missing or empty field `i`");
  if (names.size() > most) {
    return refuse("At most " + std::to_string(most) + " instruments in one request.");
  }
  JsonWriter out;
  out.begin_object();
  for (const std::string& name : names) {
    const model::Instrument* instrument = find_instrument(call.broker.catalogue, name);
    if (!instrument) continue;
    out.key(name).begin_object();
    out.key("instrument_token").number(instrument->token);
    out.key("last_price").price(call.broker.prices.last(*instrument));
    if (kind.empty()) write_quote(out, call.broker, *instrument);
    if (kind == "ohlc") write_range(out, call.broker.prices.snapshot(instrument->token));
    out.end_object();
  }
  out.end_object();
  return out.take();
}

net::HttpResponse dump(Call& call) {
  const std::string exchange = call.path.size() == 2 ? call.path[1] : std::string();
  // Exactly this type: some clients parse the dump only then (kite-protocol 6).
  return {.status = 200,
          .headers = {{"Content-Type", "text/csv"}},
          .body = instruments_csv(call.broker.catalogue.all(), exchange)};
}

// "2017-12-15" or "2017-12-15 09:15:00".
base::Result<base::Instant> parse_when(const std::string& text, std::string_view time) {
  return base::parse_broker_time(text.size() == 10 ? text + std::string(time) : text);
}

Answer<std::string> historical(Call& call) {
  InstrumentToken token = 0;
  const std::string& word = call.path[2];
  (void)std::from_chars(word.data(), word.data() + word.size(), token);
  const model::Instrument* instrument = call.broker.catalogue.find(token);
  if (!instrument) return refuse("invalid token");
  const auto interval = interval_of(call.path[3]);
  if (!interval) return refuse("invalid interval");
  const auto from = parse_when(call.query.text("from"), " 00:00:00");
  if (!from) return refuse("invalid from date");
  const auto until = parse_when(call.query.text("to"), " 23:59:59");
  if (!until) return refuse("invalid to date");
  const auto rows =
      candles(call.broker.prices, *instrument, *interval, *from, *until, call.broker.now());
  if (!rows) return std::unexpected(rows.error());
  const bool with_interest = call.query.text("oi") == "1";
  JsonWriter out;
  out.begin_object().key("candles").begin_array();
  for (const Candle& row : *rows) {
    std::string start = base::to_broker_time(row.start);
    start[10] = 'T';
    out.begin_array().string(start + "+0530");
    out.price(row.open).price(row.high).price(row.low).price(row.close).number(row.volume);
    if (with_interest) out.number(instrument->expiry ? 1'000'000 : 0);
    out.end_array();
  }
  out.end_array().end_object();
  return out.take();
}

}  // namespace

net::HttpResponse market_route(Call& call) {
  if (call.method != "GET") return failure(wrong_method());
  if (call.path[0] == "quote") return reply(quotes(call));
  if (call.path.size() == 4 && call.path[1] == "historical") return reply(historical(call));
  return call.path.size() <= 2 ? dump(call) : failure(not_found());
}

}  // namespace hmt::sim
