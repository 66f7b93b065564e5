#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/attempt.h"
#include "model/order.h"
#include "model/record.h"
#include "model/trigger.h"
#include "oms/tag.h"

// What must hold of every world, whatever went wrong in it. Checked by what the simulated broker
// and the people saw, not by what the engine says of itself.
//   I1 at most one order of a trigger's fire, and of all its fires at most one that lives
//   I2 never both legs, never two of a group
//   I3 nothing is silently lost (at the end, when the faults have stopped)
//   I4 no first byte after stop or cancel has been answered, and no claim while the switch is off
//   I5 every order of ours is on record, and what is known of it is never forgotten
//   I7 nothing is called watched that is not
//   edit    an order is of the trigger as its owner was last told that it stands
//   price   a fire is on the price of its instrument that was told last, at or past its level
//   expiry  no fire after a trigger's time, and none stays active for long after it
//   durable that bytes may leave is on record before the first of them
//   lease   only the holder of the newest lease claims, records and sends
//   late    no first byte more than two seconds after it was decided that it may leave
//   rate    at most ten first bytes in any second and 400 in any minute
//   tag     a tag says which trigger, fire and attempt it is of
namespace hmt::world {

struct Violation {
  std::string rule;  // "I1" …
  std::string what;
};

class Checks {
 public:
  void violated(const char* rule, std::string what);
  const std::vector<Violation>& violations() const { return violations_; }

  // Who sends. `right`: its wall clock was not set for long.
  struct Sender {
    base::Duration steady{};
    base::Instant wall{};
    bool right = false;
    std::int64_t newest_epoch = 0;  // that anybody was given
  };

  // ---- what happens, as it happens
  void first_byte(const model::OrderRequest& request, const Sender& sender);
  void claim_asked(const model::Claim& claim);
  void claimed(const model::Claim& claim);
  // When a member of the group fired last, won or not.
  std::optional<base::Instant> fired_at(model::GroupId group) const;
  bool saw_claim(const model::OrderTag& tag) const { return claimed_.contains(tag); }
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
  void check_record(const model::OrderTag& tag, const Sender& sender);
  void check_rate(const model::OrderTag& tag, base::Duration steady);

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
  std::deque<base::Duration> sent_at_;  // of the last minute
  std::set<model::OrderTag> claimed_;
  std::map<model::GroupId, base::Instant> group_fired_;
  std::map<model::OrderTag, model::Attempt> recorded_;
  std::map<std::pair<std::uint64_t, int>, int> accepted_;  // by trigger and fire
  std::vector<Violation> violations_;
  std::uint64_t trace_ = 0xcbf29ce484222325U;
};

}  // namespace hmt::world
