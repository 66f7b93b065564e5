#pragma once
#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

#include "base/time.h"
#include "oms/round_trips.h"

// An account's order rate (contract 6): at most so many in any second, in any minute, and in a
// trading day. Exact sliding windows: the broker's are of unknown alignment, so every alignment
// must hold. Refused orders count too.
//
// The windows are the broker's, who counts a request when it arrives: between its first byte and
// its answer. Each is taken to arrive as late as its answer allows, and the one after it as early
// as any can, so whatever the wire does between them costs rate and never a refusal.
namespace hmt::oms {

struct RateRule {
  int per_second = 10;
  int per_minute = 400;
  int per_day = 5000;
  // A request without an answer has arrived after so long: a lost packet has been sent again.
  base::Duration on_its_way_max = std::chrono::milliseconds(500);
  // The second and the minute are taken so much longer: while clocks are being set they run apart
  // by up to 500 ppm each.
  int margin_per_mille = 1;
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
  // The oldest that is reserved leaves now; by the moment that comes back `answered` knows it.
  base::Instant sent(base::Instant now);
  // Its answer is here, whatever it says. `accepted`: the broker took the order, so what it took to
  // come tells of the wire.
  void answered(base::Instant left_at, base::Instant now, bool accepted);

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
  struct Sent {
    base::Instant left_at{};
    std::optional<base::Instant> answered_at = {};
    bool accepted = false;
  };
  bool is_free(base::Instant now);
  void forget_old(base::Instant now);
  bool is_over(base::Instant left_at, base::Instant now) const;
  base::Instant arrived_by(const Sent& sent) const;
  base::Duration with_margin(base::Duration window) const;
  std::optional<base::Instant> nth_last(std::size_t n, base::Instant now) const;

  static constexpr base::Duration reserve_max = std::chrono::seconds(3);
  RateRule rule_;
  RoundTrips trips_;
  std::deque<Sent> sent_;               // in the order in which they left
  std::deque<base::Instant> reserved_;  // not sent yet, ascending
  base::TradingDate day_{};
  int used_today_ = 0;
  base::Instant held_until_{};
  base::Instant latest_{};
};

}  // namespace hmt::oms
