#include "kite/instruments.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

namespace hmt::kite {
namespace {

constexpr std::string_view header =
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
    "lot_size,instrument_type,segment,exchange";

enum Column : std::size_t {
  token,
  exchange_token,
  trading_symbol,
  name,
  last_price,
  expiry,
  strike,
  tick_size,
  lot_size,
  instrument_type,
  segment,
  exchange,
  column_count,
};

// One row's fields. Quoted ones are unescaped into `storage`, the others point into the dump.
struct Row {
  std::array<std::string_view, column_count> fields;
  std::array<std::string, column_count> storage;
};

std::string_view take_line(std::string_view& rest) {
  const auto end = rest.find('\n');
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  if (line.ends_with('\r')) line.remove_suffix(1);
  return line;
}

// Takes a quoted field, its quotes included, off the front; false when it does not end.
bool take_quoted(std::string_view& line, std::string& into) {
  into.clear();
  for (std::size_t at = 1; at < line.size(); ++at) {
    if (line[at] != '"') {
      into += line[at];
    } else if (at + 1 < line.size() && line[at + 1] == '"') {
      into += line[at++];
    } else {
      line.remove_prefix(at + 1);
      return line.empty() || line.front() == ',';
    }
  }
  return false;
}

bool split(std::string_view line, Row& row) {
  for (std::size_t column = 0; column < column_count; ++column) {
    if (column > 0) {
      if (!line.starts_with(',')) return false;
      line.remove_prefix(1);
    }
    if (line.starts_with('"')) {
      if (!take_quoted(line, row.storage[column])) return false;
      row.fields[column] = row.storage[column];
    } else {
      row.fields[column] = line.substr(0, line.find(','));
      line.remove_prefix(row.fields[column].size());
    }
  }
  return line.empty();
}

template <class Integer>
bool read_integer(std::string_view text, Integer& into) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), into);
  return error == std::errc{} && end == text.data() + text.size();
}

// Digits with at most seven behind a point, as all of the dump's prices are: without the strings of
// the general parser, of which a dump would need 300,000.
std::optional<base::Price> plain_price(std::string_view text) {
  constexpr std::size_t length_max = 15;
  if (text.empty() || text.size() > length_max) return std::nullopt;
  const auto point = std::min(text.find('.'), text.size());
  const auto fraction = text.substr(std::min(point + 1, text.size()));
  if (point == 0 || fraction.size() > base::Price::decimals) return std::nullopt;
  if (point < text.size() && fraction.empty()) return std::nullopt;
  std::int64_t raw = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i == point) continue;
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    raw = raw * 10 + (text[i] - '0');
  }
  if (point > 8) return std::nullopt;
  for (auto i = fraction.size(); i < base::Price::decimals; ++i) raw *= 10;
  return base::Price::from_raw(raw);
}

// An empty price is none: indices have no tick size.
bool read_price(std::string_view text, base::Price& into) {
  if (text.empty()) return true;
  if (const auto plain = plain_price(text)) {
    into = *plain;
    return true;
  }
  const auto price = base::Price::parse_rounded(text);
  if (price) into = *price;
  return price.has_value();
}

bool read_expiry(std::string_view text, std::optional<base::TradingDate>& into) {
  if (text.empty()) return true;
  unsigned year = 0;
  unsigned month = 0;
  unsigned day = 0;
  if (text.size() != 10 || text[4] != '-' || text[7] != '-' ||
      !read_integer(text.substr(0, 4), year) || !read_integer(text.substr(5, 2), month) ||
      !read_integer(text.substr(8, 2), day)) {
    return false;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return false;
  const auto days = std::chrono::sys_days(date).time_since_epoch().count();
  into = base::TradingDate{static_cast<std::int32_t>(days)};
  return true;
}

bool read_row(const Row& row, model::Instrument& into) {
  const auto& f = row.fields;
  if (f[trading_symbol].empty()) return false;
  into.trading_symbol = f[trading_symbol];
  into.name = f[name];
  into.segment = f[segment];
  into.instrument_type = f[instrument_type];
  return read_integer(f[token], into.token) && into.token != 0 &&
         read_integer(f[exchange_token], into.exchange_token) &&
         read_price(f[last_price], into.last_price) && read_price(f[strike], into.strike) &&
         read_price(f[tick_size], into.tick_size) && read_integer(f[lot_size], into.lot_size) &&
         into.lot_size >= 0 && read_expiry(f[expiry], into.expiry);
}

void read_line(std::string_view line, Row& row, InstrumentDump& dump) {
  if (line.empty()) return;
  if (!split(line, row)) {
    ++dump.malformed;
    return;
  }
  const auto venue = model::from_word<model::Exchange>(row.fields[exchange]);
  if (!venue) {
    ++dump.foreign;
    return;
  }
  model::Instrument instrument;
  instrument.exchange = *venue;
  if (!read_row(row, instrument)) {
    ++dump.malformed;
  } else if (!model::segment_of(instrument.token)) {
    ++dump.foreign;
  } else {
    dump.instruments.push_back(std::move(instrument));
  }
}

}  // namespace

base::Result<InstrumentDump> parse_instruments(std::string_view csv, std::size_t rows_min) {
  if (take_line(csv) != header) {
    return base::fail(base::ErrorKind::corrupt,
                      "the instrument dump does not start with the columns that it should");
  }
  InstrumentDump dump;
  dump.instruments.reserve(csv.size() / 90);
  Row row;
  while (!csv.empty()) read_line(take_line(csv), row, dump);
  if (dump.instruments.size() < rows_min || dump.instruments.empty()) {
    return base::fail(base::ErrorKind::corrupt,
                      "the instrument dump has " + std::to_string(dump.instruments.size()) +
                          " usable rows, fewer than the " + std::to_string(rows_min) +
                          " expected: it may be cut short");
  }
  if (dump.malformed > 1 + dump.instruments.size() / 100) {
    return base::fail(
        base::ErrorKind::corrupt,
        "the instrument dump has " + std::to_string(dump.malformed) + " rows that cannot be read");
  }
  return dump;
}

}  // namespace hmt::kite
