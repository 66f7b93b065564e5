#include "feed/backoff.h"

#include <algorithm>

namespace hmt::feed {

// SplitMix64.
std::uint64_t Backoff::random() {
  random_ += 0x9E3779B97F4A7C15;
  auto z = random_;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

base::Duration Backoff::next() {
  auto low = rules_.first;
  for (std::uint32_t i = 0; i < failures_ && low < rules_.max; ++i) low *= 2;
  if (low < rules_.max) ++failures_;
  // At the ceiling the jitter goes below it, down to three quarters.
  const auto high = std::min(low + low / 4, rules_.max);
  if (high == rules_.max) low = std::min(low, std::max(rules_.first, rules_.max / 4 * 3));
  if (high <= low) return low;
  const auto room = static_cast<std::uint64_t>((high - low).count()) + 1;
  return low + base::Duration(static_cast<base::Duration::rep>(random() % room));
}

}  // namespace hmt::feed
