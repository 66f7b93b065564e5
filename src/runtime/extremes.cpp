#include "runtime/extremes.h"

#include <algorithm>

namespace hmt::runtime {
namespace {

std::optional<Extremes::Seen> first_since(const std::deque<Extremes::Seen>& steps,
                                          base::Instant moment) {
  const auto found = std::ranges::lower_bound(steps, moment, {}, &Extremes::Seen::at);
  return found == steps.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

void Extremes::keep(std::deque<Seen>& steps, const Seen& seen) {
  steps.push_back(seen);
  if (steps.size() <= steps_max) return;
  steps.pop_front();
  // Moments before the one that went cannot be answered any more.
  since_ = std::max(*since_, steps.front().at);
}

void Extremes::saw(model::WirePrice price, base::Instant at) {
  if (!since_) since_ = at;
  // Of equal prices the later one stays: it answers for more moments.
  while (!lows_.empty() && lows_.back().price >= price) lows_.pop_back();
  while (!highs_.empty() && highs_.back().price <= price) highs_.pop_back();
  keep(lows_, {price, at});
  keep(highs_, {price, at});
}

std::optional<Extremes::Seen> Extremes::lowest_since(base::Instant moment) const {
  return first_since(lows_, moment);
}

std::optional<Extremes::Seen> Extremes::highest_since(base::Instant moment) const {
  return first_since(highs_, moment);
}

}  // namespace hmt::runtime
