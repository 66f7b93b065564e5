#include "world/thread.h"

#include <chrono>
#include <utility>

namespace hmt::world {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

ProcessClock::ProcessClock(Timeline& timeline, std::function<void()> died,
                           std::function<void()> after_task)
    : timeline_(timeline), died_(std::move(died)), after_task_(std::move(after_task)) {}

ProcessClock::~ProcessClock() {
  timeline_.forget(*this);
}

void ProcessClock::run(agent::Task task) {
  if (dead_) return;
  try {
    task();
    after_task_();
  } catch (const Died&) {
    die();
  }
}

void ProcessClock::freeze(base::Duration lasts) {
  ++disturbed_;
  frozen_until_ = std::max(frozen_until_, steady() + lasts);
}

void ProcessClock::die() {
  if (std::exchange(dead_, true)) return;
  died_();
}

void ProcessClock::step_wall_clock(base::Duration by) {
  ++disturbed_;
  wall_offset_ += by;
  stepped_at_ = steady();
}

bool ProcessClock::right_for(base::Duration lasts) const {
  return wall_offset_ == base::Duration{} && (!stepped_at_ || steady() - *stepped_at_ > lasts);
}

void Thread::post(agent::Task task) {
  if (faults_.strikes(Fault::thread_held_up, 20)) {
    ++disturbed_;
    held_until_ = steady() + chance_.between(milliseconds(20), seconds(12));
  }
  const auto hop = chance_.one_in(30) ? chance_.between(microseconds(50), milliseconds(3))
                                      : chance_.between(microseconds(1), microseconds(50));
  posted_.push_back(std::move(task));
  clock_.timeline().plan(steady() + hop, this, [this] { turn(); });
}

// Whichever turn comes first takes what was posted first.
void Thread::turn() {
  auto task = std::move(posted_.front());
  posted_.pop_front();
  task();
}

}  // namespace hmt::world
