#include "world/timeline.h"

#include <algorithm>
#include <utility>

namespace hmt::world {

std::uint32_t Timeline::take_slot() {
  if (free_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const auto slot = free_.back();
  free_.pop_back();
  return slot;
}

agent::TimerId Timeline::plan(base::Duration steady, Owner* owner, agent::Task task) {
  const auto number = take_slot();
  auto& slot = slots_[number];
  slot.task = std::move(task);
  slot.owner = owner;
  ++slot.use;
  due_.push({std::max(steady, steady_), ++asked_, number});
  return static_cast<agent::TimerId>(slot.use) << 32 | number;
}

void Timeline::cancel(agent::TimerId id) {
  const auto number = static_cast<std::uint32_t>(id);
  if (id == 0 || number >= slots_.size() || slots_[number].use != id >> 32) return;
  // What the task holds may cancel others while it ends.
  const auto ends = std::exchange(slots_[number].task, nullptr);
}

void Timeline::forget(const Owner& owner) {
  std::vector<agent::Task> ended;
  for (auto& slot : slots_) {
    if (slot.owner != &owner) continue;
    slot.owner = nullptr;
    if (slot.task) ended.push_back(std::exchange(slot.task, nullptr));
  }
}

bool Timeline::run_next(base::Duration until) {
  if (due_.empty() || due_.top().when > until) {
    steady_ = std::max(steady_, until);
    return false;
  }
  const auto next = due_.top();
  due_.pop();
  steady_ = next.when;
  auto& slot = slots_[next.slot];
  auto* owner = slot.owner;
  if (slot.task && owner && owner->held_until() > steady_) {
    due_.push({owner->held_until(), ++asked_, next.slot});
    return true;
  }
  ++happened_;
  auto task = std::exchange(slot.task, nullptr);
  slot.owner = nullptr;
  ++slot.use;
  free_.push_back(next.slot);
  if (!task) return true;
  if (owner) {
    owner->run(std::move(task));
  } else {
    task();
  }
  return true;
}

}  // namespace hmt::world
