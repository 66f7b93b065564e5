#pragma once
#include <deque>
#include <map>
#include <utility>

#include "agent/scheduler.h"

// A Scheduler on virtual time: nothing happens until the test says so. Single thread.
namespace hmt::agent {

class ManualScheduler final : public Scheduler {
 public:
  explicit ManualScheduler(base::Instant start) : now_(start) {}

  void post(Task task) override;
  TimerId after(base::Duration delay, Task task) override;
  void cancel(TimerId id) override;
  base::Instant now() const override { return now_; }
  base::Duration steady() const override { return steady_; }

  // Runs what is queued, and what that queues, without moving time.
  void run_ready();
  // Moves time forward, running each timer at its own moment, in order.
  void advance(base::Duration by);
  // Time passes and nothing runs, as while a process is frozen.
  void stand_still(base::Duration by) {
    now_ += by;
    steady_ += by;
  }
  // The wall clock jumps; timers and `steady` do not.
  void step_wall_clock(base::Duration by) { now_ += by; }

  bool idle() const { return ready_.empty() && timers_.empty(); }

 private:
  std::deque<Task> ready_;
  std::map<std::pair<base::Duration, TimerId>, Task> timers_;
  base::Instant now_;
  base::Duration steady_{};
  TimerId next_id_ = 1;
};

}  // namespace hmt::agent
