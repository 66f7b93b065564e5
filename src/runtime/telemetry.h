#pragma once
#include "agent/metrics.h"
#include "runtime/desk.h"

// The engine's standing as Prometheus metrics, and how long its durable writes take. Any thread.
namespace hmt::runtime {

class Telemetry {
 public:
  Telemetry();

  // Counters only ever grow: a smaller figure than before (a fresh engine) adds nothing.
  void show(const Standing& standing);

 private:
  struct Growing {
    agent::Counter counter;
    std::int64_t shown = 0;
    void show(std::int64_t value);
  };
  agent::Gauge running_;
  agent::Gauge connected_;
  agent::Gauge reasons_;
  agent::Gauge armed_;
  agent::Gauge subscribed_;
  agent::Gauge queued_;
  agent::Gauge unknown_;
  agent::Gauge last_tick_;
  Growing ticks_;
  Growing placed_;
  Growing failed_;
};

agent::Histogram evaluation_seconds();        // from a frame's receipt to its last tick's verdict
agent::Histogram commit_seconds();            // of one flush
agent::Histogram tick_to_durable_seconds();   // from the packet's receipt to its claim's flush
agent::Histogram answer_seconds();            // from "may leave" to the broker's answer
agent::Histogram stage_seconds(Stage stage);  // of the way of a fire

}  // namespace hmt::runtime
