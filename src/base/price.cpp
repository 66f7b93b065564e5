#include "base/price.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace hmt::base {
namespace {

constexpr std::int64_t raw_max = Price::rupees_max * Price::one_rupee;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

struct Decimal {
  bool negative = false;
  std::string digits;      // without a point, no leading sign
  std::int64_t scale = 0;  // how many of the digits stand behind the point
};

std::optional<Decimal> split(std::string_view text, bool exponent_allowed) {
  Decimal out;
  if (text.size() > 40) return std::nullopt;
  if (text.starts_with('-')) {
    out.negative = true;
    text.remove_prefix(1);
  }
  std::int64_t exponent = 0;
  if (const auto e = text.find_first_of("eE"); e != std::string_view::npos) {
    if (!exponent_allowed) return std::nullopt;
    auto power = text.substr(e + 1);
    if (power.starts_with('+') && !power.starts_with("+-")) power.remove_prefix(1);
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), exponent);
    if (error != std::errc{} || end != power.data() + power.size()) return std::nullopt;
    if (exponent > 30 || exponent < -30) return std::nullopt;
    text = text.substr(0, e);
  }
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  const auto fraction =
      point == std::string_view::npos ? std::string_view{} : text.substr(point + 1);
  if (whole.empty() || (point != std::string_view::npos && fraction.empty())) return std::nullopt;
  if (!std::ranges::all_of(whole, is_digit) || !std::ranges::all_of(fraction, is_digit)) {
    return std::nullopt;
  }
  out.digits.append(whole).append(fraction);
  out.scale = static_cast<std::int64_t>(fraction.size()) - exponent;
  return out;
}

std::optional<std::int64_t> to_raw(Decimal decimal, bool round) {
  while (decimal.scale < Price::decimals) {
    decimal.digits.push_back('0');
    ++decimal.scale;
    if (decimal.digits.size() > 80) return std::nullopt;
  }
  bool up = false;
  while (decimal.scale > Price::decimals) {
    const char last = decimal.digits.empty() ? '0' : decimal.digits.back();
    if (!decimal.digits.empty()) decimal.digits.pop_back();
    if (last != '0' && !round) return std::nullopt;
    up = last >= '5';
    --decimal.scale;
  }
  const auto first = decimal.digits.find_first_not_of('0');
  std::int64_t raw = 0;
  if (first != std::string::npos) {
    const char* begin = decimal.digits.data() + first;
    const char* end = decimal.digits.data() + decimal.digits.size();
    if (std::from_chars(begin, end, raw).ec != std::errc{}) return std::nullopt;
  }
  raw = std::min(raw, raw_max + 1) + (up ? 1 : 0);
  if (raw > raw_max) return std::nullopt;
  return decimal.negative ? -raw : raw;
}

constexpr auto powers_of_ten = [] {
  std::array<std::int64_t, Price::decimals + 1> out{1};
  for (std::size_t i = 1; i < out.size(); ++i) out[i] = out[i - 1] * 10;
  return out;
}();

// Prices as nearly all are written: digits, and behind a point no more of them than are kept. A
// start reads millions, so this way makes no string. Nothing: look closer.
std::optional<std::int64_t> plain_raw(std::string_view text) {
  constexpr std::size_t digits_max = 17;  // of any count of them the value fits
  std::int64_t value = 0;
  std::size_t decimals = 0;
  std::size_t digits = 0;
  bool has_point = false;
  for (const char c : text) {
    if (c == '.') {
      if (has_point || digits == 0) return std::nullopt;
      has_point = true;
      continue;
    }
    if (!is_digit(c) || ++digits > digits_max) return std::nullopt;
    value = value * 10 + (c - '0');
    decimals += has_point ? 1 : 0;
  }
  if (digits == 0 || has_point != (decimals > 0) || decimals >= powers_of_ten.size())
    return std::nullopt;
  const auto unit = powers_of_ten[powers_of_ten.size() - 1 - decimals];
  if (value > raw_max / unit) return std::nullopt;
  return value * unit;
}

// Writes `value` as `count` digits, and says where they end.
char* put_digits(char* at, std::uint32_t value, int count) {
  for (int i = count; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + count;
}

Result<Price> parse_decimal(std::string_view text, bool loose) {
  if (const auto raw = plain_raw(text)) return Price::from_raw(*raw);
  const auto decimal = split(text, loose);
  if (!decimal) return fail(ErrorKind::invalid, "a price is decimal digits such as 1573.15");
  const auto raw = to_raw(*decimal, loose);
  if (!raw)
    return fail(ErrorKind::invalid, "a price has at most 7 decimals and is at most 100000000");
  return Price::from_raw(*raw);
}

}  // namespace

Result<Price> Price::parse(std::string_view text) {
  return parse_decimal(text, false);
}

Result<Price> Price::parse_rounded(std::string_view text) {
  return parse_decimal(text, true);
}

ShortText<24> Price::short_text() const {
  return ShortText<24>([this](char* at) { return put_text(at); });
}

char* Price::put_text(char* at) const {
  const bool negative = raw_ < 0;
  const auto magnitude =
      negative ? 0 - static_cast<std::uint64_t>(raw_) : static_cast<std::uint64_t>(raw_);
  if (negative) *at++ = '-';
  char* end = std::to_chars(at, at + 12, magnitude / one_rupee).ptr;
  *end++ = '.';
  const auto fraction = static_cast<std::uint32_t>(magnitude % one_rupee);
  constexpr std::uint32_t per_paisa = one_rupee / 100;
  end = put_digits(end, fraction / per_paisa, 2);
  if (const auto finer = fraction % per_paisa; finer != 0) {
    end = put_digits(end, finer, decimals - 2);
    while (end[-1] == '0') --end;
  }
  return end;
}

}  // namespace hmt::base
