#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/attempt.h"
#include "model/trigger.h"

// What the engine decides, in the form in which it is made durable.
namespace hmt::model {

// One fire, asked for. Won only if, in one transaction: the lease epoch is still
// `attempt.lease_epoch`, the engine is not stopped, the group (if any) has no winner but this
// trigger itself, and the trigger is `active` at `version`. Then the trigger becomes `firing` with
// triggered_at/leg/price and fire_no of the attempt, version grows by one, the group's winner is
// set, and the attempt and what the trail says of it are inserted.
struct Claim {
  Attempt attempt;  // state queued or forwarded
  std::int64_t version = 0;
  std::optional<GroupId> group;
};

// What the trail says of a claim: what was seen, and the rule that it met. Made where it is
// written, for its texts cost more than the fire.
AuditEntry audit_of(const Claim& claim);

enum class ClaimVerdict : std::uint8_t {
  won,
  repeated,  // this very claim (same tag, same epoch) is durable already: its first answer was lost
  stale,     // the trigger is no longer active at that version: the engine must read it again
  group_taken,  // a sibling has won
  fenced,       // the lease epoch has moved on: this engine must stop
  stopped,      // the engine is switched off
};

// What the engine decided about a trigger that it is firing; the columns that only the engine
// writes. Applied whatever the row's version is; version grows by one. A row that is gone (deleted
// by hand) is passed over: the attempt and the audit are written all the same, and the group that
// it has won is settled or released.
enum class GroupAction : std::uint8_t {
  keep,
  settle,   // the group is decided: siblings still active become cancelled, each with an audit row
  release,  // the winner was refused: siblings may fire
};

struct TriggerOutcome {
  TriggerId id;
  TriggerStatus status = TriggerStatus::firing;
  LegState leg_1 = LegState::armed;
  LegState leg_2 = LegState::armed;  // ignored without a second leg
  std::optional<base::Instant> triggered_at;
  std::optional<LegNumber> triggered_leg;
  std::optional<Price> triggered_price;
  std::string order_id;
  std::string order_status;
  Quantity filled_quantity = 0;
  std::optional<Price> average_price;
  std::string error_message;
  GroupAction group = GroupAction::keep;
};

// An expiry: only if the row is still active at that version; if not, its whole record is skipped,
// audit included.
struct Expiry {
  TriggerId id;
  std::int64_t version = 0;
};

// Everything that one decision writes, all or nothing.
struct Record {
  std::optional<Attempt> attempt;  // inserted, or replaced by tag
  std::optional<TriggerOutcome> trigger;
  std::optional<Expiry> expiry;
  std::vector<AuditEntry> audit;
  base::Instant at{};
};

}  // namespace hmt::model
