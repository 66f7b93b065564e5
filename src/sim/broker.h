#pragma once
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "agent/scheduler.h"
#include "model/catalogue.h"
#include "sim/accounts.h"
#include "sim/exchange.h"
#include "sim/faults.h"
#include "sim/prices.h"

namespace hmt::sim {

// The whole simulated broker but its sockets: what REST, ticker and control work on. It moves the
// prices, lets the exchange do what is due, and hands on the order updates. Thread rule: its
// scheduler's thread.
class Broker {
 public:
  Broker(agent::Scheduler& scheduler, SimConfig config);
  ~Broker();
  Broker(const Broker&) = delete;
  Broker& operator=(const Broker&) = delete;

  void start();  // prices move from here on
  Instant now() const { return scheduler_.now(); }
  agent::Scheduler& scheduler() { return scheduler_; }

  const SimConfig config;
  const model::Catalogue catalogue;
  Prices prices;
  Exchange exchange;
  Accounts accounts;
  Faults faults;

  // Trades at once, from outside, told in one frame. Errors: invalid, not_found; what stands before
  // the wrong one has traded.
  struct NamedPrice {
    std::string instrument;
    Price price;
  };
  base::Result<void> set_prices(const std::vector<NamedPrice>& named);
  // After anything that may have changed the exchange: lets it do what is due and tells the world.
  void settle();
  // The order is placed `delay` from now, whatever its client was told.
  void place_later(std::string user_id, PlaceRequest request, base::Duration delay);

  // Set by the ticker; both may be empty.
  std::function<void(const OrderUpdate&)> on_order_update;
  std::function<void()> on_prices;  // some price has changed
  // Which tokens somebody listens to; they move, as do those with working orders.
  std::function<std::vector<InstrumentToken>()> watched_tokens;

 private:
  base::Result<void> trade(const NamedPrice& named);
  void tick();
  void arm_exchange();
  bool play_script();

  agent::Scheduler& scheduler_;
  std::set<InstrumentToken> scripted_;  // these do not walk
  base::Duration started_{};
  std::size_t script_done_ = 0;
  agent::TimerId price_timer_ = 0;
  agent::TimerId exchange_timer_ = 0;
  std::vector<agent::TimerId> late_;
};

}  // namespace hmt::sim
