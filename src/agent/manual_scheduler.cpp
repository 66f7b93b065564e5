#include "agent/manual_scheduler.h"

namespace hmt::agent {

void ManualScheduler::post(Task task) {
  ready_.push_back(std::move(task));
}

TimerId ManualScheduler::after(base::Duration delay, Task task) {
  const auto id = next_id_++;
  timers_.emplace(std::pair(steady_ + delay, id), std::move(task));
  return id;
}

void ManualScheduler::cancel(TimerId id) {
  std::erase_if(timers_, [id](const auto& timer) { return timer.first.second == id; });
}

void ManualScheduler::run_ready() {
  while (!ready_.empty()) {
    auto task = std::move(ready_.front());
    ready_.pop_front();
    task();
  }
}

void ManualScheduler::advance(base::Duration by) {
  const auto until = steady_ + by;
  run_ready();
  while (!timers_.empty() && timers_.begin()->first.first <= until) {
    auto timer = timers_.extract(timers_.begin());
    if (timer.key().first > steady_) {
      now_ += timer.key().first - steady_;
      steady_ = timer.key().first;
    }
    timer.mapped()();
    run_ready();
  }
  now_ += until - steady_;
  steady_ = until;
}

}  // namespace hmt::agent
