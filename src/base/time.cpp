#include "base/time.h"

#include <array>
#include <optional>

namespace hmt::base {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;
using std::chrono::year_month_day;

struct Civil {
  std::uint32_t year, month, day, hour, minute, second, nanos;
};

Civil to_civil(Instant at) {
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const auto within = at - day;
  const auto seconds =
      static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(within).count());
  return {static_cast<std::uint32_t>(static_cast<int>(date.year())),
          static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day()),
          seconds / 3600,
          seconds / 60 % 60,
          seconds % 60,
          static_cast<std::uint32_t>(within.count() % 1'000'000'000)};
}

// Writes `value` as `count` digits, and says where they end.
char* put_digits(char* at, std::uint32_t value, int count) {
  for (int i = count; i-- > 0; value /= 10) at[i] = static_cast<char>('0' + value % 10);
  return at + count;
}

char* put(char* at, char c) {
  *at = c;
  return at + 1;
}

char* put_date(char* at, const Civil& c) {
  at = put(put_digits(at, c.year, 4), '-');
  at = put(put_digits(at, c.month, 2), '-');
  return put_digits(at, c.day, 2);
}

char* put_time(char* at, const Civil& c) {
  at = put(put_digits(at, c.hour, 2), ':');
  at = put(put_digits(at, c.minute, 2), ':');
  return put_digits(at, c.second, 2);
}

// Every order writes half a dozen of them. REQUIRES: a year of four digits.
ShortText<32> rfc3339(const Civil& c, std::uint32_t fraction, int decimals) {
  return ShortText<32>([&](char* at) {
    at = put_time(put(put_date(at, c), 'T'), c);
    return put(put_digits(put(at, '.'), fraction, decimals), 'Z');
  });
}

// Takes `count` digits off the front of `text`.
std::optional<int> take_digits(std::string_view& text, std::size_t count) {
  if (text.size() < count) return std::nullopt;
  int value = 0;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(count);
  return value;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

// "YYYY-MM-DD<separator>HH:MM:SS" off the front of `text`, as if it were UTC.
std::optional<Instant> take_date_time(std::string_view& text, std::string_view separator) {
  const auto year = take_digits(text, 4);
  if (!year || !take(text, "-")) return std::nullopt;
  const auto month = take_digits(text, 2);
  if (!month || !take(text, "-")) return std::nullopt;
  const auto day = take_digits(text, 2);
  if (!day || !take(text, separator)) return std::nullopt;
  const auto hour = take_digits(text, 2);
  if (!hour || !take(text, ":")) return std::nullopt;
  const auto minute = take_digits(text, 2);
  if (!minute || !take(text, ":")) return std::nullopt;
  const auto second = take_digits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
  const year_month_day date{std::chrono::year(*year),
                            std::chrono::month(static_cast<unsigned>(*month)),
                            std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970 || *year > 2200) return std::nullopt;
  return Instant(sys_days(date)) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

std::optional<Duration> take_fraction(std::string_view& text) {
  std::int64_t nanos = 0;
  std::int64_t unit = 100'000'000;
  bool any = false;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    nanos += (text.front() - '0') * unit;
    unit /= 10;
    any = true;
    text.remove_prefix(1);
  }
  if (!any) return std::nullopt;
  return Duration(nanos);
}

// Made only when it is wanted: millions of times are read at a start.
std::unexpected<Error> no_time() {
  return fail(ErrorKind::invalid, "a time is written like 2026-11-23T09:15:00+05:30");
}

std::optional<Duration> take_offset(std::string_view& text) {
  if (take(text, "Zz")) return Duration(0);
  const bool west = text.starts_with('-');
  if (!take(text, "+-")) return std::nullopt;
  const auto hours = take_digits(text, 2);
  if (!hours) return std::nullopt;
  take(text, ":");
  const auto minutes = take_digits(text, 2);
  if (!minutes || *hours > 14 || *minutes > 59) return std::nullopt;
  const Duration offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
  return west ? -offset : offset;
}

}  // namespace

std::string TradingDate::text() const {
  const year_month_day date{sys_days(std::chrono::days(days))};
  const Civil c{static_cast<std::uint32_t>(static_cast<int>(date.year())),
                static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()),
                0,
                0,
                0,
                0};
  std::array<char, 16> out{};
  return {out.data(), put_date(out.data(), c)};
}

TradingDate trading_date(Instant at) {
  return {static_cast<std::int32_t>(floor<days>(at + ist_offset).time_since_epoch().count())};
}

Duration time_of_day_ist(Instant at) {
  const auto local = at + ist_offset;
  return local - floor<days>(local);
}

ShortText<32> short_rfc3339(Instant at) {
  const auto c = to_civil(at);
  return rfc3339(c, c.nanos / 1'000'000, 3);
}

std::string to_rfc3339_nanos(Instant at) {
  const auto c = to_civil(at);
  return std::string(rfc3339(c, c.nanos, 9));
}

Result<Instant> parse_rfc3339(std::string_view text) {
  auto at = take_date_time(text, "Tt ");
  if (!at) return no_time();
  if (take(text, ".")) {
    const auto fraction = take_fraction(text);
    if (!fraction) return no_time();
    *at += *fraction;
  }
  const auto offset = take_offset(text);
  if (!offset || !text.empty()) return no_time();
  return *at - *offset;
}

std::string to_broker_time(Instant at) {
  const auto c = to_civil(at + ist_offset);
  std::array<char, 24> out{};
  return {out.data(), put_time(put(put_date(out.data(), c), ' '), c)};
}

Result<Instant> parse_broker_time(std::string_view text) {
  const auto at = take_date_time(text, " ");
  if (!at || !text.empty()) {
    return fail(ErrorKind::invalid, "a broker time is written like 2026-11-23 09:15:00");
  }
  return *at - ist_offset;
}

}  // namespace hmt::base
