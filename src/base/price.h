#pragma once
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/short_text.h"

// An exact price in rupees: an integer count of ten-millionths, the finest unit on any Kite wire
// (currency derivatives). Never a binary floating point number, from the socket to the screen.
namespace hmt::base {

class Price {
 public:
  static constexpr int decimals = 7;
  static constexpr std::int64_t one_rupee = 10'000'000;
  // A price above this is refused at the edge, so that price × quantity and spreads stay far from
  // overflow.
  static constexpr std::int64_t rupees_max = 100'000'000;

  constexpr Price() = default;
  static constexpr Price from_raw(std::int64_t ten_millionths) { return Price(ten_millionths); }
  static constexpr Price from_rupees(std::int64_t rupees) { return Price(rupees * one_rupee); }
  static constexpr Price from_paise(std::int64_t paise) { return Price(paise * (one_rupee / 100)); }

  // Decimal text such as "1573.15": digits, at most one point, at most 7 decimals; no sign but a
  // leading '-', no exponent, no spaces. Errors: invalid.
  static Result<Price> parse(std::string_view text);

  // As `parse`, but an exponent is understood and decimals past the seventh are rounded half away
  // from zero: for averages that brokers compute. Errors: invalid.
  static Result<Price> parse_rounded(std::string_view text);

  constexpr std::int64_t raw() const { return raw_; }
  constexpr bool is_multiple_of(Price step) const {
    return step.raw_ != 0 && raw_ % step.raw_ == 0;
  }

  // Shortest exact decimal with at least two decimals: "1573.15", "83.0025", "1500.00".
  ShortText<24> short_text() const;
  char* put_text(char* at) const;  // the same, written at `at`; says where it ends
  std::string text() const { return std::string(short_text()); }

  constexpr auto operator<=>(const Price&) const = default;
  friend constexpr Price operator+(Price a, Price b) { return Price(a.raw_ + b.raw_); }
  friend constexpr Price operator-(Price a, Price b) { return Price(a.raw_ - b.raw_); }
  friend constexpr Price operator*(Price a, std::int64_t n) { return Price(a.raw_ * n); }

 private:
  constexpr explicit Price(std::int64_t raw) : raw_(raw) {}
  std::int64_t raw_ = 0;
};

}  // namespace hmt::base
