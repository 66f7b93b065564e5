#include "runtime/price_memory.h"

#include <algorithm>

namespace hmt::runtime {
namespace {

using base::Price;
using std::chrono::minutes;

Price price_of(model::WirePrice price, model::InstrumentToken token) {
  const auto segment = model::segment_of(token);
  return segment ? model::price_from_wire(price, *segment) : Price{};
}

base::Duration length_of(model::Interval interval) {
  switch (interval) {
    case model::Interval::minute:
      return minutes(1);
    case model::Interval::five_minutes:
      return minutes(5);
    case model::Interval::fifteen_minutes:
      return minutes(15);
    case model::Interval::day:
      return std::chrono::hours(24);
  }
  return minutes(1);
}

base::Instant start_of(base::Instant at, base::Duration length) {
  const auto local = at.time_since_epoch() + base::ist_offset;
  return base::Instant(local - local % length - base::ist_offset);
}

}  // namespace

void PriceMemory::note(const model::Tick& tick) {
  if (tick.last == 0) return;
  auto& memory = memories_[tick.token];
  if (tick.freshness != model::Freshness::fresh) {
    told_of(memory).unfresh = tick;
    return;
  }
  memory.recent[memory.recent_count++] = {tick.last, tick.received_at};
  // The first one is told at once: it settles whether the instrument has candles.
  if (!memory.told || memory.recent_count == recent_max) told_of(memory);
}

PriceMemory::Told& PriceMemory::told_of(Memory& memory) {
  if (!memory.told) memory.told = std::make_unique<Told>();
  auto& told = *memory.told;
  const auto recent = std::span(memory.recent).first(memory.recent_count);
  told.extremes.saw(recent);
  for (const auto& seen : recent) note_minute(told, seen);
  memory.recent_count = 0;
  return told;
}

void PriceMemory::note_minute(Told& told, const Seen& seen) {
  auto& kept = told.minutes;
  const auto into =
      kept.empty() ? base::Duration(-1) : seen.at.time_since_epoch() - minutes(kept.back().number);
  if (into >= base::Duration(0) && into < minutes(1)) {
    auto& minute = kept.back();
    minute.high = std::max(minute.high, seen.price);
    minute.low = std::min(minute.low, seen.price);
    minute.close = seen.price;
    return;
  }
  if (kept.empty()) {
    if (with_candles_ >= instruments_with_candles_max) return;
    ++with_candles_;
  }
  const auto number = seen.at.time_since_epoch() / minutes(1);
  kept.push_back({number, seen.price, seen.price, seen.price, seen.price});
  if (kept.size() > candles_max) kept.pop_front();
}

const PriceMemory::Told* PriceMemory::find(model::InstrumentToken token) {
  auto* memory = memories_.find(token);
  return memory ? &told_of(*memory) : nullptr;
}

void PriceMemory::note_gap(model::InstrumentToken token, base::Instant from, base::Instant until) {
  auto* const memory = memories_.find(token);
  if (!memory) return;
  auto& gaps = told_of(*memory).gaps;
  gaps.push_back({from, until});
  if (gaps.size() > gaps_max) gaps.pop_front();
}

void PriceMemory::forget(model::InstrumentToken token) {
  const auto* told = find(token);
  if (!told) return;
  if (!told->minutes.empty()) --with_candles_;
  memories_.erase(token);
}

Approach PriceMemory::approach(const model::Trigger& trigger) {
  Approach out;
  const auto* told = find(trigger.instrument_token);
  if (!told) return out;
  const auto& [extremes, unfresh, kept, gaps] = *told;
  const auto token = trigger.instrument_token;
  if (const auto since = extremes.since())
    out.observed_since = std::max(*since, trigger.updated_at);
  const auto nearest = [&](model::Direction direction) -> std::optional<PriceAt> {
    const auto seen = direction == model::Direction::falling
                          ? extremes.lowest_since(trigger.updated_at)
                          : extremes.highest_since(trigger.updated_at);
    if (!seen) return std::nullopt;
    return PriceAt{price_of(seen->price, token), seen->at};
  };
  out.leg_1 = nearest(model::direction_of(trigger, model::LegNumber::one));
  if (trigger.leg_2) out.leg_2 = nearest(model::direction_of(trigger, model::LegNumber::two));
  if (unfresh && unfresh->received_at >= trigger.updated_at) {
    out.unfresh = Unfresh{price_of(unfresh->last, token), unfresh->received_at, unfresh->freshness};
  }
  for (const auto& gap : gaps) {
    if (gap.until >= trigger.updated_at) out.gaps.push_back(gap);
  }
  return out;
}

std::vector<model::Candle> PriceMemory::minutes_of(model::InstrumentToken token, base::Instant from,
                                                   base::Instant until) {
  std::vector<model::Candle> out;
  const auto* told = find(token);
  if (!told) return out;
  for (const auto& minute : told->minutes) {
    const base::Instant start{std::chrono::minutes(minute.number)};
    if (start < from || start >= until) continue;
    out.push_back({.start = start,
                   .open = price_of(minute.open, token),
                   .high = price_of(minute.high, token),
                   .low = price_of(minute.low, token),
                   .close = price_of(minute.close, token)});
  }
  return out;
}

std::vector<model::Candle> in_intervals(const std::vector<model::Candle>& minutes_given,
                                        model::Interval interval) {
  std::vector<model::Candle> out;
  for (const auto& minute : minutes_given) {
    const auto start = start_of(minute.start, length_of(interval));
    if (out.empty() || out.back().start != start) {
      out.push_back(minute);
      out.back().start = start;
      continue;
    }
    auto& whole = out.back();
    whole.high = std::max(whole.high, minute.high);
    whole.low = std::min(whole.low, minute.low);
    whole.close = minute.close;
  }
  return out;
}

}  // namespace hmt::runtime
