#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/attempt.h"
#include "model/connection.h"
#include "model/record.h"
#include "model/trigger.h"

// The port to durable truth. What a Writer returned without an error is on disk and survives power
// loss; what it returned an error for has not happened at all, but for `commit_unknown`, which is
// never guessed about. One contract test (store/contract.h) holds for every backend.
namespace hmt::store {

using base::Instant;
using base::Result;

// Who does something, for scoping and for the audit. A user sees and touches only their own rows;
// no user means the operator.
struct Actor {
  std::string name = "operator";  // "user:<uuid>", "operator", "engine"
  std::optional<model::UserId> user;
};

// ---- what the engine writes (model/record.h)
using model::Claim;
using model::ClaimVerdict;
using model::Expiry;
using model::GroupAction;
using model::Record;
using model::TriggerOutcome;

// Rows that a commit has changed, as they stand after it, with the audit numbers that tell of it.
struct Changed {
  std::vector<model::Trigger> triggers;
  std::vector<model::TriggerId> removed;  // rows that are gone
  std::vector<model::BrokerConnection> connections;
  std::vector<model::ConnectionId> removed_connections;
  std::int64_t last_event = 0;  // highest audit number of the commit; 0: none
};

// The operator's switch.
struct Switch {
  bool stopped = false;
  std::string why;
  bool operator==(const Switch&) const = default;
};

// What others than this process's Writer have committed.
struct Foreign {
  std::vector<model::TriggerId> triggers;
  std::vector<model::ConnectionId> connections;
  bool untold = false;  // audit rows without a number: `absorb` numbers them
  Switch now;           // as it stands
  std::string set;      // another text each time that the switch is set, also to what it was
  bool missed = false;  // triggers were changed that are not told: a full compare finds them
  bool empty() const { return triggers.empty() && connections.empty() && !untold; }
};

// How many triggers stand where.
struct TriggerCounts {
  std::int64_t active = 0;
  std::int64_t triggered = 0;
  std::int64_t failed = 0;
  bool operator==(const TriggerCounts&) const = default;
};

// A row as the engine must hold it.
struct Held {
  model::TriggerId id;
  std::int64_t version = 0;
  model::ConnectionId connection;
  auto operator<=>(const Held&) const = default;
};

// ---- what people write

// Makes a repeated write harmless: the same key with the same request gives the first answer again;
// with another request it is a conflict. Kept for 7 days. `render` makes the answer that is kept.
struct Idempotency {
  std::string key;  // 1 to 255 characters, scoped to the actor
  std::string request_hash;
  std::function<std::string(const model::Trigger&)> render;
};

struct Written {
  model::Trigger trigger;
  std::optional<std::string> replayed;  // the kept answer, when nothing was written now
  std::int64_t last_event = 0;
};

// ---- reading

struct ListFilter {
  std::optional<model::TriggerStatus> status;
  std::optional<model::InstrumentToken> instrument_token;
  std::optional<Instant> open_or_since;  // what may still act, and what has changed from then on
  std::size_t limit = 100;               // at most 1000
  std::string cursor;                    // of the page before; empty: the first
};

struct TriggerPage {
  std::vector<model::Trigger> triggers;  // newest first
  std::vector<std::int64_t> numbers;     // theirs, one for each
  std::string next_cursor;               // empty: no more
};

struct AuditRow {
  std::int64_t number =
      0;  // grows by at least one with every entry; also the number of the live stream's event
  model::AuditEntry entry;
};

struct AuditFilter {
  std::optional<model::TriggerId> trigger;
  std::int64_t after = 0;              // numbers above this, ascending
  std::optional<std::int64_t> before;  // or numbers below this, descending: newest first
  std::size_t limit = 100;             // at most 1000
};

struct GroupWinner {
  model::GroupId group;
  model::TriggerId winner;
};

// What start-up needs, or a part of it: nothing that may still act is left out.
struct Recovery {
  std::vector<model::Trigger>
      triggers;  // active and firing, oldest first; and those of the attempts below
  std::vector<GroupWinner> winners;  // of groups with an active member
  std::vector<model::Attempt>
      attempts;  // not final: queued, forwarded, unknown; not_placed, absent with a firing trigger;
                 // and every attempt of `since` or later, oldest first; those of 30 days before
                 // whose order is on record, and its end is not
  bool stopped = false;  // switched off by the operator
  std::string stopped_why;
  std::vector<std::string> unreadable;  // rows that make no sense, or that an open attempt misses:
                                        // id and reason; they are left alone
};

// Takes the parts of a recovery while the next are read, for there may be a million triggers. The
// first part has all but the triggers; these follow, some hundreds at a time, and what is
// unreadable with them.
using TakePart = std::function<void(Recovery part)>;

// Reads see the last commit. Thread rule: a Reader is used by one thread at a time; make one for
// each.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual Result<model::Trigger> trigger(model::TriggerId id, const Actor& actor) = 0;  // not_found
  virtual Result<TriggerPage> triggers(const ListFilter& filter, const Actor& actor) = 0;
  // What a trigger is called where a name has to be a number: given when it is inserted, counting
  // up, and never to another one, however long the row stands. Errors: not_found.
  virtual Result<std::int64_t> number_of(model::TriggerId id, const Actor& actor) = 0;
  virtual Result<model::TriggerId> numbered(std::int64_t number, const Actor& actor) = 0;
  virtual Result<std::vector<model::Attempt>> attempts(model::TriggerId id, const Actor& actor) = 0;
  virtual Result<std::vector<model::Attempt>> recent_attempts(
      std::size_t limit, const Actor& actor) = 0;  // newest first
  virtual Result<std::vector<AuditRow>> audit(const AuditFilter& filter, const Actor& actor) = 0;
  virtual Result<std::int64_t> last_event() = 0;
  // The kept answer to a write with this key; nothing when the key is new. Asked before a write is
  // judged by the prices and the clock of now, so that a repetition gets its first answer whatever
  // has changed since. Errors: conflict with field "Idempotency-Key" (used for another request).
  virtual Result<std::optional<std::string>> kept_answer(const std::string& key,
                                                         const std::string& request_hash,
                                                         const Actor& actor) = 0;
  // `only`: what concerns this connection alone; nothing: everything. All parts are of one commit.
  // After an error those that were taken are worth nothing. `take` is called before this returns.
  virtual Result<void> recovery(base::TradingDate since, std::optional<model::ConnectionId> only,
                                const TakePart& take) = 0;

