#pragma once
#include <memory>

#include "agent/scheduler.h"

namespace hmt::net {

// An event loop that one thread runs: sockets, timers and posted tasks. All callbacks of what is
// built on a loop run on its thread.
class Loop final : public agent::Scheduler {
 public:
  Loop();
  ~Loop() override;

  void run();   // until stop(); the calling thread becomes the loop's
  void stop();  // any thread; run() returns after the task in hand

  void post(agent::Task task) override;
  agent::TimerId after(base::Duration delay, agent::Task task) override;
  void cancel(agent::TimerId id) override;
  base::Instant now() const override;
  base::Duration steady() const override;

  struct Core;  // the Asio side, for the files of this room only
  Core& core() { return *core_; }

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace hmt::net
