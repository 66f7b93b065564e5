#include "kite/kite.h"

#include "kite/rest.h"
#include "kite/stream.h"

namespace hmt::kite {

Kite make_kite(net::Loop& order_loop, net::Loop& feed_loop, KiteConfig config) {
  const auto token = std::make_shared<AccessToken>(config.access_token);
  Kite kite;
  kite.gateway = std::make_unique<RestGateway>(order_loop, config, token);
  kite.make_stream = [&feed_loop, config, token](broker::StreamObserver& observer) {
    return std::make_unique<TickerStream>(feed_loop, config, token, observer);
  };
  return kite;
}

}  // namespace hmt::kite