  // A user's own; the operator's: all. Oldest first.
  virtual Result<std::vector<model::BrokerConnection>> connections(const Actor& actor) = 0;
  virtual Result<model::BrokerConnection> connection(model::ConnectionId id,
                                                     const Actor& actor) = 0;  // not_found

  virtual Result<Switch> engine_switch() = 0;
  // How long the lease is its holder's without being renewed, by the database's clock; zero: nobody
  // holds it, or it lasts as long as the process.
  virtual Result<base::Duration> lease_left() { return base::Duration(0); }

  // Triggers by status; `triggered` counts what has fired, whatever became of the order.
  virtual Result<TriggerCounts> counts(const Actor& actor) = 0;

  // Active rows by id, from after `after` on: what a full compare of engine and table goes by.
  virtual Result<std::vector<Held>> active_rows(std::optional<model::TriggerId> after,
                                                std::size_t limit) = 0;
};

// Follows what others write, and keeps the lease. It has a way to the database of its own: what the
// writer waits for does not hold it up. Thread rule: one thread.
class Follower {
 public:
  virtual ~Follower() = default;
  // What others committed since the last call that succeeded (the first: since this was made), each
  // change once, in whatever order the commits came. Returns at once. Errors: unavailable.
  virtual Result<Foreign> changes() = 0;
  // Errors: refused (another has taken the lease), unavailable.
  virtual Result<void> renew_lease(std::int64_t epoch) = 0;
};

// The `field` of an `unavailable` whose cause is a row that another transaction holds: what does
// not need that row can go on.
inline constexpr const char* held_row = "held row";

// The one writer. Thread rule: one thread. Errors of every call: unavailable (the database cannot
// be reached or is full; nothing was written), corrupt.
class Writer {
 public:
  virtual ~Writer() = default;

