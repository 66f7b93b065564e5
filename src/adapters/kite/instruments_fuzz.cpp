#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include "base/test_fuzz.h"
#include "kite/instruments.h"

// Any dump of instruments. A second reader of CSV, one character after the other, finds the same
// fields in the same rows; and what was read is written and read again as itself.
namespace {

using namespace hmt;
using base::test::require;
using Fields = std::vector<std::string>;

constexpr std::string_view header =
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
    "lot_size,instrument_type,segment,exchange\n";

std::vector<Fields> naive_rows(std::string_view text) {
  std::vector<Fields> rows;
  std::string line;
  const auto end_line = [&] {
    if (line.ends_with('\r')) line.pop_back();
    Fields fields(1);
    bool quoted = false;
    bool fresh = true;  // nothing of the field was seen yet
    for (std::size_t i = 0; i < line.size(); ++i) {
      const char c = line[i];
      if (quoted && c == '"' && i + 1 < line.size() && line[i + 1] == '"') {
        fields.back() += line[++i];
      } else if (quoted && c == '"') {
        quoted = false;
      } else if (!quoted && fresh && c == '"') {
        quoted = true;
      } else if (!quoted && c == ',') {
        fields.emplace_back();
        fresh = true;
        continue;
      } else {
        fields.back() += c;
      }
      fresh = false;
    }
    if (!line.empty()) rows.push_back(std::move(fields));
    line.clear();
  };
  for (const char c : text) {
    if (c == '\n') {
      end_line();
    } else {
      line += c;
    }
  }
  end_line();
  return rows;
}

base::Price price_of(const std::string& text) {
  return base::Price::parse_rounded(text).value_or(base::Price{});
}

bool is_of(const model::Instrument& instrument, const Fields& fields) {
  return fields.size() == 12 && fields[0] == std::to_string(instrument.token) &&
         fields[1] == std::to_string(instrument.exchange_token) &&
         fields[2] == instrument.trading_symbol && fields[3] == instrument.name &&
         price_of(fields[4]) == instrument.last_price &&
         fields[5] == (instrument.expiry ? instrument.expiry->text() : "") &&
         price_of(fields[6]) == instrument.strike && price_of(fields[7]) == instrument.tick_size &&
         fields[8] == std::to_string(instrument.lot_size) &&
         fields[9] == instrument.instrument_type && fields[10] == instrument.segment &&
         fields[11] == model::word(instrument.exchange);
}

// Leading zeros are the broker's to write: "007" is 7 to both.
Fields without_zeros(Fields fields) {
  for (const std::size_t column : {0u, 1u, 8u}) {
    if (column >= fields.size()) continue;
    std::int64_t number = 0;
    auto& text = fields[column];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error == std::errc{} && end == text.data() + text.size()) text = std::to_string(number);
  }
  return fields;
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) out.append(c == '"' ? 2 : 1, c);
  return out + '"';
}

std::string row_of(const model::Instrument& i) {
  return std::to_string(i.token) + ',' + std::to_string(i.exchange_token) + ',' +
         quoted(i.trading_symbol) + ',' + quoted(i.name) + ',' + i.last_price.text() + ',' +
         (i.expiry ? i.expiry->text() : "") + ',' + i.strike.text() + ',' + i.tick_size.text() +
         ',' + std::to_string(i.lot_size) + ',' + quoted(i.instrument_type) + ',' +
         quoted(i.segment) + ',' + std::string(model::word(i.exchange)) + "\r\n";
}

bool same(const model::Instrument& a, const model::Instrument& b) {
  return row_of(a) == row_of(b);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view rows(reinterpret_cast<const char*>(data), size);
  const auto dump = kite::parse_instruments(std::string(header) + std::string(rows), 0);
  if (!dump) return 0;
  const auto naive = naive_rows(rows);
  require(dump->instruments.size() + dump->foreign + dump->malformed == naive.size(),
          "a row was not counted");
  auto next = dump->instruments.begin();
  for (const auto& fields : naive) {
    if (next != dump->instruments.end() && is_of(*next, without_zeros(fields))) ++next;
  }
  require(next == dump->instruments.end(), "an instrument is of no row");
  std::string again(header);
  for (const auto& instrument : dump->instruments) again += row_of(instrument);
  const auto reread = kite::parse_instruments(again, dump->instruments.size());
  require(reread && std::ranges::equal(reread->instruments, dump->instruments, same),
          "a written dump is read as another");
  return 0;
}
