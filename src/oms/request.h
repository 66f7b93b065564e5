#pragma once
#include "model/order.h"
#include "model/trigger.h"

namespace hmt::oms {

// The order that a leg places: LIMIT at its order price; MARKET with market protection when it has
// none. Variety regular, DAY.
model::OrderRequest request_for(const model::Trigger& trigger, model::LegNumber leg,
                                model::OrderTag tag);

// The wait before re-send number `retry` (1, 2, …): the base, doubled each time.
base::Duration retry_delay(base::Duration base, int retry);

}  // namespace hmt::oms
