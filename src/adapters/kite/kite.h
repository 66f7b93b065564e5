#pragma once
#include <memory>

#include "broker/gateway.h"
#include "broker/market_stream.h"
#include "kite/config.h"
#include "net/loop.h"

// The door to Zerodha's Kite Connect v3: orders by REST, prices by its ticker.
namespace hmt::kite {

struct Kite {
  std::unique_ptr<broker::OrderGateway> gateway;
  // Each stream takes the session's token of the moment when it is opened.
  broker::MakeStream make_stream;
};

// The gateway answers on `order_loop`, the streams on `feed_loop`; both may be one. A session given
// to the gateway's use_session is that of the streams too.
Kite make_kite(net::Loop& order_loop, net::Loop& feed_loop, KiteConfig config);

}  // namespace hmt::kite
