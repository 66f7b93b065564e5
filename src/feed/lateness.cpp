#include "feed/lateness.h"

#include <algorithm>

namespace hmt::feed {

std::optional<base::Duration> Lateness::seen(std::uint32_t exchange_time, base::Duration steady,
                                             const LatenessRules& rules) {
  if (exchange_time <= newest_) return {};
  newest_ = exchange_time;
  const auto late = steady - std::chrono::seconds(exchange_time);
  least_ = std::min(late, least_.value_or(late));
  if (late - *least_ < rules.growth_max) {
    late_since_.reset();
    return {};
  }
  if (!late_since_) late_since_ = steady;
  if (steady - *late_since_ < rules.patience) return {};
  return late - *least_;
}

}  // namespace hmt::feed
