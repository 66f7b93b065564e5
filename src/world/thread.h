#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>

#include "agent/scheduler.h"
#include "world/faults.h"
#include "world/timeline.h"

// What runs a process of a world: its clock and its threads. Each thread runs what is posted to it
// in that order, after a hop that takes its time, so that two threads meet in any order; the
// process, or one of its threads alone, can be held up.
namespace hmt::world {

// The process is no more; thrown at the step where it dies, caught by its clock.
struct Died {};

// A process's clock, and the thread that writes: its tasks wait while the process is frozen, and
// are gone once it is dead. Its wall clock may be off.
class ProcessClock final : public agent::Scheduler, private Timeline::Owner {
 public:
  ProcessClock(Timeline& timeline, std::function<void()> died, std::function<void()> after_task);
  ~ProcessClock() override;

  void post(agent::Task task) override { plan(steady(), std::move(task)); }
  agent::TimerId after(base::Duration delay, agent::Task task) override {
    return plan(steady() + delay, std::move(task));
  }
  void cancel(agent::TimerId id) override { timeline_.cancel(id); }
  base::Instant now() const override { return timeline_.now() + wall_offset_; }
  base::Duration steady() const override { return timeline_.steady(); }
  Timeline& timeline() const { return timeline_; }

  void freeze(base::Duration lasts);
  bool frozen() const { return steady() < frozen_until_; }
  base::Duration held_until() const override { return frozen_until_; }
  bool dead() const { return dead_; }
  void die();
  void run(agent::Task task) override;

  // How often it was held up, or set.
  std::uint64_t disturbances() const { return disturbed_; }
  void step_wall_clock(base::Duration by);
  base::Duration wall_offset() const { return wall_offset_; }
  // It has been right for so long that what it said lately can be relied on.
  bool right_for(base::Duration lasts) const;

 private:
  agent::TimerId plan(base::Duration at, agent::Task task) {
    return timeline_.plan(at, this, std::move(task));
  }

  Timeline& timeline_;
  std::function<void()> died_;
  std::function<void()> after_task_;
  base::Duration frozen_until_{};
  base::Duration wall_offset_{};
  std::optional<base::Duration> stepped_at_;
  bool dead_ = false;
  std::uint64_t disturbed_ = 0;
};

class Thread final : public agent::Scheduler, private Timeline::Owner {
 public:
  Thread(ProcessClock& clock, Chance& chance, Faults& faults)
      : clock_(clock), chance_(chance), faults_(faults) {}
  ~Thread() override { clock_.timeline().forget(*this); }

  void post(agent::Task task) override;
  agent::TimerId after(base::Duration delay, agent::Task task) override {
    return clock_.timeline().plan(steady() + delay, this, std::move(task));
  }
  void cancel(agent::TimerId id) override { clock_.cancel(id); }
  base::Instant now() const override { return clock_.now(); }
  base::Duration steady() const override { return clock_.steady(); }

  std::uint64_t disturbances() const { return disturbed_; }
  base::Duration held_until() const override { return std::max(held_until_, clock_.held_until()); }

 private:
  void run(agent::Task task) override { clock_.run(std::move(task)); }
  void turn();

  ProcessClock& clock_;
  Chance& chance_;
  Faults& faults_;
  std::deque<agent::Task> posted_;
  base::Duration held_until_{};
  std::uint64_t disturbed_ = 0;
};

}  // namespace hmt::world
