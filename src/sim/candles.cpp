#include "sim/candles.h"

#include <algorithm>
#include <array>
#include <utility>

#include "sim/random.h"

namespace hmt::sim {
namespace {

using namespace std::chrono_literals;

constexpr base::Duration opens = 9h + 15min;
constexpr base::Duration closes = 15h + 30min;

std::uint64_t hash(std::uint64_t a, std::uint64_t b) {
  std::uint64_t state = a * 0x9e3779b97f4a7c15U ^ b;
  return next_random(state);
}

// Ticks away from the close at a moment: a few waves of fixed noise, long ones wider than short.
std::int64_t ticks_at(InstrumentToken token, base::Instant at) {
  const auto minute = std::chrono::floor<std::chrono::minutes>(at).time_since_epoch().count();
  std::int64_t sum = 0;
  constexpr std::array<std::pair<std::int64_t, std::int64_t>, 4> waves = {
      {{1, 3}, {15, 12}, {375, 60}, {7500, 200}}};
  for (const auto& [period, width] : waves) {
    const std::int64_t slot = minute / period;
    const auto ends = [&](std::int64_t at_slot) {
      const auto seed = static_cast<std::uint64_t>(at_slot * 8 + period % 7);
      return static_cast<std::int64_t>(hash(token, seed) % static_cast<std::uint64_t>(2 * width)) -
             width;
    };
    const std::int64_t left = ends(slot), right = ends(slot + 1);
    sum += left + (right - left) * (minute % period) / period;
  }
  return sum;
}

Candle make_candle(const Prices& prices, const model::Instrument& instrument, base::Instant start,
                   base::Instant end, base::Instant now) {
  const Price tick = instrument.tick_size;
  const Price middle = Price::from_raw(
      (prices.lower_circuit(instrument).raw() + prices.upper_circuit(instrument).raw()) / 2);
  const auto price_at = [&](base::Instant at) {
    const std::int64_t raw = middle.raw() + tick.raw() * ticks_at(instrument.token, at);
    return Price::from_raw(std::max(raw - raw % tick.raw(), tick.raw()));
  };
  Candle out{.start = start, .open = price_at(start), .high = {}, .low = {}, .close = {}};
  out.close = start <= now && now < end ? prices.last(instrument) : price_at(end);
  const auto noise =
      hash(instrument.token + 1, static_cast<std::uint64_t>(start.time_since_epoch().count()));
  const auto above = static_cast<std::int64_t>(noise % 4);
  const auto below = static_cast<std::int64_t>(noise / 4 % 4);
  out.high = std::max(out.open, out.close) + tick * above;
  out.low = std::max(std::min(out.open, out.close) - tick * below, tick);
  out.volume = instrument.is_index() ? 0 : 100 + static_cast<std::int64_t>(noise / 16 % 5000);
  return out;
}

bool is_weekend(base::TradingDate date) {
  const std::int32_t weekday = (date.days + 4) % 7;  // 1 January 1970 was a Thursday
  return weekday == 0 || weekday == 6;
}

}  // namespace

std::optional<Interval> interval_of(std::string_view word) {
  constexpr std::array<std::pair<std::string_view, Interval>, 8> all = {{{"minute", {1min, 60}},
                                                                         {"3minute", {3min, 100}},
                                                                         {"5minute", {5min, 100}},
                                                                         {"10minute", {10min, 100}},
                                                                         {"15minute", {15min, 200}},
                                                                         {"30minute", {30min, 200}},
                                                                         {"60minute", {60min, 400}},
                                                                         {"day", {24h, 2000}}}};
  for (const auto& [name, interval] : all) {
    if (name == word) return interval;
  }
  return std::nullopt;
}

Answer<std::vector<Candle>> candles(const Prices& prices, const model::Instrument& instrument,
                                    Interval interval, base::Instant from, base::Instant until,
                                    base::Instant now) {
  if (until < from) return refuse("invalid from date");
  if (until - from > std::chrono::days(interval.days_max)) {
    return refuse("interval exceeds max limit: " + std::to_string(interval.days_max) + " days");
  }
  until = std::min(until, now);
  std::vector<Candle> out;
  for (auto date = base::trading_date(from); date <= base::trading_date(until); ++date.days) {
    if (is_weekend(date)) continue;
    const base::Instant midnight = base::Instant(std::chrono::days(date.days)) - base::ist_offset;
    if (interval.length == 24h) {
      Candle day = make_candle(prices, instrument, midnight + opens, midnight + closes, now);
      day.start = midnight;
      if (day.start >= from) out.push_back(day);
      continue;
    }
    for (base::Instant at = midnight + opens; at < midnight + closes && at <= until;
         at += interval.length) {
      if (at < from) continue;
      out.push_back(make_candle(prices, instrument, at, at + interval.length, now));
    }
  }
  return out;
}

}  // namespace hmt::sim
