#pragma once
#include "sim/config.h"
#include "sim/orders.h"
#include "sim/prices.h"
#include "sim/refusal.h"

namespace hmt::sim {

// The broker's checks before an order is registered (kite-protocol 4.2): what they refuse leaves no
// row in the order book.
Answer<void> check_placement(const PlaceRequest& request, const model::Instrument* instrument,
                             const ExchangeRules& rules, const Prices& prices);

// Price and quantity of a modified order.
Answer<void> check_terms(const PlaceRequest& terms, const model::Instrument& instrument,
                         const ExchangeRules& rules, const Prices& prices);

// The limit price that market protection makes of a market order at `last`: `percent` (-1: the
// system's three) towards the order's worse side, on the tick grid, never past zero.
Price protected_price(Price last, model::Side side, Price percent, Price tick);

}  // namespace hmt::sim
