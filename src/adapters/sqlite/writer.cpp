#include "sqlite/writer.h"

#include <utility>

#include "sqlite/reader.h"
#include "store/rules.h"

namespace hmt::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Instant;
using base::Result;
using model::Trigger;
using model::TriggerId;
using model::TriggerStatus;
using store::Changed;
using store::ClaimVerdict;
using store::Written;

using Kind = Transaction::Kind;

// What was decided on a read that failed counts for nothing: the failure is the answer.
std::unexpected<base::Error> unless_failed(const Connection& connection, base::Error error) {
  if (auto read = connection.outcome(); !read) return std::unexpected(read.error());
  return std::unexpected(std::move(error));
}

store::Standing standing_of(Connection& connection, const model::Attempt& wanted) {
  const auto fire = static_cast<std::int64_t>(wanted.fire_no);
  auto tagged = connection.statement(
      "SELECT trigger_id = ? AND fire_no = ? AND lease_epoch = ? FROM hmt_order_attempts WHERE "
      "tag = ?");
  tagged.bind(wanted.trigger_id, fire, wanted.lease_epoch, std::string_view(wanted.tag));
  if (tagged.step()) {
    return tagged.columns().integer() != 0 ? store::Standing::same : store::Standing::other;
  }
  auto placed = connection.statement(
      "SELECT 1 FROM hmt_order_attempts WHERE trigger_id = ? AND fire_no = ? AND attempt_no = ?");
  placed.bind(wanted.trigger_id, fire, static_cast<std::int64_t>(wanted.attempt_no));
  return placed.step() ? store::Standing::other : store::Standing::none;
}

}  // namespace

struct SqliteWriter::Write {
  const store::Actor& actor;
  const store::Idempotency* key;
  Instant now;
};

// ---- small reads and writes

std::optional<TriggerRow> SqliteWriter::row_of(TriggerId id) {
  static const std::string sql = "SELECT " + trigger_columns + " FROM hmt_gtt_orders WHERE id = ?";
  auto row = connection_.statement(sql);
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return read_trigger(row);
}

std::optional<TriggerId> SqliteWriter::winner_of(model::GroupId group) {
  auto row = connection_.statement("SELECT winner FROM hmt_groups WHERE id = ?");
  row.bind(group);
  if (!row.step()) return std::nullopt;
  return row.columns().optional_id<TriggerId>();
}

std::vector<model::GroupId> SqliteWriter::groups_won_by(TriggerId id) {
  std::vector<model::GroupId> out;
  auto rows = connection_.statement("SELECT id FROM hmt_groups WHERE winner = ?");
  rows.bind(id);
  while (rows.step()) out.push_back(rows.columns().id<model::GroupId>());
  return out;
}

void SqliteWriter::set_winner(model::GroupId group, std::optional<TriggerId> winner) {
  connection_
      .statement(
          "INSERT INTO hmt_groups (id, winner) VALUES (?, ?) "
          "ON CONFLICT (id) DO UPDATE SET winner = excluded.winner")
      .bind(group, winner)
      .run();
}

std::int64_t SqliteWriter::lease_epoch() {
  auto row = connection_.statement("SELECT epoch FROM hmt_lease");
  return row.step() ? row.columns().integer() : 0;
}

bool SqliteWriter::is_stopped() {
  auto row = connection_.statement("SELECT stopped FROM hmt_engine_switch");
  return !row.step() || row.columns().integer() != 0;
}

// ---- the engine's writes

Result<std::int64_t> SqliteWriter::take_lease(const std::string& holder, Instant now) {
  Transaction transaction(connection_, Kind::write);
  const auto epoch = lease_epoch() + 1;
  connection_.statement("UPDATE hmt_lease SET epoch = ?, holder = ?, taken_at = ?")
      .bind(epoch, std::string_view(holder), now)
      .run();
  insert_audit(connection_, store::lease_entry(epoch, holder, now));
  if (auto done = transaction.commit("lease.take"); !done) return std::unexpected(done.error());
  return epoch;
}