  // Becomes the holder: the next epoch. The same holder may take it again at any time. Errors:
  // refused while another process holds the data (the message names it).
  virtual Result<std::int64_t> take_lease(const std::string& holder, Instant now) = 0;
  // How long a lease lasts from the moment it was taken or renewed, by the database's clock; none:
  // as long as the process.
  virtual std::optional<base::Duration> lease_lasts() const { return std::nullopt; }
  // An orderly end: a standby need not wait. Nothing when the lease is another's by now.
  virtual Result<void> give_up_lease(std::int64_t epoch) = 0;

  // Ties a connection's triggers to one account of one venue, at the first call; the same again
  // changes nothing. Triggers of one account must never fire in another, nor be used up by a
  // simulator, and no two connections may share an account. Errors: refused (the connection belongs
  // to another account, or the account to another connection, which the message says).
  virtual Result<void> bind_account(model::ConnectionId connection, const std::string& venue,
                                    const std::string& account, Instant now) = 0;

  // All claims in one transaction and one flush; each is judged by itself, in order. The verdicts
  // are in the claims' order.
  virtual Result<std::vector<ClaimVerdict>> claim(std::span<const Claim> claims,
                                                  Changed& changed) = 0;

  // All records in one transaction and one flush, in order. Refused whole (`refused`) when `epoch`
  // is no longer the lease's; `conflict` when an attempt's fire and number stand under another tag.
  virtual Result<Changed> record(std::int64_t epoch, std::span<const Record> records) = 0;

  // A user's row is theirs, whoever `trigger` names; it starts active, at version 1, with the
  // engine's columns empty. Errors: conflict (with field "parent_id": group members must agree on
  // the account, and the group must be undecided; "Idempotency-Key": reused with another request;
  // "id": taken); invalid (a value that the table refuses).
  virtual Result<Written> create(const model::Trigger& trigger, const Actor& actor,
                                 const Idempotency* idempotency, Instant now) = 0;
  // Replaces what users may write; a leg that the edit changes is armed again. Errors: as create;
  // not_found; conflict with field "version" (not at `version`) or "status" (not active).
  virtual Result<Written> edit(const model::Trigger& edited, std::int64_t version,
                               const Actor& actor, const Idempotency* idempotency, Instant now) = 0;
  // Errors: as edit. No version: whatever version it is at.
  virtual Result<Written> cancel(model::TriggerId id, std::optional<std::int64_t> version,
                                 const Actor& actor, const Idempotency* idempotency,
                                 Instant now) = 0;

  // The operator's switch. When it returns, no claim commits until it is released.
  virtual Result<std::int64_t> set_stopped(bool stopped, const std::string& why, const Actor& actor,
                                           Instant now) = 0;

  // Audit alone, for what changes no row: engine started, feed lost, alerts.
  virtual Result<std::int64_t> note(const model::AuditEntry& entry) = 0;

  // Adds the connection, or replaces all of it but its id, user_id and created_at; the version
  // grows by one. A user's connection is theirs, whoever it names. `event` is the audit's word for
  // it ("connection_added", "session_renewed", …). Answers the row as it stands. Errors: not_found
  // (another user's), conflict with field "version" (not at `version`).
  virtual Result<model::BrokerConnection> put_connection(const model::BrokerConnection& connection,
                                                         std::optional<std::int64_t> version,
                                                         const std::string& event,
                                                         const Actor& actor, Instant now) = 0;
  // Its account is free to be connected anew. Errors: not_found; conflict with field "status" while
  // active or firing triggers stand on it.
  virtual Result<void> remove_connection(model::ConnectionId id, const Actor& actor,
                                         Instant now) = 0;

  // Nothing waits to be written: what a write should not have to wait for is done now.
  virtual void rest() {}

  // Takes over what others changed: numbers their audit rows, and reads the rows as they stand.
  // `foreign` names each once.
  virtual Result<Changed> absorb(const Foreign& foreign) = 0;

  virtual std::unique_ptr<Reader> reader() = 0;
  // None: nobody else can write, and the lease needs no keeping.
  virtual std::unique_ptr<Follower> follower() { return nullptr; }
};

}  // namespace hmt::store
