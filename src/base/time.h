#pragma once
#include <chrono>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/short_text.h"

// Instants are UTC with nanoseconds; only edges (logs, API, broker) turn them into text. Indian
// time has no daylight saving, so it is a fixed offset. Nothing here reads a clock: time comes in
// from outside.
namespace hmt::base {

using Duration = std::chrono::nanoseconds;
using Instant = std::chrono::sys_time<std::chrono::nanoseconds>;
using namespace std::chrono_literals;

inline constexpr Duration ist_offset = std::chrono::minutes(330);

// A day of the Indian calendar.
struct TradingDate {
  std::int32_t days = 0;  // since 1970-01-01
  constexpr auto operator<=>(const TradingDate&) const = default;
  std::string text() const;  // "2026-11-23"
};

// The Indian calendar day that `at` lies in.
TradingDate trading_date(Instant at);

// How far `at` is into its Indian calendar day.
Duration time_of_day_ist(Instant at);

// "2026-11-23T03:45:00.123Z": UTC, milliseconds; for our API, logs and tables.
ShortText<32> short_rfc3339(Instant at);
inline std::string to_rfc3339(Instant at) {
  return std::string(short_rfc3339(at));
}
// "2026-11-23T03:45:00.123456789Z": nothing is lost, and texts of one width sort as their instants.
std::string to_rfc3339_nanos(Instant at);
// The inverse of both; also takes other fractions and an offset such as +05:30. Errors: invalid.
Result<Instant> parse_rfc3339(std::string_view text);

// "2026-11-23 09:15:00", the broker's form: Indian time, no zone.
std::string to_broker_time(Instant at);
// The inverse. Errors: invalid.
Result<Instant> parse_broker_time(std::string_view text);

}  // namespace hmt::base
