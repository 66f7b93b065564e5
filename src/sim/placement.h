#pragma once
#include "net/http_server.h"
#include "sim/call.h"

namespace hmt::sim {

// POST /orders/{variety} of an authorised call inside its rate limits: registers the order and
// answers, or does what the next placement fault says.
void place_order(Call& call, net::Responder responder);

}  // namespace hmt::sim
