#include "kite/reply.h"

#include <algorithm>

#include "kite/order_json.h"

namespace hmt::kite {
namespace {

using base::ErrorKind;

bool contains_folded(std::string_view text, std::string_view part) {
  const auto same = [](char a, char b) {
    const auto lower = [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    };
    return lower(a) == lower(b);
  };
  return !std::ranges::search(text, part, same).empty();
}

std::unexpected<base::Error> corrupt(std::string what) {
  return base::fail(ErrorKind::corrupt, "the broker's answer cannot be read: " + std::move(what));
}

ErrorKind kind_of(int status, const Envelope& envelope) {
  const auto& type = envelope.error_type;
  if (status == 429) return ErrorKind::exhausted;
  if (status == 404) return ErrorKind::not_found;
  if (status >= 500 || type == "NetworkException" || type == "DataException" ||
      type == "GeneralException") {
    return ErrorKind::unavailable;
  }
  if (contains_folded(envelope.message, "timed out")) return ErrorKind::unavailable;
  return ErrorKind::refused;
}

std::string words_of(int status, const Envelope& envelope) {
  if (!envelope.whole) {
    return "the broker answered HTTP " + std::to_string(status) + " and not in its own format";
  }
  auto words = "the broker says: " + envelope.message;
  return envelope.error_type.empty() ? words : words + " (" + envelope.error_type + ")";
}

// Net amounts of an account may lie far above what a price may be.
base::Price amount_of(ondemand::value& value) {
  const auto text = text_of(value);
  if (const auto price = base::Price::parse_rounded(text)) return *price;
  std::int64_t rupees = 0;
  constexpr std::int64_t rupees_max = 900'000'000'000;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), rupees);
  if (error != std::errc{} || (*end != '.' && *end != '\0')) return {};
  return base::Price::from_rupees(std::clamp(rupees, -rupees_max, rupees_max));
}

base::Price net_of(ondemand::object& data, std::string_view segment) {
  auto part = as_object(member(data, segment));
  if (!part) return {};
  auto net = member(*part, "net");
  return net ? amount_of(*net) : base::Price{};
}

std::vector<std::string> texts_of(std::optional<ondemand::value> value) {
  std::vector<std::string> texts;
  ondemand::array array;
  if (!value || value->get_array().get(array) != simdjson::SUCCESS) return texts;
  for (auto entry : array) {
    ondemand::value item;
    if (entry.get(item) != simdjson::SUCCESS) break;
    texts.push_back(text_of(item));
  }
  return texts;
}

// ["2017-12-15T09:15:00+0530", open, high, low, close, volume] and perhaps more behind it.
std::optional<model::Candle> candle_of(const std::vector<std::string>& row) {
  constexpr std::size_t clock_size = 19;
  if (row.size() < 6 || row[0].size() < clock_size) return std::nullopt;
  if (const auto zone = row[0].substr(clock_size); zone != "+0530" && zone != "+05:30") {
    return std::nullopt;
  }
  auto clock = row[0].substr(0, clock_size);
  clock[10] = ' ';
  const auto start = base::parse_broker_time(clock);
  model::Candle candle;
  base::Price* const prices[] = {&candle.open, &candle.high, &candle.low, &candle.close};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto price = base::Price::parse_rounded(row[i + 1]);
    if (!price) return std::nullopt;
    *prices[i] = *price;
  }
  std::int64_t volume = 0;
  const auto& text = row[5];
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), volume);
  if (!start || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  candle.start = *start;
  candle.volume = volume;
  return candle;
}

// Calls `use` with the object `data`; false when there is none.
template <class Use>
bool with_data(std::string_view body, Use&& use) {
  bool found = false;
  with_object(body, [&](ondemand::object& root) {
    auto data = as_object(member(root, "data"));
    found = data.has_value();
    if (data) use(*data);
  });
  return found;
}

