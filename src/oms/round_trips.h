#pragma once
#include <algorithm>
#include <cstddef>
#include <vector>

#include "base/time.h"

namespace hmt::oms {

// What the way of one request to the broker and the way of another's answer back surely take
// together, from the round trips seen so far. The shortest of them may have been quick on one way
// only, and so a little longer than the two quickest ways; how far apart the shortest stand from
// each other says by how much. Nothing is sure before there are enough of them. A wire that turns
// slower for good goes unnoticed; one that turns quicker is believed at once.
class RoundTrips {
 public:
  void add(base::Duration trip) {
    shortest_.insert(std::ranges::upper_bound(shortest_, trip), trip);
    if (shortest_.size() > kept) shortest_.pop_back();
  }
  base::Duration surely() const {
    if (shortest_.size() < kept) return {};
    const auto apart = shortest_.back() - shortest_.front();
    return std::max(base::Duration{}, shortest_.front() - apart);
  }

 private:
  static constexpr std::size_t kept = 10;
  std::vector<base::Duration> shortest_;  // ascending
};

}  // namespace hmt::oms
