#include "runtime/extremes.h"

#include <algorithm>

namespace hmt::runtime {
namespace {

std::optional<Extremes::Seen> first_since(const std::deque<Extremes::Seen>& steps,
                                          base::Instant moment) {
  const auto found = std::ranges::lower_bound(steps, moment, {}, &Extremes::Seen::at);
  return found == steps.end() ? std::nullopt : std::optional(*found);
}

bool is_as_low(model::WirePrice price, model::WirePrice other) {
  return price <= other;
}

bool is_as_high(model::WirePrice price, model::WirePrice other) {
  return price >= other;
}

}  // namespace

// Of equal prices the later one stays: it answers for more moments.
template <Extremes::Beats beats>
void Extremes::keep(std::deque<Seen>& steps, std::span<const Seen> prices) {
  while (!prices.empty()) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < prices.size(); ++i) {
      if (beats(prices[i].price, prices[best].price)) best = i;
    }
    while (!steps.empty() && beats(prices[best].price, steps.back().price)) steps.pop_back();
    steps.push_back(prices[best]);
    prices = prices.subspan(best + 1);
    if (steps.size() <= steps_max) continue;
    steps.pop_front();
    // Moments before the one that went cannot be answered any more.
    since_ = std::max(*since_, steps.front().at);
  }
}

void Extremes::saw(std::span<const Seen> prices) {
  if (prices.empty()) return;
  if (!since_) since_ = prices.front().at;
  keep<is_as_low>(lows_, prices);
  keep<is_as_high>(highs_, prices);
}

std::optional<Extremes::Seen> Extremes::lowest_since(base::Instant moment) const {
  return first_since(lows_, moment);
}

std::optional<Extremes::Seen> Extremes::highest_since(base::Instant moment) const {
  return first_since(highs_, moment);
}

}  // namespace hmt::runtime
