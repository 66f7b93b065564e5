#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "agent/scheduler.h"
#include "broker/gateway.h"
#include "engine/event.h"
#include "gate/gate.h"
#include "runtime/commit_queue.h"
#include "runtime/latency_board.h"
#include "runtime/telemetry.h"

// The orders' thread: the gate, and the reading of the broker's order book. All calls on its
// scheduler's thread, unless said.
namespace hmt::runtime {

// Where word of orders goes; called on the orders' thread.
class OrderListener {
 public:
  virtual ~OrderListener() = default;
  virtual void on_order_event(engine::Event event) = 0;
  virtual void on_broker_session(bool accepted, const std::string& why) = 0;
  // The order book failed several times in a row; can be read again.
  virtual void on_book_readable(bool readable, const std::string& why) = 0;
};

class OrderAgent final : public gate::Journal, public gate::Observer {
 public:
  OrderAgent(agent::Scheduler& scheduler, broker::OrderGateway& gateway, CommitQueue& commits,
             LatencyBoard& latency, OrderListener& listener, gate::Settings settings);

  gate::Gate& gate() { return gate_; }
  void use_account(std::string account) { account_ = std::move(account); }

  // One reading at a time: a wish while one runs is the same reading.
  void read_book();

  // Gate's ports.
  void forwarded(model::Attempt attempt, std::move_only_function<void(bool)> done) override;
  void on_forwarded(const model::OrderTag& tag) override;
  void on_withdrawn(const model::OrderTag& tag, std::int64_t lease_epoch,
                    const std::string& why) override;
  void on_answered(const model::OrderTag& tag, const model::PlaceAnswer& answer) override;

 private:
  void book_came(base::Instant started_at, base::Result<std::vector<model::BrokerOrder>> orders);
  void book_failed(const std::string& why);
  void measure(const model::OrderTag& tag, const model::PlaceAnswer& answer);
  bool is_ours(const std::vector<model::BrokerOrder>& orders) const;

  agent::Scheduler& scheduler_;
  broker::OrderGateway& gateway_;
  CommitQueue& commits_;
  LatencyBoard& latency_;
  OrderListener& listener_;
  std::string account_;
  bool reading_ = false;
  std::map<model::OrderTag, base::Duration> asked_;  // when each order that is on its way left
  agent::Histogram answer_seconds_ = answer_seconds();
  bool session_refused_ = false;
  int failed_readings_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  gate::Gate gate_;
};

}  // namespace hmt::runtime
