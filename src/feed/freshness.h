#pragma once
#include <chrono>
#include <optional>

#include "model/calendar.h"
#include "model/tick.h"

// Whether a packet's last traded price may fire a trigger. Pure. Sources: kite-protocol 2.5 (the
// cached first packet), 2.6 (which packets carry which times).
namespace hmt::feed {

struct FreshnessRules {
  // A first packet older than this is the broker's memory, not the market.
  base::Duration cached_age_max = std::chrono::seconds(15);
  // How far the exchange's clock may be ahead of ours.
  base::Duration clock_skew_max = std::chrono::seconds(5);
};

// What is remembered of one token's packets.
struct Seen {
  std::uint32_t exchange_time = 0;  // the newest
  bool first = true;                // no timed one since the last (re)subscription
  bool cached = false;              // the newest was the cached one
};

// Judges one packet at `now` and remembers it. `session` is the open session of the token's
// exchange, if there is one; one of a whole day means that every instant is in session.
model::Freshness judge(const model::Tick& tick, Seen& seen,
                       const std::optional<model::Calendar::Open>& session, base::Instant now,
                       const FreshnessRules& rules);

}  // namespace hmt::feed
