#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/time.h"

// An account's order rate (contract 6): at most so many in any second, in any minute, and in a
// trading day. Exact sliding windows: the broker's are of unknown alignment, so every alignment
// must hold. Refused orders count too.
namespace hmt::oms {

struct RateRule {
  int per_second = 10;
  int per_minute = 400;
  int per_day = 5000;
  // Requests sent evenly arrive unevenly; the second and the minute are taken this much longer.
  base::Duration jitter = std::chrono::milliseconds(100);
};

class RateLimit {
 public:
  explicit RateLimit(RateRule rule = {});

  // Takes one permit if there is one at `now`, for a request that leaves at `now`. REQUIRES: `now`
  // does not go back (a step back counts as no time passed).
  bool take(base::Instant now);

  // As `take`, for a request that leaves later, which `sent` tells. Until then it counts as if it
  // left at the moment that is asked about; after `reserve_max` as if it had left at once.
  bool reserve(base::Instant now);
  void sent(base::Instant now);  // the oldest that is reserved leaves now

  // When the next permit comes free: `now` or earlier if there is one; nothing when the day's are
  // used up.
  std::optional<base::Instant> next_at(base::Instant now) const;

  // Nothing is permitted before this: the broker said "too many".
  void hold_until(base::Instant until);

  // What the records say was sent, in any order; only the current trading day counts. May be told
  // again at any time: of what is counted here and what is told, the greater number holds, for
  // every window that ends now.
  void restore(const std::vector<base::Instant>& sent, base::Instant now);

  int used_today() const { return used_today_; }

 private:
  bool is_free(base::Instant now);
  void forget_old(base::Instant now);
  std::optional<base::Instant> nth_last(std::size_t n, base::Instant now) const;

  static constexpr base::Duration reserve_max = std::chrono::seconds(3);
  RateRule rule_;
  std::deque<base::Instant> last_minute_;  // sent, ascending
  std::deque<base::Instant> reserved_;     // not sent yet, ascending
  base::TradingDate day_{};
  int used_today_ = 0;
  base::Instant held_until_{};
  base::Instant latest_{};
};

}  // namespace hmt::oms