// The file's lock is the lease: it goes with the process.
Result<void> SqliteWriter::give_up_lease(std::int64_t) {
  return {};
}

Result<void> SqliteWriter::bind_account(model::ConnectionId connection, const std::string& venue,
                                        const std::string& account, Instant now) {
  const auto wanted = venue + " " + account;
  Transaction transaction(connection_, Kind::write);
  std::string bound;
  bool shared = false;
  {
    auto rows = connection_.statement(
        "SELECT connection_id = ?, venue || ' ' || account FROM hmt_accounts");
    rows.bind(connection);
    while (rows.step()) {
      auto in = rows.columns();
      const bool is_this = in.integer() != 0;
      const auto theirs = in.text();
      if (is_this) bound = theirs;
      if (!is_this && theirs == wanted) shared = true;
    }
  }
  if (auto fits = store::check_account(bound, wanted, shared); !fits) return fits;
  if (bound.empty()) {
    connection_.statement("INSERT INTO hmt_accounts VALUES (?, ?, ?, ?)")
        .bind(connection, std::string_view(venue), std::string_view(account), now)
        .run();
  }
  return transaction.commit("account");
}

ClaimVerdict SqliteWriter::judge_claim(const store::Claim& claim, std::int64_t epoch, bool stopped,
                                       Changed& changed) {
  auto found = row_of(claim.attempt.trigger_id);
  store::ClaimFacts facts;
  facts.lease_epoch = epoch;
  facts.stopped = stopped;
  facts.standing = standing_of(connection_, claim.attempt);
  if (found && found->problem.empty()) facts.row = &found->trigger;
  if (facts.row && facts.row->parent_id) facts.winner = winner_of(*facts.row->parent_id);
  const auto verdict = store::judge(claim, facts);
  if (verdict != ClaimVerdict::won) return verdict;

  auto& row = found->trigger;
  store::apply_claim(row, claim.attempt);
  write_engine_columns(connection_, row);
  if (row.parent_id) set_winner(*row.parent_id, row.id);
  write_attempt(connection_, claim.attempt);
  changed.last_event = insert_audit(connection_, model::audit_of(claim));
  changed.triggers.push_back(std::move(row));  // for the first time: a row is won once in a commit
  return verdict;
}

Result<std::vector<ClaimVerdict>> SqliteWriter::claim(std::span<const store::Claim> claims,
                                                      Changed& changed) {
  std::vector<ClaimVerdict> verdicts;
  verdicts.reserve(claims.size());
  Changed written;
  Transaction transaction(connection_, Kind::write);
  const auto epoch = lease_epoch();
  const bool stopped = is_stopped();
  for (const auto& claim : claims) {
    verdicts.push_back(judge_claim(claim, epoch, stopped, written));
  }
  if (auto done = transaction.commit("claim"); !done) return std::unexpected(done.error());
  changed = std::move(written);
  return verdicts;
}

Result<void> SqliteWriter::put_attempt(const model::Attempt& attempt) {
  auto taken = connection_.statement(
      "SELECT 1 FROM hmt_order_attempts WHERE trigger_id = ? AND fire_no = ? AND attempt_no = ? "
      "AND tag <> ?");
  taken.bind(attempt.trigger_id, static_cast<std::int64_t>(attempt.fire_no),
             static_cast<std::int64_t>(attempt.attempt_no), std::string_view(attempt.tag));
  if (taken.step()) return store::attempt_taken(attempt);
  write_attempt(connection_, attempt);
  return {};
}

bool SqliteWriter::put_expiry(const store::Expiry& expiry, Instant at, Changed& changed) {
  auto found = row_of(expiry.id);
  if (!found || !found->problem.empty()) return false;
  auto& row = found->trigger;
  if (row.status != TriggerStatus::active || row.version != expiry.version) return false;
  store::apply_status(row, TriggerStatus::expired, at);
  write_engine_columns(connection_, row);
  store::remember(changed, row);
  return true;
}

