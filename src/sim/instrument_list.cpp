#include "sim/instrument_list.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <utility>

#include "base/ensure.h"
#include "sim/json.h"

namespace hmt::sim {
namespace {

using base::Price;
using base::TradingDate;
using model::Exchange;
using model::Instrument;
using model::Segment;

struct Share {
  std::uint32_t exchange_token;
  std::string_view symbol, name, price;
};

constexpr std::array nse_shares = {
    Share{1594, "INFY", "INFOSYS", "1573.10"},
    Share{2885, "RELIANCE", "RELIANCE INDUSTRIES", "1402.50"},
    Share{3045, "SBIN", "STATE BANK OF INDIA", "812.45"},
    Share{11536, "TCS", "TATA CONSULTANCY SERV LT", "3120.40"},
    Share{1333, "HDFCBANK", "HDFC BANK", "982.30"},
    Share{4963, "ICICIBANK", "ICICI BANK", "1388.60"},
    Share{1660, "ITC", "ITC", "407.85"},
    Share{1624, "IOC", "INDIAN OIL CORP", "148.32"},
    Share{5900, "AXISBANK", "AXIS BANK", "1231.20"},
    Share{1922, "KOTAKBANK", "KOTAK MAHINDRA BANK", "2095.70"},
    Share{11483, "LT", "LARSEN & TOUBRO", "3985.10"},
    Share{10604, "BHARTIARTL", "BHARTI AIRTEL", "2098.30"},
    Share{3787, "WIPRO", "WIPRO", "241.16"},
    Share{3456, "TATAMOTORS", "TATA MOTORS", "392.95"},
    Share{3499, "TATASTEEL", "TATA STEEL", "171.28"},
    Share{10999, "MARUTI", "MARUTI SUZUKI INDIA", "15860"},
    Share{1394, "HINDUNILVR", "HINDUSTAN UNILEVER", "2421.50"},
    Share{236, "ASIANPAINT", "ASIAN PAINTS", "2874.90"},
    Share{317, "BAJFINANCE", "BAJAJ FINANCE", "1011.20"},
    Share{3351, "SUNPHARMA", "SUN PHARMACEUTICAL IND", "1770.30"},
    Share{3506, "TITAN", "TITAN COMPANY", "3868.80"},
    Share{11532, "ULTRACEMCO", "ULTRATECH CEMENT", "11702"},
    Share{11630, "NTPC", "NTPC", "326.45"},
    Share{14977, "POWERGRID", "POWER GRID CORP", "274.10"},
    Share{2475, "ONGC", "OIL & NATURAL GAS CORP", "246.58"},
    Share{20374, "COALINDIA", "COAL INDIA", "378.90"},
    Share{7229, "HCLTECH", "HCL TECHNOLOGIES", "1608.40"},
    Share{13538, "TECHM", "TECH MAHINDRA", "1456.70"},
    Share{25, "ADANIENT", "ADANI ENTERPRISES", "2428.60"},
    Share{11723, "JSWSTEEL", "JSW STEEL", "1166.30"},
    Share{694, "CIPLA", "CIPLA", "1518.90"},
    Share{2031, "M&M", "MAHINDRA & MAHINDRA", "3742.20"},
    Share{14366, "IDEA", "VODAFONE IDEA", "10.04"},
    Share{2277, "MRF", "MRF", "152340"},
};

constexpr std::array bse_shares = {
    Share{500209, "INFY", "INFOSYS", "1573.20"},
    Share{500325, "RELIANCE", "RELIANCE INDUSTRIES", "1402.40"},
    Share{500112, "SBIN", "STATE BANK OF INDIA", "812.50"},
    Share{532540, "TCS", "TATA CONSULTANCY SERV LT", "3120.20"},
    Share{500180, "HDFCBANK", "HDFC BANK", "982.25"},
    Share{532174, "ICICIBANK", "ICICI BANK", "1388.50"},
    Share{500875, "ITC", "ITC", "407.90"},
};

constexpr std::array nse_indices = {
    Share{1001, "NIFTY 50", "NIFTY 50", "26068.15"},
    Share{1016, "NIFTY BANK", "NIFTY BANK", "58867.70"},
    Share{1031, "INDIA VIX", "INDIA VIX", "13.63"},
};
constexpr std::array bse_indices = {Share{1, "SENSEX", "SENSEX", "85231.92"}};

// An underlying whose futures, and for the indices options, are listed.
struct Underlying {
  std::uint32_t first_token;
  Exchange exchange;
  std::string_view symbol, price, tick, option_step;  // no options: empty step
  std::int64_t lot;
};

constexpr std::array underlyings = {
    Underlying{35001, Exchange::nfo, "NIFTY", "26068.10", "0.1", "100", 65},
    Underlying{35101, Exchange::nfo, "BANKNIFTY", "58867.80", "0.2", "500", 35},
    Underlying{35201, Exchange::nfo, "INFY", "1573.10", "0.1", "20", 400},
    Underlying{35301, Exchange::nfo, "RELIANCE", "1402.50", "0.1", "20", 500},
    Underlying{830001, Exchange::bfo, "SENSEX", "85231.95", "0.05", "500", 20},
    Underlying{1101, Exchange::cds, "USDINR", "89.2450", "0.0025", "", 1},
    Underlying{1111, Exchange::cds, "EURINR", "102.8275", "0.0025", "", 1},
    Underlying{1001101, Exchange::bcd, "USDINR", "89.2475", "0.0025", "", 1},
    Underlying{458001, Exchange::mcx, "GOLD", "124195", "1", "", 1},
    Underlying{458011, Exchange::mcx, "CRUDEOIL", "5205", "1", "", 1},
    Underlying{458021, Exchange::mcx, "SILVERM", "154820", "1", "", 1},
};

Price price_of(std::string_view text) {
  const auto parsed = Price::parse(text);
  base::ensure(parsed.has_value(), "a price of the instrument list is a decimal");
  return *parsed;
}

Segment segment_of(Exchange exchange) {
  switch (exchange) {
    case Exchange::nse:
      return Segment::nse;
    case Exchange::bse:
      return Segment::bse;
    case Exchange::nfo:
      return Segment::nfo;
    case Exchange::bfo:
      return Segment::bfo;
    case Exchange::cds:
      return Segment::cds;
    case Exchange::bcd:
      return Segment::bcd;
    case Exchange::mcx:
      return Segment::mcx;
  }
  return Segment::nse;
}

// NSE's tick sizes since April 2025, by price (kite-protocol 7.3).
Price equity_tick(Price price) {
  constexpr std::array<std::pair<std::int64_t, std::int64_t>, 5> steps = {
      {{250, 1}, {1000, 5}, {5000, 10}, {10'000, 50}, {20'000, 100}}};
  for (const auto& [below, paise] : steps) {
    if (price < Price::from_rupees(below)) return Price::from_paise(paise);
  }
  return Price::from_paise(500);
}

void set_token(Instrument& to, std::uint32_t exchange_token, Segment segment) {
  to.exchange_token = exchange_token;
  to.token = exchange_token << 8 | static_cast<std::uint32_t>(segment);
}

Instrument equity(const Share& share, Exchange exchange) {
  Instrument out;
  set_token(out, share.exchange_token, segment_of(exchange));
  out.exchange = exchange;
  out.trading_symbol = share.symbol;
  out.name = share.name;
  out.segment = model::word(exchange);
  out.instrument_type = "EQ";
  out.last_price = price_of(share.price);
  out.tick_size = equity_tick(out.last_price);
  return out;
}

Instrument index(const Share& share, Exchange exchange) {
  Instrument out = equity(share, exchange);
  set_token(out, share.exchange_token, Segment::indices);
  out.segment = "INDICES";
  out.tick_size = Price::from_paise(1);
  return out;
}

struct Expiry {
  TradingDate date;
  std::string code;  // "26NOV"
};

// The last Tuesdays of this month and the next two, from `today` on: the first two of them.
std::array<Expiry, 2> next_expiries(TradingDate today) {
  using namespace std::chrono;
  constexpr std::array<std::string_view, 12> months = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                       "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
  std::array<Expiry, 2> out;
  const year_month_day date{sys_days(days(today.days))};
  year_month month = date.year() / date.month();
  std::size_t found = 0;
  for (int i = 0; i < 3 && found < out.size(); ++i, month += std::chrono::months(1)) {
    const sys_days tuesday(month.year() / month.month() / Tuesday[last]);
    const TradingDate expiry{static_cast<std::int32_t>(tuesday.time_since_epoch().count())};
    if (expiry < today) continue;
    const std::string year = std::to_string(static_cast<int>(month.year()) % 100);
    const auto name = months[static_cast<unsigned>(month.month()) - 1];
    out[found++] = {expiry, year + std::string(name)};
  }
  return out;
}

Instrument derivative(const Underlying& of, const Expiry& expiry, std::uint32_t token) {
  Instrument out;
  set_token(out, token, segment_of(of.exchange));
  out.exchange = of.exchange;
  out.name = of.symbol;
  out.trading_symbol = std::string(of.symbol) + expiry.code;
  out.lot_size = of.lot;
  out.expiry = expiry.date;
  return out;
}

Instrument future(const Underlying& of, const Expiry& expiry, std::uint32_t token) {
  Instrument out = derivative(of, expiry, token);
  out.trading_symbol += "FUT";
  out.segment = std::string(model::word(of.exchange)) + "-FUT";
  out.instrument_type = "FUT";
  out.last_price = price_of(of.price);
  out.tick_size = price_of(of.tick);
  return out;
}

Instrument option(const Underlying& of, const Expiry& expiry, std::uint32_t token, Price strike,
                  bool call) {
  Instrument out = derivative(of, expiry, token);
  out.instrument_type = call ? "CE" : "PE";
  out.trading_symbol += short_decimal(strike) + out.instrument_type;
  out.segment = std::string(model::word(of.exchange)) + "-OPT";
  out.strike = strike;
  out.tick_size = Price::from_paise(5);
  // Intrinsic value and one and a half per cent of time: enough to look like a premium.
  const Price spot = price_of(of.price);
  const Price inner = call ? spot - strike : strike - spot;
  const std::int64_t time_value = spot.raw() / 1000 * 15;
  const std::int64_t raw = std::max<std::int64_t>(inner.raw(), 0) + time_value;
  out.last_price = Price::from_raw(raw - raw % out.tick_size.raw());
  return out;
}

void append_derivatives(std::vector<Instrument>& out, const Underlying& of, TradingDate today) {
  std::uint32_t token = of.first_token;
  const auto expiries = next_expiries(today);
  for (const Expiry& expiry : expiries) out.push_back(future(of, expiry, token++));
  if (of.option_step.empty()) return;
  const std::int64_t step = price_of(of.option_step).raw();
  const std::int64_t middle = price_of(of.price).raw() / step * step;
  for (int i = -3; i <= 3; ++i) {
    for (const bool call : {true, false}) {
      const Price strike = Price::from_raw(middle + i * step);
      out.push_back(option(of, expiries[0], token++, strike, call));
    }
  }
}

std::string numbered(std::size_t number) {
  std::string digits = std::to_string(number);
  return "SYN" + std::string(5 - std::min<std::size_t>(5, digits.size()), '0') + digits;
}

}  // namespace

std::vector<Instrument> standard_instruments(TradingDate today) {
  std::vector<Instrument> out;
  for (const Share& share : nse_indices) out.push_back(index(share, Exchange::nse));
  for (const Share& share : bse_indices) out.push_back(index(share, Exchange::bse));
  for (const Share& share : nse_shares) out.push_back(equity(share, Exchange::nse));
  for (const Share& share : bse_shares) out.push_back(equity(share, Exchange::bse));
  for (const Underlying& of : underlyings) append_derivatives(out, of, today);
  return out;
}

std::vector<Instrument> generated_instruments(TradingDate today, std::size_t count) {
  constexpr std::uint32_t first_token = 2'000'000;
  constexpr std::size_t options_per_share = 9;
  std::vector<Instrument> out = standard_instruments(today);
  const Expiry expiry = next_expiries(today)[0];
  for (std::size_t i = 0; out.size() < count; ++i) {
    const auto token = first_token + static_cast<std::uint32_t>(i);
    const std::size_t number = i / (options_per_share + 1);
    const std::size_t part = i % (options_per_share + 1);
    const std::string symbol = numbered(number);
    const std::int64_t rupees = 50 + static_cast<std::int64_t>(number * 37 % 4000);
    const std::string price = std::to_string(rupees);
    if (part == 0) {
      out.push_back(equity({token, symbol, symbol, price}, Exchange::nse));
      continue;
    }
    const Underlying of{token, Exchange::nfo, symbol, price, "0.05", "5", 100};
    const auto strike = Price::from_rupees(rupees + static_cast<std::int64_t>(part / 2) * 5);
    out.push_back(option(of, expiry, token, strike, part % 2 == 0));
  }
  return out;
}

std::string instruments_csv(const std::vector<Instrument>& instruments, std::string_view exchange) {
  std::string out =
      "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
      "lot_size,instrument_type,segment,exchange\n";
  for (const Instrument& row : instruments) {
    if (!exchange.empty() && model::word(row.exchange) != exchange) continue;
    out += std::to_string(row.token) + ',' + std::to_string(row.exchange_token) + ',';
    out += row.trading_symbol + ',' + row.name + ',' + short_decimal(row.last_price) + ',';
    out += (row.expiry ? row.expiry->text() : "") + ',' + short_decimal(row.strike) + ',';
    out += short_decimal(row.tick_size) + ',' + std::to_string(row.lot_size) + ',';
    out += row.instrument_type + ',' + row.segment + ',';
    out += std::string(model::word(row.exchange)) + '\n';
  }
  return out;
}

}  // namespace hmt::sim
