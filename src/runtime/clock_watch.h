#pragma once
#include <chrono>
#include <optional>

#include "base/time.h"

// Notices that the wall clock was set, by the clock that never is. Small corrections, as NTP makes
// them all day, are told when they have come to more than `step_min`. Not thread-safe.
namespace hmt::runtime {

class ClockWatch {
 public:
  // By how much the wall clock moved on its own since what was told last; nothing: it did not, or
  // it cannot be told, as the thread slept between the readings. `before` and `after`: the steady
  // clock, read on either side of `now`.
  std::optional<base::Duration> step(base::Instant now, base::Duration before,
                                     base::Duration after) {
    if (after - before > pause_max) return std::nullopt;
    const auto offset = now.time_since_epoch() - before;
    if (!offset_) offset_ = offset;
    const auto moved = offset - *offset_;
    if (std::chrono::abs(moved) <= step_min) return std::nullopt;
    offset_ = offset;
    return moved;
  }

 private:
  static constexpr base::Duration step_min = std::chrono::milliseconds(500);
  static constexpr base::Duration pause_max = std::chrono::milliseconds(50);
  std::optional<base::Duration> offset_;
};

}  // namespace hmt::runtime