void SqliteWriter::put_outcome(const store::TriggerOutcome& outcome, Instant at, Changed& changed) {
  auto found = row_of(outcome.id);
  if (!found) {
    put_outcome_of_gone(outcome, at, changed);
    return;
  }
  auto& row = found->trigger;
  store::apply_outcome(row, outcome, at);
  write_engine_columns(connection_, row);
  store::remember(changed, row);
  put_group(row, outcome.group, at, changed);
}

// Somebody has deleted the row: which group it was of is known where it has won one.
void SqliteWriter::put_outcome_of_gone(const store::TriggerOutcome& outcome, Instant at,
                                       Changed& changed) {
  if (outcome.group == store::GroupAction::keep) return;
  Trigger gone;
  gone.id = outcome.id;
  for (const auto group : groups_won_by(gone.id)) {
    gone.parent_id = group;
    put_group(gone, outcome.group, at, changed);
  }
}

void SqliteWriter::put_group(const Trigger& row, store::GroupAction action, Instant at,
                             Changed& changed) {
  if (!row.parent_id || action == store::GroupAction::keep) return;
  const auto winner = winner_of(*row.parent_id);
  if (action == store::GroupAction::release) {
    if (winner == row.id) set_winner(*row.parent_id, std::nullopt);
    return;
  }
  if (!winner) set_winner(*row.parent_id, row.id);
  std::vector<Trigger> siblings;
  {
    static const std::string sql =
        "SELECT " + trigger_columns +
        " FROM hmt_gtt_orders WHERE parent_id = ? AND status = 'active' AND id <> ? "
        "ORDER BY number";
    auto rows = connection_.statement(sql);
    rows.bind(*row.parent_id, row.id);
    while (rows.step()) siblings.push_back(read_trigger(rows).trigger);
  }
  for (auto& sibling : siblings) {
    store::apply_status(sibling, TriggerStatus::cancelled, at);
    write_engine_columns(connection_, sibling);
    changed.last_event = insert_audit(connection_, store::sibling_entry(sibling, row.id));
    store::remember(changed, sibling);
  }
}

Result<void> SqliteWriter::put_record(const store::Record& record, Changed& changed) {
  if (record.expiry && !put_expiry(*record.expiry, record.at, changed)) return {};
  if (record.attempt) {
    if (auto put = put_attempt(*record.attempt); !put) return put;
  }
  if (record.trigger) put_outcome(*record.trigger, record.at, changed);
  for (const auto& entry : record.audit) changed.last_event = insert_audit(connection_, entry);
  return {};
}

Result<Changed> SqliteWriter::record(std::int64_t epoch, std::span<const store::Record> records) {
  Changed changed;
  Transaction transaction(connection_, Kind::write);
  if (const auto held = lease_epoch(); held == 0 || held != epoch) {
    return unless_failed(connection_, store::lease_lost().error());
  }
  for (const auto& record : records) {
    if (auto put = put_record(record, changed); !put) {
      return unless_failed(connection_, put.error());
    }
  }
  if (auto done = transaction.commit("record"); !done) return std::unexpected(done.error());
  return changed;
}

// ---- people's writes

Result<std::optional<Written>> SqliteWriter::kept_answer(const Write& write) {
  if (!write.key) return std::nullopt;
  if (auto fine = store::check_key(*write.key); !fine) return std::unexpected(fine.error());
  connection_.statement("DELETE FROM hmt_idempotency WHERE created_at < ?")
      .bind(write.now - store::idempotency_kept)
      .run();
  auto kept = connection_.statement(
      "SELECT request_hash, answer, trigger_id FROM hmt_idempotency WHERE actor = ? AND key = ?");
  kept.bind(std::string_view(write.actor.name), std::string_view(write.key->key));
  if (!kept.step()) return std::nullopt;
  auto in = kept.columns();
  if (in.text() != write.key->request_hash) return std::unexpected(store::key_conflict().error());
  Written out;
  out.replayed = in.text();
  const auto id = in.id<TriggerId>();
  if (auto row = row_of(id)) out.trigger = std::move(row->trigger);
  return out;
}

