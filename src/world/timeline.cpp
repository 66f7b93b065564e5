#include "world/timeline.h"

#include <algorithm>
#include <utility>

namespace hmt::world {

void Timeline::at(base::Duration steady, agent::Task task) {
  std::size_t slot = tasks_.size();
  if (free_.empty()) {
    tasks_.push_back(std::move(task));
  } else {
    slot = free_.back();
    free_.pop_back();
    tasks_[slot] = std::move(task);
  }
  due_.push({std::max(steady, steady_), ++asked_, slot});
}

bool Timeline::run_next(base::Duration until) {
  if (due_.empty() || due_.top().when > until) {
    steady_ = std::max(steady_, until);
    return false;
  }
  const auto next = due_.top();
  due_.pop();
  steady_ = next.when;
  ++happened_;
  auto task = std::exchange(tasks_[next.slot], nullptr);
  free_.push_back(next.slot);
  task();
  return true;
}

}  // namespace hmt::world
