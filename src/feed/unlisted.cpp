#include "feed/unlisted.h"

#include <algorithm>

namespace hmt::feed {

void Unlisted::traded(base::Instant at, base::Instant now, const UnlistedRules& rules) {
  if (std::chrono::abs(now - at) > rules.trade_age_max) return;
  const bool goes_on = trades_ && at - trades_->last <= rules.over_after;
  if (!goes_on) trades_ = Trades{at, at};
  trades_->last = std::max(trades_->last, at);
}

bool Unlisted::lasts(base::Instant now, const UnlistedRules& rules) const {
  return trades_ && trades_->last - trades_->first >= rules.lasts_min &&
         now - trades_->last <= rules.over_after;
}

}  // namespace hmt::feed
