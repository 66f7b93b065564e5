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
  // A reason why triggers are not watched ("feed", "store", "broker", "switch", …), or, when it is
  // not blinding, why the engine is not whole although they are; nothing clears it.
  enum class Kind : std::uint8_t { blinding, degrading };
  void set_reason(const std::string& part, std::optional<std::string> reason,
                  Kind kind = Kind::blinding);
  // Why these triggers alone are not watched; in place of what was said of others before.
  void set_lone_reasons(std::map<model::TriggerId, std::string> reasons);
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
  struct Reason {
    std::string words;
    Kind kind = Kind::blinding;
  };
  std::map<std::string, Reason> reasons_;
  std::map<model::TriggerId, std::string> lone_reasons_;
  std::unordered_map<model::TriggerId, std::int64_t> armed_;
};

}  // namespace hmt::runtime
