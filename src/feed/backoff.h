#pragma once
#include <cstdint>

#include "base/time.h"

namespace hmt::feed {

struct BackoffRules {
  base::Duration first = std::chrono::seconds(5);  // HMT_RECONNECT_DELAY_MS
  base::Duration max = std::chrono::seconds(60);
};

// How long to wait before each next attempt: `first`, doubling, with up to a quarter of jitter, so
// that clients that lost the broker together do not come back together; never above `max`. Pure:
// the seed is the caller's.
class Backoff {
 public:
  Backoff(BackoffRules rules, std::uint64_t seed) : rules_(rules), random_(seed) {}

  base::Duration next();  // of one more failure
  void reset() { failures_ = 0; }

 private:
  std::uint64_t random();

  BackoffRules rules_;
  std::uint64_t random_;
  std::uint32_t failures_ = 0;
};

}  // namespace hmt::feed
