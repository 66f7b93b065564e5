#include "feed/freshness.h"

namespace hmt::feed {
namespace {

using model::Freshness;

base::Instant instant_of(std::uint32_t epoch_seconds) {
  return base::Instant(std::chrono::seconds(epoch_seconds));
}

// Indices are not traded: the time of their value stands in.
std::uint32_t price_time(const model::Tick& tick) {
  const bool index = model::segment_of(tick.token) == model::Segment::indices;
  return index ? tick.exchange_time : tick.last_trade_time;
}

bool in_session(const model::Tick& tick, const std::optional<model::Calendar::Open>& session,
                base::Instant now, const FreshnessRules& rules) {
  const auto latest = now + rules.clock_skew_max;
  const auto priced_at = instant_of(price_time(tick));
  if (!session || priced_at > latest || instant_of(tick.exchange_time) > latest) return false;
  const bool whole_day = session->until - session->from >= std::chrono::hours(24);
  return whole_day || priced_at >= session->from;
}

Freshness without_memory_of_subscription(const model::Tick& tick, const Seen& seen,
                                         const std::optional<model::Calendar::Open>& session,
                                         base::Instant now, const FreshnessRules& rules) {
  if (tick.last == 0) return Freshness::no_price;
  if (tick.exchange_time == 0) return Freshness::no_time;
  if (tick.exchange_time < seen.exchange_time) return Freshness::out_of_order;
  if (!in_session(tick, session, now, rules)) return Freshness::out_of_session;
  return Freshness::fresh;
}

}  // namespace

Freshness judge(const model::Tick& tick, Seen& seen,
                const std::optional<model::Calendar::Open>& session, base::Instant now,
                const FreshnessRules& rules) {
  const auto verdict = without_memory_of_subscription(tick, seen, session, now, rules);
  const auto at = instant_of(tick.exchange_time);
  const bool repeats_cached = seen.cached && tick.exchange_time == seen.exchange_time;
  const bool cached = (seen.first && at < now - rules.cached_age_max) || repeats_cached;
  const bool timed = tick.exchange_time != 0 && at <= now + rules.clock_skew_max;
  if (timed && tick.exchange_time >= seen.exchange_time) {
    seen = {.exchange_time = tick.exchange_time, .first = false, .cached = cached};
  }
  return verdict == Freshness::fresh && cached ? Freshness::cached : verdict;
}

}  // namespace hmt::feed
