#pragma once
#include <chrono>
#include <cstdint>

#include "base/time.h"

// All the randomness of a simulated world: one number, so that a seed is a whole run.
namespace hmt::world {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : state_(seed) {}

  // splitmix64 (public domain, S. Vigna).
  std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31);
  }
  // From `low` to `high`, both possible.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    return low + static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(high - low + 1));
  }
  base::Duration between(base::Duration low, base::Duration high) {
    return base::Duration(between(low.count(), high.count()));
  }
  bool one_in(std::int64_t count) { return between(1, count) == 1; }
  bool in_million(std::int64_t parts) { return between(1, 1'000'000) <= parts; }

 private:
  std::uint64_t state_;
};

}  // namespace hmt::world
