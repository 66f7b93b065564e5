#pragma once
#include <vector>

#include "base/result.h"
#include "sim/call.h"
#include "sim/faults.h"
#include "sim/json.h"
#include "sim/ticker.h"

namespace hmt::sim {

// /sim/…: how tests and people steer the simulated broker. README.md lists the endpoints.
net::HttpResponse control_route(Call& call, Ticker& ticker);

// One fault as JSON: {"kind": "late_acceptance", "count": 2, "delay_ms": 8000, …}. Errors: invalid.
base::Result<Fault> read_fault(const Json& from);

// Puts faults in force: those of the ticker itself happen at once, the others wait their turn.
void apply_faults(std::vector<Fault> faults, Broker& broker, Ticker& ticker);

}  // namespace hmt::sim
