#pragma once
#include "sim/json.h"
#include "sim/orders.h"

namespace hmt::sim {

void write_order(JsonWriter& out, const Order& order);  // a row of the order book
void write_trade(JsonWriter& out, const Trade& trade);
std::string order_update_message(const OrderUpdate& update);  // the ticker's whole text frame

}  // namespace hmt::sim