Result<Written> SqliteWriter::finish(const Trigger& row, const model::AuditEntry& entry,
                                     const Write& write) {
  Written out;
  out.trigger = row;
  out.last_event = insert_audit(connection_, entry);
  if (!write.key) return out;
  const auto answer = write.key->render ? write.key->render(row) : std::string();
  connection_
      .statement(
          "INSERT INTO hmt_idempotency (actor, key, request_hash, trigger_id, answer, "
          "created_at) VALUES (?,?,?,?,?,?)")
      .bind(std::string_view(write.actor.name), std::string_view(write.key->key),
            std::string_view(write.key->request_hash), row.id, std::string_view(answer), write.now)
      .run();
  return out;
}

Result<void> SqliteWriter::check_group_of(const Trigger& row, bool joins) {
  if (!row.parent_id) return {};
  std::optional<Trigger> member;
  {
    static const std::string sql = "SELECT " + trigger_columns +
                                   " FROM hmt_gtt_orders WHERE parent_id = ? AND id <> ? "
                                   "ORDER BY number LIMIT 1";
    auto found = connection_.statement(sql);
    found.bind(*row.parent_id, row.id);
    if (found.step()) member = read_trigger(found).trigger;
  }
  const bool decided = joins && winner_of(*row.parent_id).has_value();
  return store::check_group(row, member ? &*member : nullptr, decided);
}

Result<Trigger> SqliteWriter::change_of(TriggerId id, const Write& write) {
  auto found = row_of(id);
  if (!found || !store::may_see(write.actor, found->trigger.user_id)) {
    return unless_failed(connection_, store::no_such_trigger().error());
  }
  if (!found->problem.empty()) {
    return fail(ErrorKind::corrupt, id.text() + " cannot be read: " + found->problem);
  }
  return std::move(found->trigger);
}

Result<Written> SqliteWriter::create(const Trigger& trigger, const store::Actor& actor,
                                     const store::Idempotency* idempotency, Instant now) {
  const Write write{actor, idempotency, now};
  Transaction transaction(connection_, Kind::write);
  auto kept = kept_answer(write);
  if (!kept) return unless_failed(connection_, kept.error());
  if (*kept) return std::move(**kept);
  const auto row = store::new_row(trigger, actor, now);
  if (row_of(row.id)) return std::unexpected(store::id_taken().error());
  if (auto fits = check_group_of(row, true); !fits) return unless_failed(connection_, fits.error());
  insert_trigger(connection_, row);
  auto out = finish(row, store::created_entry(row, actor), write);
  if (auto done = transaction.commit("create"); !done) return std::unexpected(done.error());
  return out;
}

Result<Written> SqliteWriter::edit(const Trigger& edited, std::int64_t version,
                                   const store::Actor& actor, const store::Idempotency* idempotency,
                                   Instant now) {
  const Write write{actor, idempotency, now};
  Transaction transaction(connection_, Kind::write);
  auto kept = kept_answer(write);
  if (!kept) return unless_failed(connection_, kept.error());
  if (*kept) return std::move(**kept);
  const auto before = change_of(edited.id, write);
  if (!before) return std::unexpected(before.error());
  if (auto may = store::check_change(*before, version); !may) return std::unexpected(may.error());
  auto row = *before;
  store::apply_edit(row, edited, now);
  const bool joins = row.parent_id != before->parent_id;
  if (auto fits = check_group_of(row, joins); !fits) {
    return unless_failed(connection_, fits.error());
  }
  write_user_columns(connection_, row);
  auto out = finish(row, store::edited_entry(*before, row, actor), write);
  if (auto done = transaction.commit("edit"); !done) return std::unexpected(done.error());
  return out;
}

