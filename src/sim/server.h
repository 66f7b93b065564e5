#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/loop.h"
#include "sim/config.h"
#include "sim/faults.h"
#include "sim/orders.h"

namespace hmt::sim {

// The simulated broker on one port: REST, ticker and control. Stock Kite clients work against it.
// Plain text only: for loopback. Thread rule: the loop's thread, for every call; build and destroy
// it there too, or while the loop does not run.
class Server {
 public:
  Server(net::Loop& loop, SimConfig config);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // "127.0.0.1:0". Returns the address with its port. Errors: invalid, unavailable.
  base::Result<std::string> listen(const std::string& address);
  void close();  // stops accepting and closes every connection

  // What the control endpoints do.
  base::Result<void> set_price(const std::string& instrument, Price price);
  void set_faults(std::vector<Fault> faults);  // replaces those that still wait
  const std::vector<LedgerEntry>& ledger() const;
  void pause_ticker();
  void resume_ticker();
  void drop_sockets();
  void expire_tokens();
  void set_market_open(bool open);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hmt::sim
