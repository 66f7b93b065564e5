#pragma once
#include <cstdint>
#include <optional>

#include "base/price.h"
#include "base/time.h"

namespace hmt::model {

// The prices of one span of time.
struct Candle {
  base::Instant start{};
  base::Price open, high, low, close;
  std::optional<std::int64_t> volume = {};  // none: not known
  bool operator==(const Candle&) const = default;
};

enum class Interval : std::uint8_t { minute, five_minutes, fifteen_minutes, day };

}  // namespace hmt::model