Result<Written> SqliteWriter::cancel(TriggerId id, std::optional<std::int64_t> version,
                                     const store::Actor& actor,
                                     const store::Idempotency* idempotency, Instant now) {
  const Write write{actor, idempotency, now};
  Transaction transaction(connection_, Kind::write);
  auto kept = kept_answer(write);
  if (!kept) return unless_failed(connection_, kept.error());
  if (*kept) return std::move(**kept);
  auto row = change_of(id, write);
  if (!row) return std::unexpected(row.error());
  if (auto may = store::check_change(*row, version); !may) return std::unexpected(may.error());
  store::apply_status(*row, TriggerStatus::cancelled, now);
  write_engine_columns(connection_, *row);
  auto out = finish(*row, store::cancelled_entry(*row, actor), write);
  if (auto done = transaction.commit("cancel"); !done) return std::unexpected(done.error());
  return out;
}

Result<std::int64_t> SqliteWriter::set_stopped(bool stopped, const std::string& why,
                                               const store::Actor& actor, Instant now) {
  Transaction transaction(connection_, Kind::write);
  connection_
      .statement(
          "INSERT OR REPLACE INTO hmt_engine_switch (only_row, stopped, why, set_by, "
          "set_at) VALUES (1, ?, ?, ?, ?)")
      .bind(static_cast<std::int64_t>(stopped), std::string_view(why), std::string_view(actor.name),
            now)
      .run();
  const auto number = insert_audit(connection_, store::switch_entry(stopped, why, actor, now));
  if (auto done = transaction.commit("switch"); !done) return std::unexpected(done.error());
  return number;
}

Result<std::int64_t> SqliteWriter::note(const model::AuditEntry& entry) {
  Transaction transaction(connection_, Kind::write);
  const auto number = insert_audit(connection_, entry);
  if (auto done = transaction.commit("note"); !done) return std::unexpected(done.error());
  return number;
}

// ---- broker connections

std::optional<model::BrokerConnection> SqliteWriter::connection_of(model::ConnectionId id) {
  static const std::string sql =
      "SELECT " + connection_columns + " FROM broker_connections WHERE id = ?";
  auto row = connection_.statement(sql);
  row.bind(id);
  if (!row.step()) return std::nullopt;
  return read_connection(row);
}

bool SqliteWriter::stands_on(model::ConnectionId id) {
  auto row = connection_.statement(
      "SELECT 1 FROM hmt_gtt_orders WHERE broker_connection_id = ? AND status IN ('active', "
      "'firing') LIMIT 1");
  row.bind(id);
  return row.step();
}

Result<model::BrokerConnection> SqliteWriter::put_connection(
    const model::BrokerConnection& connection, std::optional<std::int64_t> version,
    const std::string& event, const store::Actor& actor, Instant now) {
  Transaction transaction(connection_, Kind::write);
  const auto before = connection_of(connection.id);
  auto row = store::connection_row(connection, before ? &*before : nullptr, version, actor, now);
  if (!row) return unless_failed(connection_, row.error());
  write_connection(connection_, *row);
  insert_audit(connection_, store::connection_entry(*row, event, actor));
  if (auto done = transaction.commit("connection"); !done) return std::unexpected(done.error());
  return row;
}

Result<void> SqliteWriter::remove_connection(model::ConnectionId id, const store::Actor& actor,
                                             Instant now) {
  Transaction transaction(connection_, Kind::write);
  auto row = connection_of(id);
  if (!row || !store::may_see(actor, row->user_id)) {
    return unless_failed(connection_, store::no_such_connection().error());
  }
  if (stands_on(id)) return unless_failed(connection_, store::connection_in_use().error());
  row->updated_at = now;
  connection_.statement("DELETE FROM broker_connections WHERE id = ?").bind(id).run();
  connection_.statement("DELETE FROM hmt_accounts WHERE connection_id = ?").bind(id).run();
  insert_audit(connection_, store::connection_entry(*row, "connection_removed", actor));
  return transaction.commit("connection.remove");
}

void SqliteWriter::rest() {
  connection_.shorten_log();
}

// Nobody else writes while this file's lock is held.
Result<Changed> SqliteWriter::absorb(const store::Foreign&) {
  return Changed{};
}

std::unique_ptr<store::Reader> SqliteWriter::reader() {
  return std::make_unique<SqliteReader>(connection_.path());
}

}  // namespace hmt::sqlite
