#pragma once
#include <cstdint>
#include <functional>

#include "base/time.h"

// One thread's run queue, timers and clocks. Rooms that do their work in turns take a Scheduler and
// nothing else of the world's time, so that tests and the simulated world run them on virtual time.
namespace hmt::agent {

using Task = std::move_only_function<void()>;
using TimerId = std::uint64_t;  // 0 is never one

class Scheduler {
 public:
  virtual ~Scheduler() = default;

  // Runs `task` on the scheduler's thread, after what is already queued. Any thread. Not bounded
  // here: who posts bounds.
  virtual void post(Task task) = 0;

  // Runs `task` once, no sooner than `delay` from now. Own thread only, as is `cancel`; an id that
  // ran or was cancelled is ignored.
  virtual TimerId after(base::Duration delay, Task task) = 0;
  virtual void cancel(TimerId id) = 0;

  // Wall clock, for what is told to people and brokers; it may step.
  virtual base::Instant now() const = 0;
  // Time since some start, which never steps and counts suspended time (CLOCK_BOOTTIME): for
  // time-outs, leases and ages.
  virtual base::Duration steady() const = 0;
};

}  // namespace hmt::agent
