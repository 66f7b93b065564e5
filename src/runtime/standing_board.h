#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "engine/engine.h"
#include "runtime/desk.h"

// What the agents tell about themselves, and what people may read of it. Any thread.
namespace hmt::runtime {

class StandingBoard {
 public:
  // A reason why triggers are not watched, or not fully: "feed", "store", "broker", "switch", … ;
  // nothing clears it.
  void set_reason(const std::string& part, std::optional<std::string> reason);
  void set_status(
      EngineStatus status);  // stopped, starting or running; reasons turn running into degraded
  void set_feed(FeedStatus feed);
  void set_counts(const engine::Counts& counts, std::int64_t subscribed);
  void set_queued(std::int64_t queued);
  void set_last_tick(base::Instant at);
  void set_started(base::Instant at, std::int64_t lease_epoch);

  void armed(model::TriggerId id, std::int64_t version);
  void disarmed(model::TriggerId id);
  void none_armed();

  Standing read(base::Instant now) const;
  // Why a trigger that is active at `version` is not watched; empty when it is.
  std::string why_not_watched(model::TriggerId id, std::int64_t version) const;

 private:
  mutable std::mutex mutex_;
  Standing standing_;
  base::Instant started_at_{};
  std::map<std::string, std::string> reasons_;
  std::unordered_map<model::TriggerId, std::int64_t> armed_;
};

}  // namespace hmt::runtime
