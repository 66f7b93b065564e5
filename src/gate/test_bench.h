#pragma once
#include <algorithm>
#include <deque>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include "agent/manual_scheduler.h"
#include "broker/silent_gateway.h"
#include "gate/gate.h"

// For tests: a gate between a journal and a broker whose every step the test decides.
namespace hmt::gate {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline base::Instant monday_morning() {
  return base::parse_rfc3339("2026-11-23T04:00:00Z").value();
}

inline model::PlaceAnswer accepted(std::string order_id = "1") {
  return {.transport = model::Transport::answered,
          .http_status = 200,
          .well_formed = true,
          .error_type = {},
          .message = {},
          .order_id = std::move(order_id)};
}
inline model::PlaceAnswer too_many() {
  return {.transport = model::Transport::answered,
          .http_status = 429,
          .well_formed = true,
          .error_type = "NetworkException",
          .message = "Too many requests",
          .order_id = {}};
}

// A broker that keeps each call until the test lets its first byte go.
class HeldGateway final : public broker::SilentGateway {
 public:
  struct Call {
    model::OrderRequest request;
    std::move_only_function<bool()> last_check;
    broker::PlaceDone done;
  };

  void place(const model::OrderRequest& request, std::move_only_function<bool()> last_check,
             broker::PlaceDone done) override {
    if (during_place) during_place();
    calls.push_back({request, std::move(last_check), std::move(done)});
    if (!lets_go) return;
    let_go();
  }
  // The first byte of the oldest call leaves, unless the last check says no.
  void let_go(const model::PlaceAnswer& answer = accepted()) {
    auto call = std::move(calls.front());
    calls.pop_front();
    if (!call.last_check()) {
      call.done({.transport = model::Transport::not_sent,
                 .error_type = {},
                 .message = "vetoed",
                 .order_id = {}});
      return;
    }
    left.push_back(call.request.tag);
    call.done(answer);
  }
  void warm_up() override { ++warmed; }

  std::deque<Call> calls;
  std::vector<model::OrderTag> left;  // whose first byte left, in order
  bool lets_go = true;
  std::function<void()> during_place;
  int warmed = 0;
};

class TestJournal final : public Journal {
 public:
  void forwarded(model::Attempt attempt, std::move_only_function<void(bool)> done) override {
    EXPECT_EQ(attempt.state, model::AttemptState::forwarded);
    EXPECT_TRUE(attempt.forwarded_at);
    written.push_back(attempt.tag);
    waiting.push_back(std::move(done));
    if (writes) flush(true);
  }
  void flush(bool durable) {
    while (!waiting.empty()) {
      auto done = std::move(waiting.front());
      waiting.pop_front();
      done(durable);
    }
  }
  std::vector<model::OrderTag> written;
  std::deque<std::move_only_function<void(bool)>> waiting;
  bool writes = true;
};

class TestObserver final : public Observer {
 public:
  void on_forwarded(const model::OrderTag& tag) override { told.push_back("forwarded " + tag); }
  void on_withdrawn(const model::OrderTag& tag, std::int64_t lease_epoch,
                    const std::string& why) override {
    told.push_back("withdrawn " + tag + ": " + why);
    told_of_lease = lease_epoch;
  }
  void on_answered(const model::OrderTag& tag, const model::PlaceAnswer&) override {
    told.push_back("answered " + tag);
  }
  std::vector<std::string> told;
  std::int64_t told_of_lease = 0;  // the last withdrawal's
};

struct Bench : testing::Test {
  explicit Bench(Settings settings = {}) : gate(scheduler, gateway, journal, observer, settings) {}

  // An attempt of the current lease, created now.
  model::Attempt attempt(const std::string& tag) const {
    model::Attempt out;
    out.tag = tag;
    out.request.tag = tag;
    out.lease_epoch = 1;
    out.created_at = scheduler.now();
    out.evidence.received_at = out.created_at;
    out.trading_date = base::trading_date(out.created_at);
    return out;
  }
  void submit(const std::string& tag, model::Purpose purpose = model::Purpose::exit) {
    gate.submit(attempt(tag), purpose);
  }
  // As a claim does for which a permit was at hand.
  model::Attempt permitted(const std::string& tag) const {
    auto out = attempt(tag);
    out.state = model::AttemptState::forwarded;
    out.forwarded_at = scheduler.now();
    return out;
  }
  // Sends all that the account may send in this second, and forgets it.
  void use_up_the_second() {
    for (int i = 0; gate.reserve(); ++i) {
      gate.submit(permitted("used" + std::to_string(i)), model::Purpose::exit);
    }
    gateway.left.clear();
    observer.told.clear();
  }

  agent::ManualScheduler scheduler{monday_morning()};
  HeldGateway gateway;
  TestJournal journal;
  TestObserver observer;
  Gate gate;
};

}  // namespace hmt::gate
