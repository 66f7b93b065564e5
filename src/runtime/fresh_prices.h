#pragma once
#include <map>
#include <vector>

#include "base/time.h"
#include "model/tick.h"
#include "model/token_map.h"
#include "model/trigger.h"

// The last fresh price of each instrument that is watched: what is armed now is held against the
// price that stands, not only against the next one, which may be long in coming. Not thread-safe.
//
// A fire that loses its claim, as to an edit, left the book for a moment and comes back to the
// price that it fired on. For nothing else is a price good that nobody watches any more.
namespace hmt::runtime {

class FreshPrices {
 public:
  static constexpr base::Duration age_max = std::chrono::seconds(60);
  static constexpr base::Duration lost_fire_memory = std::chrono::seconds(2);

  void note(const model::Tick& tick);
  // Of `age_max` at the most.
  const model::Tick* standing(model::InstrumentToken token, base::Instant now) const;
  std::vector<model::Tick> all_standing(base::Instant now) const;  // by token

  void forget(model::InstrumentToken token);
  void forget_all();
  void forget_lost_fires();
  // All remain as old as they were.
  void clock_stepped(base::Duration by);

  // `steady`: when, by the clock that is never set.
  void unwatched(model::InstrumentToken token, base::Duration steady);
  void fire_lost(model::TriggerId id, base::Duration steady);
  void armed(model::TriggerId id, model::InstrumentToken token, base::Duration steady);

 private:
  struct Aside {
    model::Tick tick;
    base::Duration since{};
  };
  void drop_old(base::Duration steady);

  model::TokenMap<model::Tick> last_;
  std::map<model::InstrumentToken, Aside> aside_;
  std::map<model::TriggerId, base::Duration> lost_fires_;  // and since when
  base::Duration dropped_at_{};
};

}  // namespace hmt::runtime
