#pragma once
#include <optional>

#include "base/time.h"

// Whether an exchange trades on a day on which our calendar has no session of it: a special one
// that nobody has listed, or a holiday that is none. Nothing fires then, so that people must hear
// of it. Pure. One packet may be a repeat or broken: trades of several moments convince.
namespace hmt::feed {

struct UnlistedRules {
  base::Duration trade_age_max = std::chrono::seconds(15);  // older is no trade of now
  base::Duration lasts_min = std::chrono::minutes(1);       // between the first and the last
  base::Duration over_after = std::chrono::minutes(10);     // without a trade
};

// Of one exchange.
class Unlisted {
 public:
  void traded(base::Instant at, base::Instant now, const UnlistedRules& rules);
  bool lasts(base::Instant now, const UnlistedRules& rules) const;

 private:
  struct Trades {
    base::Instant first{};
    base::Instant last{};
  };
  std::optional<Trades> trades_;
};

}  // namespace hmt::feed
