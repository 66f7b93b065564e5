#pragma once
#include <cstddef>
#include <deque>

#include "base/time.h"

namespace hmt::sim {

// Counts events in a sliding window and refuses what is past the limit. A refused event leaves no
// mark.
class RateMeter {
 public:
  RateMeter(std::size_t limit, base::Duration window) : limit_(limit), window_(window) {}

  bool has_room(base::Duration now) {
    while (!events_.empty() && now - events_.front() >= window_) events_.pop_front();
    return limit_ == 0 || events_.size() < limit_;
  }
  void record(base::Duration now) {
    if (limit_ != 0) events_.push_back(now);
  }
  bool take(base::Duration now) {
    if (!has_room(now)) return false;
    record(now);
    return true;
  }

 private:
  std::size_t limit_;  // 0: none
  base::Duration window_;
  std::deque<base::Duration> events_;
};

}  // namespace hmt::sim
