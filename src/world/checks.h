#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/attempt.h"
#include "model/order.h"
#include "model/trigger.h"
#include "oms/tag.h"

// What must hold of every world, whatever went wrong in it. Checked by what the simulated broker
// and the people saw, not by what the engine says of itself.
//   I1 at most one order of a trigger's fire, and of all its fires at most one that lives
//   I2 never both legs, never two of a group
//   I3 nothing is silently lost (at the end, when the faults have stopped)
//   I4 no first byte after stop or cancel has been answered
//   I5 every order of ours is on record, and what is known of it is never forgotten
//   I7 nothing is called watched that is not
//   edit  an order is of the trigger as its owner was last told that it stands
//   price a fire is on a price that the market had
namespace hmt::world {

struct Violation {
  std::string rule;  // "I1" …
  std::string what;
};

class Checks {
 public:
  void violated(const char* rule, std::string what);
  const std::vector<Violation>& violations() const { return violations_; }

  // ---- what happens, as it happens
  void first_byte(const model::OrderRequest& request);
  void accepted(const model::OrderRequest& request);
  void recorded(const model::Attempt& attempt);
  void stop_answered() { stopped_ = true; }
  void start_asked() { stopped_ = false; }
  void cancel_answered(model::TriggerId id) { cancelled_.insert(oms::tag_bits(id)); }
  bool stopped() const { return stopped_; }
  // The row is on its way to the records, and stands there from the moment that this is answered.
  std::uint64_t row_asked(const model::Trigger& row);
  void row_answered(const model::Trigger& row, std::uint64_t number);

  // Everything that was seen, folded into one number: two runs of a seed must agree.
  void trace(std::string_view text);
  std::uint64_t trace_hash() const { return trace_; }

  // What is violated is told with its time.
  void use_clock(std::function<base::Instant()> now) { now_ = std::move(now); }
  void use_scope(oms::TagKey key, oms::TagScope scope) {
    key_ = key;
    scope_ = std::move(scope);
  }
  std::uint64_t bits_of(const model::OrderTag& tag) const;  // 0: not ours

 private:
  std::function<base::Instant()> now_;
  oms::TagKey key_;
  oms::TagScope scope_;
  bool stopped_ = false;
  std::set<std::uint64_t> cancelled_;
  struct Version {
    std::uint64_t number = 0;
    std::vector<std::optional<model::Price>> prices;
  };
  std::map<std::uint64_t, std::vector<Version>> versions_;  // by trigger; the oldest is told of
  std::uint64_t last_version_ = 0;
  std::set<model::OrderTag> sent_;
  std::map<model::OrderTag, model::Attempt> recorded_;
  std::map<std::pair<std::uint64_t, int>, int> accepted_;  // by trigger and fire
  std::vector<Violation> violations_;
  std::uint64_t trace_ = 0xcbf29ce484222325U;
};

}  // namespace hmt::world
