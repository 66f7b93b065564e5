#pragma once
#include <optional>

#include "model/record.h"
#include "model/trigger.h"
#include "oms/absence.h"

namespace hmt::engine {

// One fire on its way: the attempt that is open, or was the last, and the trigger's row as this
// engine last decided it.
struct Flight {
  model::Attempt attempt;
  model::Trigger trigger;
  std::int64_t claimed_version = 0;
  bool claiming = false;                  // not durable yet
  bool settled = false;                   // the group's other legs are decided
  bool superseded = false;                // a later attempt of the same fire exists
  std::optional<model::Trigger> changed;  // news of the row that came while it was being claimed
  std::optional<base::Instant> read_book_at;  // no answer by then: look
  std::optional<base::Instant> retry_at;
  std::optional<oms::AbsenceProof> absence;  // while unknown

  model::LegNumber leg() const { return attempt.leg; }
  bool is_unresolved() const {
    return !claiming && (attempt.state == model::AttemptState::forwarded ||
                         attempt.state == model::AttemptState::unknown);
  }
  bool is_working() const;  // registered at the broker and not ended
};

// The columns of the row that the engine decides.
model::TriggerOutcome outcome_of(const model::Trigger& trigger, model::GroupAction group);

}  // namespace hmt::engine
