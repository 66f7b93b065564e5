#include "runtime/telemetry.h"

namespace hmt::runtime {

Telemetry::Telemetry()
    : running_(agent::gauge("hmt_engine_running", "1 while triggers are watched, 0 otherwise")),
      connected_(agent::gauge("hmt_ticker_connected", "1 while the ticker is connected")),
      reasons_(agent::gauge("hmt_not_ready_reasons",
                            "Reasons why triggers are not, or not fully, watched")),
      armed_(agent::gauge("hmt_armed_triggers", "Triggers in the book")),
      subscribed_(agent::gauge("hmt_subscribed_instruments", "Instruments asked of the ticker")),
      queued_(agent::gauge("hmt_queued_orders", "Fires that wait for the account's order rate")),
      unknown_(agent::gauge("hmt_unknown_orders", "Orders whose outcome is being looked up")),
      last_tick_(agent::gauge("hmt_last_tick_timestamp_seconds", "When the last packet came")),
      ticks_{agent::counter("hmt_ticks_total", "Packets evaluated")},
      placed_{agent::counter("hmt_orders_placed_total", "Orders that the broker registered")},
      failed_{
          agent::counter("hmt_orders_failed_total", "Legs whose order was refused or given up")} {}

void Telemetry::Growing::show(std::int64_t value) {
  if (value > shown) counter.add(static_cast<std::uint64_t>(value - shown));
  shown = value;
}

void Telemetry::show(const Standing& standing) {
  running_.set(standing.watches ? 1 : 0);
  connected_.set(standing.feed == FeedStatus::connected ? 1 : 0);
  reasons_.set(static_cast<double>(standing.reasons.size()));
  armed_.set(static_cast<double>(standing.active_triggers));
  subscribed_.set(static_cast<double>(standing.subscribed_instruments));
  queued_.set(static_cast<double>(standing.queued_orders));
  unknown_.set(static_cast<double>(standing.unknown_orders));
  if (standing.last_tick_time) {
    last_tick_.set(static_cast<double>(standing.last_tick_time->time_since_epoch() /
                                       std::chrono::milliseconds(1)) /
                   1000.0);
  }
  ticks_.show(standing.processed_ticks);
  placed_.show(standing.triggered_orders);
  failed_.show(standing.failed_orders);
}

agent::Histogram evaluation_seconds() {
  return agent::fine_latency_histogram("hmt_tick_evaluation_seconds",
                                       "From a frame's receipt to the end of its evaluation");
}

agent::Histogram commit_seconds() {
  return agent::latency_histogram("hmt_commit_seconds", "One durable write of claims or records");
}

agent::Histogram tick_to_durable_seconds() {
  return agent::latency_histogram("hmt_tick_to_durable_seconds",
                                  "From a packet's receipt to its durable claim");
}

agent::Histogram answer_seconds() {
  return agent::latency_histogram("hmt_order_answer_seconds",
                                  "From permission to leave to the broker's answer");
}

agent::Histogram stage_seconds(Stage stage) {
  return agent::latency_histogram("hmt_fire_stage_seconds",
                                  "The way of a fire, from hand to hand, and the whole of it",
                                  {{"stage", std::string(word(stage))}});
}

}  // namespace hmt::runtime
