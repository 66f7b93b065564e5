#pragma once
#include <memory>

#include "net/http_server.h"
#include "sim/broker.h"
#include "sim/ticker.h"

namespace hmt::sim {

// One port for everything: sends each request to its route, after authorisation and rate limits.
// Thread rule: the loop's thread.
class Rest {
 public:
  Rest(Broker& broker, Ticker& ticker) : broker_(broker), ticker_(ticker) {}

  void handle(net::Incoming incoming, net::Responder responder);

 private:
  Broker& broker_;
  Ticker& ticker_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for delayed requests
};

}  // namespace hmt::sim
