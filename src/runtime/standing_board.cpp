#include "runtime/standing_board.h"

namespace hmt::runtime {

void StandingBoard::set_reason(const std::string& part, std::optional<std::string> reason,
                               Kind kind) {
  const std::scoped_lock lock(mutex_);
  if (reason) {
    reasons_[part] = {std::move(*reason), kind};
  } else {
    reasons_.erase(part);
  }
}

void StandingBoard::set_lone_reasons(std::map<model::TriggerId, std::string> reasons) {
  const std::scoped_lock lock(mutex_);
  lone_reasons_ = std::move(reasons);
}

void StandingBoard::set_status(EngineStatus status) {
  const std::scoped_lock lock(mutex_);
  standing_.status = status;
}

void StandingBoard::set_feed(FeedStatus feed) {
  const std::scoped_lock lock(mutex_);
  standing_.feed = feed;
}

void StandingBoard::set_counts(const engine::Counts& counts, std::int64_t subscribed) {
  const std::scoped_lock lock(mutex_);
  standing_.active_triggers = counts.armed;
  standing_.processed_ticks = counts.ticks;
  standing_.triggered_orders = counts.orders_placed;
  standing_.failed_orders = counts.orders_failed;
  standing_.unknown_orders = counts.unknown;
  standing_.subscribed_instruments = subscribed;
}

void StandingBoard::set_queued(std::int64_t queued) {
  const std::scoped_lock lock(mutex_);
  standing_.queued_orders = queued;
}

void StandingBoard::set_last_tick(base::Instant at) {
  const std::scoped_lock lock(mutex_);
  standing_.last_tick_time = at;
}

void StandingBoard::set_started(base::Instant at, std::int64_t lease_epoch) {
  const std::scoped_lock lock(mutex_);
  started_at_ = at;
  standing_.lease_epoch = lease_epoch;
}

void StandingBoard::armed(model::TriggerId id, std::int64_t version) {
  const std::scoped_lock lock(mutex_);
  armed_[id] = version;
}

void StandingBoard::disarmed(model::TriggerId id) {
  const std::scoped_lock lock(mutex_);
  armed_.erase(id);
}

void StandingBoard::none_armed() {
  const std::scoped_lock lock(mutex_);
  armed_.clear();
}

Standing StandingBoard::read(base::Instant now) const {
  const std::scoped_lock lock(mutex_);
  auto standing = standing_;
  for (const auto& [part, reason] : reasons_) standing.reasons.push_back(reason.words);
  if (standing.status == EngineStatus::running && !standing.reasons.empty()) {
    standing.status = EngineStatus::degraded;
  }
  const bool up = standing.status != EngineStatus::stopped && started_at_ != base::Instant{};
  standing.uptime_seconds = up ? (now - started_at_) / std::chrono::seconds(1) : 0;
  return standing;
}

std::string StandingBoard::why_not_watched(model::TriggerId id, std::int64_t version) const {
  const std::scoped_lock lock(mutex_);
  for (const auto& [part, reason] : reasons_) {
    if (reason.kind == Kind::blinding) return reason.words;
  }
  if (const auto lone = lone_reasons_.find(id); lone != lone_reasons_.end()) return lone->second;
  if (standing_.status == EngineStatus::starting) return "The engine is starting";
  const auto armed = armed_.find(id);
  if (armed == armed_.end())
    return "The engine has not armed it yet, or a trigger of its group has fired";
  if (armed->second != version) return "The engine has not taken over its last change yet";
  return {};
}

}  // namespace hmt::runtime
