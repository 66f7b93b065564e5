#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/scheduler.h"
#include "runtime/runtime.h"
#include "store/memory.h"
#include "world/exchange.h"
#include "world/faults.h"
#include "world/timeline.h"

// One engine process of a world: the real runtime, gate, engine and feed on virtual time. It can
// die between any two tasks and at every write and order, and it can be frozen for minutes.
namespace hmt::world {

// The process is no more; thrown at the step where it dies, caught by its clock.
struct Died {};

// A process's scheduler: its tasks wait while it is frozen, and are gone once it is dead. Its wall
// clock may be off.
class ProcessClock final : public agent::Scheduler {
 public:
  ProcessClock(Timeline& timeline, std::function<void()> died, std::function<void()> after_task);
  ~ProcessClock() override;

  void post(agent::Task task) override { plan(timeline_.steady(), std::move(task)); }
  agent::TimerId after(base::Duration delay, agent::Task task) override {
    return plan(timeline_.steady() + delay, std::move(task));
  }
  void cancel(agent::TimerId id) override { tasks_.erase(id); }
  base::Instant now() const override { return timeline_.now() + wall_offset_; }
  base::Duration steady() const override { return timeline_.steady(); }

  void freeze(base::Duration lasts);
  bool frozen() const { return timeline_.steady() < frozen_until_; }
  base::Duration thawed_at() const { return frozen_until_; }
  bool dead() const { return dead_; }
  void die();
  void step_wall_clock(base::Duration by) { wall_offset_ += by; }
  void set_right() { wall_offset_ = {}; }

 private:
  agent::TimerId plan(base::Duration at, agent::Task task);
  void due(agent::TimerId id);

  Timeline& timeline_;
  std::function<void()> died_;
  std::function<void()> after_task_;
  agent::TimerId last_id_ = 0;
  std::unordered_map<agent::TimerId, agent::Task> tasks_;
  base::Duration frozen_until_{};
  base::Duration wall_offset_{};
  bool dead_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

// What all processes of a world share.
struct Commons {
  Timeline& timeline;
  Chance& chance;
  Faults& faults;
  Checks& checks;
  Exchange& exchange;
  store::MemoryStore& records;
  base::Duration follow_period = std::chrono::seconds(1);
  bool shared = false;  // several processes may write the records, and follow what others write
  bool database_down = false;
  std::int64_t newest_epoch = 0;  // that any process was given
};

struct Line {
  broker::StreamObserver* observer = nullptr;
  bool opening = false;
  bool open = false;
  bool silent = false;
  std::set<model::InstrumentToken> tokens;
};

class Process {
 public:
  Process(Commons& commons, const std::string& holder, std::uint64_t number,
          std::function<void()> died);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  ProcessClock& clock() { return clock_; }
  std::weak_ptr<bool> life() const { return alive_; }  // expired: it is no more
  runtime::Runtime& runtime() { return *runtime_; }
  const std::vector<std::shared_ptr<Line>>& lines() const { return lines_; }

  // It says that somebody has to log in, which here takes a restart with a new token.
  bool wants_log_in() const;

  void heartbeat();
  void tick(const model::Tick& tick);
  void order_update(const model::BrokerOrder& order);
  void cut_feed();
  void hush_feed(bool silent);

 private:
  void flush_soon();
  void flush();
  runtime::BrokerDoor door();
  std::unique_ptr<feed::Feed> make_feed(feed::FeedObserver& observer);

  Commons& commons_;
  ProcessClock clock_;
  runtime::RuntimeSettings settings_;
  std::vector<std::shared_ptr<Line>> lines_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<runtime::Runtime> runtime_;
  bool flush_planned_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::world
