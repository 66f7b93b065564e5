#include "feed/lateness.h"

#include <algorithm>

namespace hmt::feed {

base::Duration LeastLate::behind(std::uint32_t exchange_time, base::Duration steady) {
  const auto late = steady - std::chrono::seconds(exchange_time);
  const auto least = least_ ? *least_ + (steady - noted_at_) / drift_part : late;
  if (late > least) return late - least;
  least_ = late;
  noted_at_ = steady;
  return {};
}

std::optional<base::Duration> Lateness::seen(std::uint32_t exchange_time, base::Duration steady,
                                             base::Duration behind, const LatenessRules& rules) {
  if (exchange_time <= newest_) return {};
  newest_ = exchange_time;
  const auto late = steady - std::chrono::seconds(exchange_time);
  least_ = std::min(late, least_.value_or(late));
  if (behind <= rules.late_max && late - *least_ < rules.growth_max) {
    late_since_.reset();
    return {};
  }
  if (!late_since_) late_since_ = steady;
  if (steady - *late_since_ < rules.patience) return {};
  return std::max(behind, late - *least_);
}

}  // namespace hmt::feed
