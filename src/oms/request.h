#pragma once
#include "model/order.h"
#include "model/trigger.h"

namespace hmt::oms {

// The order that a leg places: LIMIT at its order price; MARKET with market protection when it has
// none. Variety regular, DAY.
model::OrderRequest request_for(const model::Trigger& trigger, model::LegNumber leg,
                                model::OrderTag tag);

// A re-send later than this would be another order in another market.
inline constexpr base::Duration retry_delay_max = std::chrono::minutes(1);

// The wait before re-send number `retry` (1, 2, …): the base, doubled each time, up to
// `retry_delay_max` or the base if that is longer.
base::Duration retry_delay(base::Duration base, int retry);

}  // namespace hmt::oms