// False when a row cannot be read.
bool read_order_rows(ondemand::array rows, std::vector<model::BrokerOrder>& orders) {
  for (auto entry : rows) {
    ondemand::object object;
    if (entry.get_object().get(object) != simdjson::SUCCESS) return false;
    model::BrokerOrder order;
    const auto row = read_order(object, order);
    if (row == OrderRow::malformed) return false;
    if (row == OrderRow::read) orders.push_back(std::move(order));
  }
  return true;
}

bool read_trade(ondemand::object object, broker::Trade& trade) {
  bool priced = false;
  bool sided = false;
  each_field(object, [&](std::string_view name, ondemand::value& value) {
    if (name == "trade_id") {
      trade.trade_id = text_of(value);
    } else if (name == "order_id") {
      trade.order_id = order_id_of(value);
    } else if (name == "tradingsymbol") {
      trade.trading_symbol = text_of(value);
    } else if (name == "transaction_type") {
      const auto side = model::from_word<model::Side>(text_of(value));
      sided = side.has_value();
      trade.side = side.value_or(model::Side::buy);
    } else if (name == "quantity") {
      trade.quantity = integer_of(value).value_or(0);
    } else if (name == "average_price") {
      const auto price = price_of(value);
      priced = price.has_value();
      trade.price = price.value_or(model::Price{});
    } else if (name == "fill_timestamp") {
      const auto at = base::parse_broker_time(text_of(value));
      if (at) trade.filled_at = *at;
    }
  });
  return priced && sided && trade.quantity > 0 && !trade.order_id.empty();
}

bool read_quote(std::string_view key, ondemand::object object, broker::Quote& quote) {
  quote.instrument = key;
  bool priced = false;
  each_field(object, [&](std::string_view name, ondemand::value& value) {
    if (name == "instrument_token") {
      quote.token = static_cast<model::InstrumentToken>(integer_of(value).value_or(0));
    } else if (name == "last_price") {
      const auto price = price_of(value);
      priced = price.has_value();
      if (price) quote.last_price = *price;
    } else if (name == "lower_circuit_limit") {
      quote.lower_circuit = price_of(value);
    } else if (name == "upper_circuit_limit") {
      quote.upper_circuit = price_of(value);
    }
  });
  return priced;
}

}  // namespace

Envelope read_envelope(std::string_view body) {
  Envelope envelope;
  with_object(body, [&](ondemand::object& root) {
    const auto status = text_of(member(root, "status"));
    envelope.success = status == "success";
    envelope.whole = envelope.success || status == "error";
    envelope.error_type = words_of(text_of(member(root, "error_type")));
    envelope.message = words_of(text_of(member(root, "message")));
    if (!envelope.success) return;
    if (auto data = as_object(member(root, "data"))) {
      if (auto id = member(*data, "order_id")) envelope.order_id = order_id_of(*id);
    }
  });
  return envelope;
}

bool announces_json(const net::HttpResponse& response) {
  const auto encoding = net::header(response.headers, "Content-Encoding");
  return contains_folded(net::header(response.headers, "Content-Type"), "json") &&
         (encoding.empty() || contains_folded(encoding, "identity"));
}

base::Result<void> check_reply(const net::HttpResponse& response) {
  const auto envelope = announces_json(response) ? read_envelope(response.body) : Envelope{};
  if (response.status == 200 && envelope.success) return {};
  if (response.status < 400 && !envelope.whole) {
    return corrupt("HTTP " + std::to_string(response.status) + " without the broker's envelope");
  }
  const bool session_dead = envelope.error_type == "TokenException";
  return base::fail(kind_of(response.status, envelope), words_of(response.status, envelope),
                    session_dead ? "access_token" : "");
}

