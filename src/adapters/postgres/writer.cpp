#include "postgres/writer.h"

#include <utility>

#include "postgres/follower.h"
#include "postgres/reader.h"
#include "store/rules.h"

namespace hmt::postgres {
namespace {

using base::ErrorKind;
using base::Instant;
using base::Result;
using model::Trigger;
using model::TriggerStatus;
using store::Changed;
using store::ClaimVerdict;

using Kind = Transaction::Kind;

// What was decided on a read that failed counts for nothing: the failure is the answer.
std::unexpected<base::Error> unless_failed(const Connection& connection, base::Error error) {
  if (auto read = connection.outcome(); !read) return std::unexpected(read.error());
  return std::unexpected(std::move(error));
}

ClaimVerdict judge_claim(const store::Claim& claim, Sheet& sheet, Changed& changed) {
  auto* found = sheet.row(claim.attempt.trigger_id);
  store::ClaimFacts facts;
  // One that has run out is still ours until another takes it, which waits for this transaction: a
  // fire that was held while the database was away is not lost for that.
  facts.lease_epoch = sheet.lease().epoch;
  facts.stopped = sheet.lease().stopped;
  facts.standing = sheet.standing(claim.attempt);
  if (found && found->problem.empty()) facts.row = &found->trigger;
  if (facts.row && facts.row->parent_id) facts.winner = sheet.winner(*facts.row->parent_id);
  const auto verdict = store::judge(claim, facts);
  if (verdict != ClaimVerdict::won) return verdict;

  auto row = found->trigger;
  store::apply_claim(row, claim.attempt);
  as_kept(row);
  sheet.put(row);
  if (row.parent_id) sheet.set_winner(*row.parent_id, row.id);
  sheet.put(claim.attempt);
  sheet.put(model::audit_of(claim));
  changed.triggers.push_back(std::move(row));  // for the first time: a row is won once in a commit
  return verdict;
}

bool put_expiry(const store::Expiry& expiry, Instant at, Sheet& sheet, Changed& changed) {
  const auto* found = sheet.row(expiry.id);
  if (!found || !found->problem.empty()) return false;
  auto row = found->trigger;
  if (row.status != TriggerStatus::active || row.version != expiry.version) return false;
  store::apply_status(row, TriggerStatus::expired, at);
  as_kept(row);
  sheet.put(row);
  store::remember(changed, row);
  return true;
}

void put_group(const Trigger& row, store::GroupAction action, Instant at, Sheet& sheet,
               Changed& changed) {
  if (!row.parent_id || action == store::GroupAction::keep) return;
  const auto winner = sheet.winner(*row.parent_id);
  if (action == store::GroupAction::release) {
    if (winner == row.id) sheet.set_winner(*row.parent_id, std::nullopt);
    return;
  }
  if (!winner) sheet.set_winner(*row.parent_id, row.id);
  for (auto& sibling : sheet.active_siblings(row)) {
    store::apply_status(sibling, TriggerStatus::cancelled, at);
    as_kept(sibling);
    sheet.put(sibling);
    sheet.put(store::sibling_entry(sibling, row.id));
    store::remember(changed, sibling);
  }
}

// Somebody has deleted the row: which group it was of is known where it has won one.
void put_outcome_of_gone(const store::TriggerOutcome& outcome, Instant at, Sheet& sheet,
                         Changed& changed) {
  Trigger gone;
  gone.id = outcome.id;
  for (const auto group : sheet.groups_won_by(gone.id)) {
    gone.parent_id = group;
    put_group(gone, outcome.group, at, sheet, changed);
  }
}

void put_outcome(const store::TriggerOutcome& outcome, Instant at, Sheet& sheet, Changed& changed) {
  const auto* found = sheet.row(outcome.id);
  if (!found) {
    put_outcome_of_gone(outcome, at, sheet, changed);
    return;
  }
  auto row = found->trigger;
  store::apply_outcome(row, outcome, at);
  as_kept(row);
  sheet.put(row);
  store::remember(changed, row);
  put_group(row, outcome.group, at, sheet, changed);
}

Question question_of(std::span<const store::Record> records) {
  Question out;
  for (const auto& record : records) {
    if (record.attempt) out.attempts.push_back(&*record.attempt);
    if (record.expiry) out.triggers.insert(record.expiry->id);
    if (!record.trigger) continue;
    out.triggers.insert(record.trigger->id);
    if (record.trigger->group == store::GroupAction::settle) {
      out.settling.insert(record.trigger->id);
    }
  }
  return out;
}

constexpr auto look_at_lease =
    "SELECT epoch, holder, expires_at > clock_timestamp(), to_char(expires_at AT TIME ZONE "
    "'Asia/Kolkata', 'HH24:MI:SS') FROM hmt_lease";

// The epoch of a lease that `holder` may take: its own, or one that has run out.
Result<std::int64_t> epoch_to_follow(Connection& connection, const std::string& holder,
                                     std::string look) {
  const auto& found = connection.ask(std::move(look));
  if (found.empty()) {
    return unless_failed(connection, {ErrorKind::corrupt, "the lease in the database is missing"});
  }
  auto in = found.front();
  const auto epoch = in.integer();
  const auto before = in.text();
  const bool holds = in.flag();
  if (holds && before != holder) {
    return std::unexpected(store::lease_held(before + ", until " + in.text() + " IST").error());
  }
  return epoch;
}

// Whose rows are gone, and who decide a group.
std::set<model::TriggerId> gone_deciders(std::span<const store::Record> records, Sheet& sheet) {
  std::set<model::TriggerId> out;
  for (const auto& record : records) {
    if (!record.trigger || record.trigger->group == store::GroupAction::keep) continue;
    if (!sheet.row(record.trigger->id)) out.insert(record.trigger->id);
  }
  return out;
}

}  // namespace

PostgresWriter::PostgresWriter(Setting setting)
    : setting_(std::move(setting)), connection_(setting_.settings, Role::engine, setting_.limits) {}

std::size_t PostgresWriter::tell(const model::AuditEntry& entry) {
  return queue_audit(connection_, std::span(&entry, 1), epoch_);
}

void PostgresWriter::tell_change(std::optional<model::TriggerId> trigger,
                                 std::optional<model::ConnectionId> connection) {
  connection_.queue(
      "INSERT INTO hmt_changes (writer, trigger_id, connection_id) VALUES ($1, $2, $3)",
      Fields(setting_.name.text(), trigger, connection));
}

// ---- the lease

// A standby asks twice a second, and is told without a lock: the holder's claims would wait for it,
// and for seconds if it is stopped with it in hand. What counts is what is found under the lock.
Result<std::int64_t> PostgresWriter::take_lease(const std::string& holder, Instant now) {
  Transaction transaction(connection_, Kind::write);
  auto former = epoch_to_follow(connection_, holder, look_at_lease);
  if (former) {
    former = epoch_to_follow(connection_, holder, std::string(look_at_lease) + " FOR UPDATE");
  }
  if (!former) return former;
  const auto epoch = *former + 1;
  connection_.queue(
      exactly("UPDATE hmt_lease SET epoch = $1, holder = $2, taken_at = $3, expires_at = "
              "clock_timestamp() + $4::bigint * interval '1 millisecond'",
              5),
      Fields(epoch, holder, now,
             std::chrono::duration_cast<std::chrono::milliseconds>(setting_.lease_lasts).count(),
             1));
  const auto entry = store::lease_entry(epoch, holder, now);
  queue_audit(connection_, std::span(&entry, 1), epoch);
  if (auto done = transaction.commit("lease.take"); !done) return std::unexpected(done.error());
  epoch_ = epoch;
  return epoch;
}

Result<void> PostgresWriter::give_up_lease(std::int64_t epoch) {
  Transaction transaction(connection_, Kind::write);
  connection_.queue(
      "UPDATE hmt_lease SET expires_at = clock_timestamp() WHERE epoch = $1 AND expires_at > "
      "clock_timestamp()",
      Fields(epoch));
  return transaction.commit("lease.give_up");
}

Result<void> PostgresWriter::bind_account(model::ConnectionId connection, const std::string& venue,
                                          const std::string& account, Instant now) {
  const auto wanted = venue + " " + account;
  Transaction transaction(connection_, Kind::write);
  const auto& rows = connection_.ask(
      "SELECT connection_id = $1, venue || ' ' || account FROM hmt_accounts WHERE connection_id = "
      "$1 OR (venue = $2 AND account = $3)",
      Fields(connection, venue, account));
  std::string bound;
  bool shared = false;
  for (int i = 0; i < rows.size(); ++i) {
    auto in = rows.row(i);
    if (in.flag()) {
      bound = in.text();
    } else {
      shared = true;
    }
  }
  if (auto fits = store::check_account(bound, wanted, shared); !fits) {
    return unless_failed(connection_, fits.error());
  }
  if (bound.empty()) {
    connection_.queue(
        "INSERT INTO hmt_accounts (connection_id, venue, account, bound_at) VALUES ($1, $2, $3, "
        "$4)",
        Fields(connection, venue, account, now));
  }
  return transaction.commit("account");
}

// ---- the engine's writes

Result<std::vector<ClaimVerdict>> PostgresWriter::claim(std::span<const store::Claim> claims,
                                                        Changed& changed) {
  Question question;
  for (const auto& claim : claims) {
    question.triggers.insert(claim.attempt.trigger_id);
    question.attempts.push_back(&claim.attempt);
  }
  Transaction transaction(connection_, Kind::write);
  Sheet sheet(connection_);
  sheet.read(question);
  if (auto read = connection_.outcome(); !read) return std::unexpected(read.error());
  Changed written;
  std::vector<ClaimVerdict> verdicts;
  verdicts.reserve(claims.size());
  for (const auto& claim : claims) verdicts.push_back(judge_claim(claim, sheet, written));
  sheet.write();
  if (auto done = transaction.commit("claim"); !done) return std::unexpected(done.error());
  written.last_event = sheet.last_event();
  changed = std::move(written);
  return verdicts;
}

Result<void> PostgresWriter::put_record(const store::Record& record, Sheet& sheet,
                                        Changed& changed) {
  if (record.expiry && !put_expiry(*record.expiry, record.at, sheet, changed)) return {};
  if (record.attempt) {
    if (sheet.is_taken(*record.attempt)) return store::attempt_taken(*record.attempt);
    sheet.put(*record.attempt);
  }
  if (record.trigger) put_outcome(*record.trigger, record.at, sheet, changed);
  for (const auto& entry : record.audit) sheet.put(entry);
  return {};
}

Result<Changed> PostgresWriter::record(std::int64_t epoch, std::span<const store::Record> records) {
  Transaction transaction(connection_, Kind::write);
  Sheet sheet(connection_);
  sheet.read(question_of(records));
  if (sheet.lease().epoch == 0 || sheet.lease().epoch != epoch) {
    return unless_failed(connection_, store::lease_lost().error());
  }
  const auto gone = gone_deciders(records, sheet);
  if (!gone.empty()) sheet.read_groups_won_by(gone);
  Changed changed;
  for (const auto& record : records) {
    if (auto put = put_record(record, sheet, changed); !put) {
      return unless_failed(connection_, put.error());
    }
  }
  sheet.write();
  if (auto done = transaction.commit("record"); !done) return std::unexpected(done.error());
  changed.last_event = sheet.last_event();
  return changed;
}

Result<std::int64_t> PostgresWriter::set_stopped(bool stopped, const std::string& why,
                                                 const store::Actor& actor, Instant now) {
  Transaction transaction(connection_, Kind::write);
  connection_.queue(
      exactly("UPDATE hmt_engine_switch SET stopped = $1, why = $2, set_by = $3, set_at = $4", 5),
      Fields(stopped, why, actor.name, now, 1));
  const auto number = tell(store::switch_entry(stopped, why, actor, now));
  if (auto done = transaction.commit("switch"); !done) return std::unexpected(done.error());
  return number_of(connection_.rows(number));
}

Result<std::int64_t> PostgresWriter::note(const model::AuditEntry& entry) {
  Transaction transaction(connection_, Kind::write);
  const auto number = tell(entry);
  if (auto done = transaction.commit("note"); !done) return std::unexpected(done.error());
  return number_of(connection_.rows(number));
}

std::unique_ptr<store::Reader> PostgresWriter::reader() {
  return std::make_unique<PostgresReader>(setting_.pool);
}

std::unique_ptr<store::Follower> PostgresWriter::follower() {
  return std::make_unique<PostgresFollower>(setting_);
}

}  // namespace hmt::postgres
