#pragma once
#include <memory>
#include <optional>

#include "model/record.h"
#include "model/trigger.h"
#include "oms/absence.h"

namespace hmt::engine {

// One attempt of a fire, and what becomes of it.
struct Flight {
  model::Attempt attempt;
  // The trigger's row as this engine last decided it. All flights of the trigger share it, so that
  // what comes late for one of them never writes what another has overtaken.
  std::shared_ptr<model::Trigger> row;
  std::int64_t claimed_version = 0;
  bool claiming = false;  // not durable yet
  bool settled = false;   // the group's other legs are decided
  bool over = false;      // the row lives on without it: armed again, failed, or tried anew
  bool hung = false;      // it came to nothing more for too long, and people were told
  bool tagless = false;   // the broker tells of its order without our tag, and people were told
  bool doubled = false;   // the broker has a second order of its tag, and people were told
  bool parked = false;    // given up to a person: no longer looked up or followed
  // News of the row that came while it was being claimed.
  std::shared_ptr<const model::Trigger> changed;
  std::optional<base::Instant> read_book_at;  // no answer by then: look
  std::optional<base::Instant> retry_at;
  bool out_of_date = false;                  // at `retry_at` its trigger is armed again instead
  std::optional<oms::AbsenceProof> absence;  // while unknown

  // Of `Flights`: the trigger's next one, and whether this one is on the list of those that wait.
  Flight* next = nullptr;
  bool listed = false;

  model::LegNumber leg() const { return attempt.leg; }
  bool is_unresolved() const {
    return !claiming && !parked &&
           (attempt.state == model::AttemptState::forwarded ||
            attempt.state == model::AttemptState::unknown);
  }
  // A later attempt exists: unless its order stands after all, this one has nothing more to say.
  void overtaken() {
    if (has_order()) return;
    over = true;
    retry_at.reset();
  }
  // What waits goes on for as long as it had to.
  void clock_stepped(base::Duration by) {
    for (auto* at : {&read_book_at, &retry_at}) {
      if (*at) **at += by;
    }
    if (absence) absence->clock_stepped(by);
  }
  // The broker's own checks are behind it, or it was filled.
  bool stands_at_exchange() const;
  // Rejected on somebody's word, unfilled: the book has to agree before anything is armed again.
  bool awaits_book() const;
  // An order stands at the broker, or stood there long enough to be filled in part.
  bool has_order() const;
  // Or one is on its way there.
  bool may_have_order() const {
    return claiming || attempt.state == model::AttemptState::queued || is_unresolved() ||
           has_order();
  }
  bool is_working() const;  // registered at the broker and not ended
  // Time, or a reading of the order book, may bring something for it.
  bool waits() const {
    return read_book_at || retry_at || absence || is_unresolved() || is_working() ||
           awaits_book() || counts_as_unknown();
  }
  // Word of it is still to come, from the records, the gate or the broker.
  bool is_under_way() const {
    return claiming || attempt.state == model::AttemptState::queued || waits();
  }
  bool counts_as_unknown() const {
    return !parked && attempt.state == model::AttemptState::unknown;
  }
};

inline constexpr const char* two_orders =
    "Two orders of this trigger reached the broker, or may have: check the position now";

// An edit may have taken the leg away since it fired.
void set_leg(model::Trigger& trigger, model::LegNumber leg, model::LegState state);
bool other_leg_stands(const model::Trigger& trigger, model::LegNumber leg);

// The columns of the row that the engine decides.
model::TriggerOutcome outcome_of(const model::Trigger& trigger, model::GroupAction group);

}  // namespace hmt::engine
