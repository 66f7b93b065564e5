#pragma once
#include <cstdint>
#include <queue>
#include <vector>

#include "agent/scheduler.h"

// The one order of everything that happens in a world. Two things of one moment happen in the order
// in which they were asked for.
namespace hmt::world {

class Timeline {
 public:
  // Whose tasks wait while it is held up, and who has to `forget` them before it ends.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual base::Duration held_until() const = 0;
    virtual void run(agent::Task task) = 0;
  };

  explicit Timeline(base::Instant start) : start_(start) {}

  void at(base::Duration steady, agent::Task task) { plan(steady, nullptr, std::move(task)); }
  void after(base::Duration delay, agent::Task task) { at(steady_ + delay, std::move(task)); }
  agent::TimerId plan(base::Duration steady, Owner* owner, agent::Task task);
  void cancel(agent::TimerId id);
  void forget(const Owner& owner);

  // Runs what is due next, if it is due by `until`; otherwise the time is `until`.
  bool run_next(base::Duration until);

  base::Instant now() const { return start_ + steady_; }
  base::Duration steady() const { return steady_; }
  std::uint64_t happened() const { return happened_; }

 private:
  struct Due {
    base::Duration when;
    std::uint64_t number;
    std::uint32_t slot;
    bool operator>(const Due& other) const {
      return when != other.when ? when > other.when : number > other.number;
    }
  };
  struct Slot {
    agent::Task task;  // empty: cancelled
    Owner* owner = nullptr;
    std::uint32_t use = 0;  // how often it was taken: an id of before is nobody's
  };
  std::uint32_t take_slot();

  base::Instant start_;
  base::Duration steady_{};
  std::uint64_t asked_ = 0;
  std::uint64_t happened_ = 0;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
};

}  // namespace hmt::world
