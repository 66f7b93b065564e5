#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>

#include "base/dense_table.h"
#include "engine/engine.h"
#include "runtime/desk.h"

// What the agents tell about themselves, and what people may read of it. Any thread.
namespace hmt::runtime {

class StandingBoard {
 public:
  // `many`: accounts belong to many users, so what blinds one of them is told of its own triggers,
  // and only counted for everybody else.
  explicit StandingBoard(bool many = false) : many_(many) {}

  // A reason why triggers are not watched ("feed", "store", "broker", "switch", …), or, when it is
  // not blinding, why the engine is not whole although they are; nothing clears it.
  enum class Kind : std::uint8_t { blinding, degrading };
  void set_reason(const std::string& part, std::optional<std::string> reason,
                  Kind kind = Kind::blinding);
  // The same for the triggers of one account.
  void set_reason(model::ConnectionId account, const std::string& part,
                  std::optional<std::string> reason, Kind kind = Kind::blinding);
  // Why these triggers of the account alone are not watched; in place of what was said before.
  void set_lone_reasons(model::ConnectionId account,
                        std::map<model::TriggerId, std::string> reasons);
  void set_owner(model::ConnectionId account, model::UserId owner, const std::string& name);
  void forget_account(model::ConnectionId account);

  void set_status(
      EngineStatus status);  // stopped, starting or running; reasons turn running into degraded
  void set_feed(FeedStatus feed);
  void set_counts(const engine::Counts& counts, std::int64_t subscribed);
  void set_nothing_watched();  // no engine is left, as where another process has the lease
  void set_queued(model::ConnectionId account, std::int64_t queued);
  void set_last_tick(base::Instant at);  // waits for nobody: every frame tells it
  void set_started(base::Instant at, std::int64_t lease_epoch);

  void armed(model::ConnectionId account, model::TriggerId id, std::int64_t version);
  void armed(model::ConnectionId account, std::span<const engine::Armed> triggers);
  void disarmed(model::ConnectionId account, model::TriggerId id);
  void none_armed(model::ConnectionId account);
  // While an account's engine is made, what is armed for it is not watched yet.
  void set_preparing(model::ConnectionId account, bool preparing);

  FeedStatus feed() const;
  // Of all accounts, without a word about which of them is not live; of one owner's, by name.
  Standing read(base::Instant now) const;
  Standing read_for(model::UserId owner, base::Instant now) const;
  // Why a trigger of the account that is active at `version` is not watched; empty when it is.
  std::string why_not_watched(model::ConnectionId account, model::TriggerId id,
                              std::int64_t version) const;
  // Why the account's triggers cannot fire; empty when they can.
  std::string why_not_live(model::ConnectionId account) const;

 private:
  struct Reason {
    std::string words;
    Kind kind = Kind::blinding;
  };
  using Reasons = std::map<std::string, Reason>;
  struct Account {
    model::UserId owner;
    std::string name;
    Reasons reasons;
    std::map<model::TriggerId, std::string> lone;
    std::int64_t queued = 0;
  };
  struct Armed {
    model::TriggerId id;
    const model::ConnectionId* account = nullptr;  // in `armed_for_`
    std::int64_t version = 0;
  };
  struct ById {
    static model::TriggerId key_of(const Armed& armed) { return armed.id; }
    static std::size_t hash(model::TriggerId id) { return base::hash_of(id.uuid); }
  };
  void forget_armed(model::ConnectionId account);
  void put_armed(const Armed& armed);
  static const std::string* blinding(const Reasons& reasons);
  Standing of_the_engine() const;
  void add_reasons_of_all(Standing& standing) const;
  void add_reasons_of(model::UserId owner, Standing& standing) const;
  Standing judged(Standing standing, base::Instant now) const;

  const bool many_;
  mutable std::mutex mutex_;
  Standing standing_;  // but for the last tick's time
  std::atomic<base::Instant> last_tick_{base::Instant{}};
  base::Instant started_at_{};
  Reasons reasons_;
  std::map<model::ConnectionId, Account> accounts_;
  std::set<model::ConnectionId> armed_for_;
  std::set<model::ConnectionId> preparing_;
  base::DenseTable<Armed, ById> armed_;
};

}  // namespace hmt::runtime
