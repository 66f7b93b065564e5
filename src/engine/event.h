#pragma once
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "model/order.h"
#include "model/record.h"
#include "model/tick.h"

// Everything that can happen to the engine, and everything that it can ask for. Closed on purpose:
// a new case stops every visit that forgot it from compiling.
namespace hmt::engine {

// ---- events

// A trigger's row as a commit has left it: armed when active, disarmed when not.
struct TriggerChanged {
  model::Trigger trigger;
};
// A row that is gone.
struct TriggerRemoved {
  model::TriggerId id;
};
// A group that had a winner before this engine started.
struct GroupWon {
  model::GroupId group;
  model::TriggerId winner;
};
// An attempt that an earlier engine left behind.
struct AttemptRecovered {
  model::Attempt attempt;
  model::Trigger trigger;  // its row
};
// What is told of an attempt says under which lease it was asked for: the same tag may be under way
// again by the time that it is heard.
struct ClaimSettled {
  model::OrderTag tag;
  std::int64_t lease_epoch = 0;
  model::ClaimVerdict verdict = model::ClaimVerdict::won;
};
// The gate has made it durable that bytes may leave.
struct AttemptForwarded {
  model::OrderTag tag;
};
// The gate proves that no byte has left, and none will.
struct AttemptWithdrawn {
  model::OrderTag tag;
  std::int64_t lease_epoch = 0;
  std::string why;
};
struct AttemptAnswered {
  model::OrderTag tag;
  model::PlaceAnswer answer;
};
struct OrderNews {
  model::BrokerOrder order;
  model::OrderSource source = model::OrderSource::stream;
};
// A clean reading of the whole order book.
struct BookRead {
  base::Instant started_at{};
  std::vector<model::BrokerOrder> orders;
};
// Whether ticks may fire triggers. Off: switched off, no session at the broker, or not recovered
// yet.
struct Evaluation {
  bool on = false;
};
struct ClockAdvanced {};
// The wall clock was set, forward or back. All that is waited for is moved with it: an order that
// may still arrive late must not be called absent because a clock jumped.
struct ClockStepped {
  base::Duration by{};
};

using Event = std::variant<model::Tick, TriggerChanged, TriggerRemoved, GroupWon, AttemptRecovered,
                           ClaimSettled, AttemptForwarded, AttemptWithdrawn, AttemptAnswered,
                           OrderNews, BookRead, Evaluation, ClockAdvanced, ClockStepped>;

// ---- effects

// Make this claim durable, then hand its attempt to the gate; answer with ClaimSettled.
struct MakeClaim {
  model::Claim claim;
  model::Purpose purpose = model::Purpose::exit;
};
// Make this record durable, then hand its attempt to the gate.
struct Submit {
  model::Record record;
  model::Purpose purpose = model::Purpose::exit;
};
// Make this record durable.
struct Write {
  model::Record record;
};
// Prices of this instrument are needed; are needed no more.
struct Watch {
  model::InstrumentToken token = 0;
};
struct Unwatch {
  model::InstrumentToken token = 0;
};
// The trigger stands in the book at this version from here on; stands there no more. For those who
// show it.
struct Armed {
  model::TriggerId id;
  std::int64_t version = 0;
  model::InstrumentToken token = 0;
};
struct Disarmed {
  model::TriggerId id;
};
// Answer with BookRead, soon. A reading that fails is not answered.
struct ReadBook {};
// Answer with TriggerChanged or TriggerRemoved.
struct Reread {
  model::TriggerId id;
};
// The broker takes no orders until a person acts: stop evaluating, say why.
struct AccountBlocked {
  std::string why;
};
// Another engine holds the lease: this one must end.
struct Fenced {
  std::int64_t lease_epoch = 0;
};

using Effect = std::variant<MakeClaim, Submit, Write, Watch, Unwatch, Armed, Disarmed, ReadBook,
                            Reread, AccountBlocked, Fenced>;

}  // namespace hmt::engine
