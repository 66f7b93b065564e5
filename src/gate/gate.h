#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>

#include "agent/scheduler.h"
#include "broker/gateway.h"
#include "model/attempt.h"
#include "oms/rate.h"

// The last hop before the broker, and the only sender.
//
// Each tag passes once. Before the first byte it is durable that bytes may leave: either the claim
// said so already, because a permit was at hand (`reserve`), or the journal says so now.
// Immediately before the first byte the switch, the lease epoch and the time to live are looked at
// again; what they refuse is proven not sent. Orders beyond the account's rate wait here, exits
// first, then the oldest fire; what still waits when its trading day ends is never sent. Thread
// rule: the scheduler's thread, but for `reserve`, `queued` and `in_flight`. Limits: the queue
// holds what is durable, so it is as long as the fires that were claimed.
namespace hmt::gate {

// Makes it durable that the attempt's bytes may leave. `done` runs on the gate's scheduler, with
// false when that was not possible.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual void forwarded(model::Attempt attempt, std::move_only_function<void(bool)> done) = 0;
};

// What became of each attempt; called on the gate's thread, in this order for each tag: forwarded,
// then one of the other two; or withdrawn alone.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void on_forwarded(const model::OrderTag& tag) = 0;
  // `lease_epoch`: under which it was asked for, the last time.
  virtual void on_withdrawn(const model::OrderTag& tag, std::int64_t lease_epoch,
                            const std::string& why) = 0;
  virtual void on_answered(const model::OrderTag& tag, const model::PlaceAnswer& answer) = 0;
};

struct Settings {
  oms::RateRule rate;
  base::Duration time_to_live = std::chrono::seconds(2);  // from "may leave" to the first byte
  base::Duration cool_down = std::chrono::seconds(10);    // after the broker said "too many"
  // What was decided longer ago than this when it comes here to wait its turn, as behind a database
  // that was away, is taken back: the price that it was decided on is gone.
  base::Duration age_max = std::chrono::seconds(60);
  // Why this order may not leave at this moment, as where its exchange has closed; empty, or none:
  // it may.
  std::function<std::string(const model::OrderRequest&)> forbidden;
};

class Gate {
 public:
  Gate(agent::Scheduler& scheduler, broker::OrderGateway& gateway, Journal& journal,
       Observer& observer, Settings settings);
  ~Gate();

  // One order may leave now, ahead of nobody: its claim may say "forwarded" at once. Any thread.
  bool reserve();

  // Takes an attempt that is durable: `forwarded` (with a permit) is sent now, `queued` waits for
  // its turn.
  void submit(const model::Attempt& attempt, model::Purpose purpose);

  // When `shut` returns, no first byte leaves until `open`; what waits is withdrawn.
  void shut(const std::string& why);
  void open(std::int64_t lease_epoch);

  // What was sent before a restart counts against the rate. Any thread.
  void restore_rate(const std::vector<base::Instant>& sent);

  // What waits, waits because the day's orders are used up. The scheduler's thread.
  bool is_day_used_up() const { return day_used_up_ && !queue_.empty(); }
  std::size_t queued() const { return queued_.load(std::memory_order_relaxed); }  // any thread
  std::size_t in_flight() const {
    return in_flight_.load(std::memory_order_relaxed);
  }  // any thread

 private:
  struct Turn {
    model::Purpose purpose;
    base::Instant fired_on;  // the price, so that a retry keeps the place of its fire
    model::OrderTag tag;
    bool operator<(const Turn& other) const;
  };
  struct Sending {
    model::Attempt attempt;
    std::string veto = {};                      // why the last check said no
    std::optional<base::Instant> left_at = {};  // by rate_time
  };

  void pump();
  model::Attempt take_first();
  bool is_of_today(const model::Attempt& attempt) const;
  void forward(model::Attempt attempt);
  void send(model::Attempt attempt);
  std::string objection(const model::Attempt& attempt) const;
  void answered(const model::OrderTag& tag, const model::PlaceAnswer& answer);
  void count_answer(const Sending& sending, const model::PlaceAnswer& answer);
  void withdraw(const model::OrderTag& tag, const std::string& why);
  void came_again(const model::Attempt& attempt);
  void wake_at(std::optional<base::Instant> at);
  base::Instant rate_time() const;

  agent::Scheduler& scheduler_;
  broker::OrderGateway& gateway_;
  Journal& journal_;
  Observer& observer_;
  Settings settings_;

  // The wall clock at the start, and on from there by the clock that never steps: a step must
  // neither free nor freeze orders.
  const base::Instant started_at_;
  const base::Duration started_steady_;
  std::mutex rate_mutex_;
  oms::RateLimit rate_;
  std::atomic<bool> shut_ = true;
  std::string shut_why_ = "The engine is starting";
  std::int64_t lease_epoch_ = 0;
  std::map<Turn, model::Attempt> queue_;
  bool day_used_up_ = false;  // when something last had to wait
  std::map<model::OrderTag, Sending> sending_;
  std::map<model::OrderTag, std::int64_t> seen_;  // and under which lease, the last time
  std::set<model::OrderTag> withdrawn_;           // of those: never to be sent, and told so again
  agent::TimerId timer_ = 0;
  std::atomic<std::size_t> queued_ = 0;
  std::atomic<std::size_t> in_flight_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::gate
