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
  explicit Timeline(base::Instant start) : start_(start) {}

  void at(base::Duration steady, agent::Task task);
  void after(base::Duration delay, agent::Task task) { at(steady_ + delay, std::move(task)); }

  // Runs what is due next, if it is due by `until`; otherwise the time is `until`.
  bool run_next(base::Duration until);

  base::Instant now() const { return start_ + steady_; }
  base::Duration steady() const { return steady_; }
  std::uint64_t happened() const { return happened_; }

 private:
  struct Due {
    base::Duration when;
    std::uint64_t number;
    std::size_t slot;
    bool operator>(const Due& other) const {
      return when != other.when ? when > other.when : number > other.number;
    }
  };
  base::Instant start_;
  base::Duration steady_{};
  std::uint64_t asked_ = 0;
  std::uint64_t happened_ = 0;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> due_;
  std::vector<agent::Task> tasks_;
  std::vector<std::size_t> free_;
};

}  // namespace hmt::world
