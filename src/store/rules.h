#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "store/store.h"

// What every backend decides alike, as pure functions of a row: a backend reads the row inside its
// transaction, asks here, and writes the row back.
namespace hmt::store {

inline constexpr base::Duration idempotency_kept = std::chrono::days(7);
inline constexpr std::size_t page_limit_max = 1000;

// The attempt that stands where a claim wants to put its own.
enum class Standing : std::uint8_t {
  none,
  same,   // this tag for this trigger under this epoch: the claim itself
  other,  // the tag, or the trigger's fire and attempt number, is taken by something else
};

struct ClaimFacts {
  std::int64_t lease_epoch = 0;  // 0: nobody has taken the lease yet
  bool stopped = false;
  Standing standing = Standing::none;
  const model::Trigger* row = nullptr;  // none: there is no such row
  std::optional<model::TriggerId> winner;
};

// Whether a connection whose triggers are bound to `bound` (empty: not yet) may be used for
// `wanted`; both "venue account". `shared`: another connection has that account.
Result<void> check_account(const std::string& bound, const std::string& wanted, bool shared);

ClaimVerdict judge(const Claim& claim, const ClaimFacts& facts);

// Whether they order the same at the same price: an edit arms a leg anew only when not.
bool same_order(const model::Leg& a, const model::Leg& b);

// How rows change. Each but the first makes the version grow by one.
model::Trigger new_row(const model::Trigger& trigger, const Actor& actor, Instant now);
void apply_claim(model::Trigger& row, const model::Attempt& attempt);
void apply_outcome(model::Trigger& row, const TriggerOutcome& outcome, Instant at);
void apply_status(model::Trigger& row, model::TriggerStatus status, Instant at);
// A leg that the edit changed is armed again; a failed one that it left alone stays failed, unless
// the edit changes the instrument, the side, the condition or the direction, or nothing would be
// armed: then all legs are.
void apply_edit(model::Trigger& row, const model::Trigger& edited, Instant now);

bool may_see(const Actor& actor, const std::optional<model::UserId>& owner);

// Errors: conflict with field "status" or "version".
Result<void> check_change(const model::Trigger& row, std::optional<std::int64_t> version);
// `member` is any other row of the group. Errors: conflict with field "parent_id".
Result<void> check_group(const model::Trigger& row, const model::Trigger* member, bool decided);
// Errors: invalid with field "Idempotency-Key".
Result<void> check_key(const Idempotency& idempotency);
std::unexpected<base::Error> key_conflict();
std::unexpected<base::Error> no_such_trigger();
std::unexpected<base::Error> lease_lost();
std::unexpected<base::Error> lease_held(const std::string& holder);
std::unexpected<base::Error> id_taken();
std::unexpected<base::Error> attempt_taken(const model::Attempt& attempt);

// ---- broker connections

// The row to write, with `before` when there is one already. Errors: not_found, conflict with field
// "version".
Result<model::BrokerConnection> connection_row(const model::BrokerConnection& wanted,
                                               const model::BrokerConnection* before,
                                               std::optional<std::int64_t> version,
                                               const Actor& actor, Instant now);
std::unexpected<base::Error> no_such_connection();
std::unexpected<base::Error> connection_in_use();
// Never names a secret, sealed or not.
model::AuditEntry connection_entry(const model::BrokerConnection& row, const std::string& event,
                                   const Actor& actor);

// What the store itself puts into the trail.
model::AuditEntry created_entry(const model::Trigger& row, const Actor& actor);
model::AuditEntry edited_entry(const model::Trigger& before, const model::Trigger& after,
                               const Actor& actor);
model::AuditEntry cancelled_entry(const model::Trigger& row, const Actor& actor);
model::AuditEntry sibling_entry(const model::Trigger& row, model::TriggerId winner);
model::AuditEntry lease_entry(std::int64_t epoch, const std::string& holder, Instant now);
model::AuditEntry switch_entry(bool stopped, const std::string& why, const Actor& actor,
                               Instant now);

// Whether the write may have happened: the answer to its commit was lost.
bool may_have_happened(const base::Error& error);

// Puts the row in `changed`, in place of what it said of the row before.
void remember(Changed& changed, const model::Trigger& row);

// A cursor is the number of the page's last row. Errors: invalid with field "cursor".
Result<std::optional<std::int64_t>> read_cursor(std::string_view cursor);
std::size_t page_limit(std::size_t asked);

// Whether start-up needs the attempt, whatever its date.
bool is_open(const model::Attempt& attempt, const model::Trigger* row);

// Whether the day of the attempt's order is over, as of `today`, and its end not on record; of the
// last `days_looked_back` only, so that a start does not read all that was ever traded.
inline constexpr std::int32_t days_looked_back = 30;
bool lacks_its_end(const model::Attempt& attempt, base::TradingDate today);
// The same words, for SQL: an order that says one of these has ended, or people were told that its
// end was not seen.
inline constexpr const char* last_words =
    "('COMPLETE', 'CANCELLED', 'CANCELLED AMO', 'REJECTED', 'UNKNOWN')";

}  // namespace hmt::store
