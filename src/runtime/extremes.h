#pragma once
#include <deque>
#include <optional>
#include <span>

#include "base/time.h"
#include "model/instrument.h"

// The lowest and the highest price since any moment that it remembers: how near a trigger's level
// came while it was armed. Pure. Amortised constant time for each price.
//
// Of the lows only those are kept that no later price undercut: what was the lowest since a moment
// is then the first of them after it. Highs likewise.
namespace hmt::runtime {

class Extremes {
 public:
  // Past it the oldest goes, and what is remembered begins later.
  static constexpr std::size_t steps_max = 256;

  struct Seen {
    model::WirePrice price = 0;
    base::Instant at{};
    bool operator==(const Seen&) const = default;
  };

  // In the order in which they came; several at once are cheaper than one by one.
  void saw(std::span<const Seen> prices);

  // From when on nothing is missing; none: no price came yet.
  std::optional<base::Instant> since() const { return since_; }
  // Among the prices at or after `moment`; none: there was none.
  std::optional<Seen> lowest_since(base::Instant moment) const;
  std::optional<Seen> highest_since(base::Instant moment) const;

 private:
  using Beats = bool (*)(model::WirePrice, model::WirePrice);
  template <Beats beats>
  void keep(std::deque<Seen>& steps, std::span<const Seen> prices);

  std::optional<base::Instant> since_;
  std::deque<Seen> lows_;   // rising
  std::deque<Seen> highs_;  // falling
};

}  // namespace hmt::runtime
