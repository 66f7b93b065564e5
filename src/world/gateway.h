#pragma once
#include <memory>

#include "broker/gateway.h"
#include "world/process.h"

namespace hmt::world {

// The way to the exchange and back, as one process has it. What has left arrives whatever becomes
// of the process; what comes back finds it or does not.
std::unique_ptr<broker::OrderGateway> gateway_to_exchange(Commons& commons, ProcessClock& clock,
                                                          Thread& orders);

}  // namespace hmt::world