base::Result<std::vector<model::BrokerOrder>> read_orders(std::string_view body) {
  std::vector<model::BrokerOrder> orders;
  bool good = false;
  with_object(body, [&](ondemand::object& root) {
    auto data = member(root, "data");
    if (!data) return;
    ondemand::array rows;
    // A day without orders may be written as null.
    good = is_type(*data, ondemand::json_type::null) ||
           (data->get_array().get(rows) == simdjson::SUCCESS && read_order_rows(rows, orders));
  });
  if (!good) return corrupt("a list of orders was expected");
  return orders;
}

base::Result<std::vector<broker::Trade>> read_trades(std::string_view body) {
  std::vector<broker::Trade> trades;
  bool good = false;
  with_object(body, [&](ondemand::object& root) {
    auto data = member(root, "data");
    if (!data) return;
    ondemand::array rows;
    good = is_type(*data, ondemand::json_type::null);
    if (good || data->get_array().get(rows) != simdjson::SUCCESS) return;
    good = true;
    for (auto row : rows) {
      broker::Trade trade;
      ondemand::object object;
      good = good && row.get_object().get(object) == simdjson::SUCCESS && read_trade(object, trade);
      if (!good) return;
      trades.push_back(std::move(trade));
    }
  });
  if (!good) return corrupt("a list of trades was expected");
  return trades;
}

base::Result<broker::Account> read_profile(std::string_view body) {
  broker::Account account;
  with_data(body, [&](ondemand::object& data) {
    account.user_id = text_of(member(data, "user_id"));
    account.user_name = text_of(member(data, "user_name"));
    account.exchanges = texts_of(member(data, "exchanges"));
  });
  if (account.user_id.empty()) return corrupt("the profile names no user");
  return account;
}

base::Result<broker::Margins> read_margins(std::string_view body) {
  broker::Margins margins;
  const bool found = with_data(body, [&](ondemand::object& data) {
    margins.equity_net = net_of(data, "equity");
    margins.commodity_net = net_of(data, "commodity");
  });
  if (!found) return corrupt("the margins are missing");
  return margins;
}

base::Result<std::vector<broker::Quote>> read_quotes(std::string_view body) {
  std::vector<broker::Quote> quotes;
  bool good = true;
  const bool found = with_data(body, [&](ondemand::object& data) {
    each_field(data, [&](std::string_view key, ondemand::value& value) {
      broker::Quote quote;
      ondemand::object object;
      const std::string name(key);
      good = good && value.get_object().get(object) == simdjson::SUCCESS &&
             read_quote(name, object, quote);
      if (good) quotes.push_back(std::move(quote));
    });
  });
  if (!found || !good) return corrupt("quotes were expected");
  return quotes;
}

base::Result<std::vector<model::Candle>> read_candles(std::string_view body) {
  std::vector<model::Candle> candles;
  bool good = false;
  with_data(body, [&](ondemand::object& data) {
    auto rows = member(data, "candles");
    ondemand::array array;
    if (!rows || rows->get_array().get(array) != simdjson::SUCCESS) return;
    good = true;
    for (auto entry : array) {
      ondemand::value row;
      const auto candle =
          entry.get(row) == simdjson::SUCCESS ? candle_of(texts_of(row)) : std::nullopt;
      if (!candle) {
        good = false;
        return;
      }
      candles.push_back(*candle);
    }
  });
  if (!good) return corrupt("candles were expected");
  return candles;
}

std::string_view interval_word(model::Interval interval) {
  switch (interval) {
    case model::Interval::minute:
      return "minute";
    case model::Interval::five_minutes:
      return "5minute";
    case model::Interval::fifteen_minutes:
      return "15minute";
    case model::Interval::day:
      return "day";
  }
  return "minute";
}

base::Result<broker::Session> read_session(std::string_view body) {
  broker::Session session;
  with_data(body, [&](ondemand::object& data) {
    session.user_id = text_of(member(data, "user_id"));
    session.access_token = text_of(member(data, "access_token"));
  });
  if (session.access_token.empty()) return corrupt("the session has no token");
  return session;
}

}  // namespace hmt::kite
