#include <algorithm>
#include <utility>

#include "store/memory_state.h"
#include "store/rules.h"

namespace hmt::store {

using base::ErrorKind;
using base::fail;
using model::Attempt;
using model::AuditEntry;
using model::Trigger;
using model::TriggerId;
using model::TriggerStatus;

namespace {

using State = MemoryStore::State;

Standing standing_of(const State& state, const Attempt& wanted) {
  const auto at = state.by_tag.find(wanted.tag);
  if (at != state.by_tag.end()) {
    const auto& found = state.attempts[at->second];
    const bool same = found.trigger_id == wanted.trigger_id && found.fire_no == wanted.fire_no &&
                      found.lease_epoch == wanted.lease_epoch;
    return same ? Standing::same : Standing::other;
  }
  const auto* taken = state.attempt_at(wanted.trigger_id, wanted.fire_no, wanted.attempt_no);
  return taken ? Standing::other : Standing::none;
}

class MemoryWriter : public Writer {
 public:
  explicit MemoryWriter(std::shared_ptr<State> state)
      : state_(std::move(state)), number_(++state_->writers) {}

  Result<std::int64_t> take_lease(const std::string& holder, Instant now) override;
  std::optional<base::Duration> lease_lasts() const override { return state_->lease_lasts; }
  Result<void> give_up_lease(std::int64_t epoch) override;
  Result<void> bind_account(model::ConnectionId connection, const std::string& venue,
                            const std::string& account, Instant now) override;
  Result<std::vector<ClaimVerdict>> claim(std::span<const Claim> claims, Changed& changed) override;
  Result<Changed> record(std::int64_t epoch, std::span<const Record> records) override;
  Result<Written> create(const Trigger& trigger, const Actor& actor, const Idempotency* idempotency,
                         Instant now) override;
  Result<Written> edit(const Trigger& edited, std::int64_t version, const Actor& actor,
                       const Idempotency* idempotency, Instant now) override;
  Result<Written> cancel(TriggerId id, std::optional<std::int64_t> version, const Actor& actor,
                         const Idempotency* idempotency, Instant now) override;
  Result<std::int64_t> set_stopped(bool stopped, const std::string& why, const Actor& actor,
                                   Instant now) override;
  Result<std::int64_t> note(const AuditEntry& entry) override;
  Result<model::BrokerConnection> put_connection(const model::BrokerConnection& connection,
                                                 std::optional<std::int64_t> version,
                                                 const std::string& event, const Actor& actor,
                                                 Instant now) override;
  Result<void> remove_connection(model::ConnectionId id, const Actor& actor, Instant now) override;
  Result<Changed> absorb(const Foreign& foreign) override;
  std::unique_ptr<Reader> reader() override;
  std::unique_ptr<Follower> follower() override;

 private:
  Result<void> begin();
  // The answer of a write that has happened.
  template <class T>
  Result<T> answer(T value);

  ClaimVerdict judge_claim(const Claim& claim, Changed& changed);
  Result<void> check_attempts(std::span<const Record> records) const;
  void put(const Record& record, Changed& changed);
  bool put_expiry(const Expiry& expiry, Instant at, Changed& changed);
  void put_outcome(const TriggerOutcome& outcome, Instant at, Changed& changed);
  void put_outcome_of_gone(const TriggerOutcome& outcome, Instant at, Changed& changed);
  void put_group(const Trigger& row, GroupAction action, Instant at, Changed& changed);
  Result<std::optional<Written>> kept_answer(const Actor& actor, const Idempotency* key,
                                             Instant now);
  Result<void> check_group_of(const Trigger& row, bool joins) const;
  Result<Written> finish(const Trigger& row, AuditEntry entry, const Actor& actor,
                         const Idempotency* key, Instant now);

  std::shared_ptr<State> state_;
  const int number_;
};

class MemoryFollower : public Follower {
 public:
  MemoryFollower(std::shared_ptr<State> state, int writer)
      : state_(std::move(state)),
        writer_(writer),
        seen_(state_->changes.size()),
        dropped_(state_->times_dropped) {}

  Result<Foreign> changes() override;
  Result<void> renew_lease(std::int64_t epoch) override;

 private:
  std::shared_ptr<State> state_;
  const int writer_;
  std::size_t seen_;
  int dropped_;
};

Result<Foreign> MemoryFollower::changes() {
  if (state_->failing > 0) return fail(ErrorKind::unavailable, "the database cannot be reached");
  Foreign out;
  out.now = {state_->stopped, state_->stopped_why};
  out.set = std::to_string(state_->times_set);
  out.missed = std::exchange(dropped_, state_->times_dropped) != state_->times_dropped;
  if (out.missed) seen_ = state_->changes.size();
  for (; seen_ < state_->changes.size(); ++seen_) {
    const auto& change = state_->changes[seen_];
    if (change.writer == writer_) continue;
    if (change.trigger) out.triggers.push_back(*change.trigger);
    if (change.connection) out.connections.push_back(*change.connection);
  }
  return out;
}

Result<void> MemoryFollower::renew_lease(std::int64_t epoch) {
  if (state_->failing > 0 || state_->leases_held)
    return fail(ErrorKind::unavailable, "the database cannot be reached");
  if (state_->epoch != epoch) return lease_lost();
  state_->held_until = state_->clock() + *state_->lease_lasts;
  return {};
}

// ---- faults

Result<void> MemoryWriter::begin() {
  ++state_->writes;
  if (state_->failing <= 0) return {};
  --state_->failing;
  return fail(ErrorKind::unavailable, "the database cannot be reached");
}

template <class T>
Result<T> MemoryWriter::answer(T value) {
  if (state_->losing <= 0) return value;
  --state_->losing;
  return fail(ErrorKind::unavailable, "commit unknown: the answer of the database was lost");
}

// ---- the engine's writes

Result<std::int64_t> MemoryWriter::take_lease(const std::string& holder, Instant now) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  if (state_->lease_lasts) {
    if (holder != state_->holder && state_->clock() < state_->held_until) {
      return lease_held(state_->holder);
    }
    state_->held_until = state_->clock() + *state_->lease_lasts;
  }
  ++state_->epoch;
  state_->holder = holder;
  state_->add_audit(lease_entry(state_->epoch, holder, now));
  return answer(state_->epoch);
}

Result<void> MemoryWriter::give_up_lease(std::int64_t epoch) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  if (state_->epoch == epoch) state_->held_until = {};
  return {};
}

Result<void> MemoryWriter::bind_account(model::ConnectionId connection, const std::string& venue,
                                        const std::string& account, Instant) {
  const auto wanted = venue + " " + account;
  const auto at = state_->accounts.find(connection);
  const auto bound = at == state_->accounts.end() ? std::string() : at->second;
  const bool shared = std::ranges::any_of(state_->accounts, [&](const auto& entry) {
    return entry.first != connection && entry.second == wanted;
  });
  if (auto fits = check_account(bound, wanted, shared); !fits) return fits;
  if (bound == wanted) return {};
  if (auto up = begin(); !up) return std::unexpected(up.error());
  state_->accounts[connection] = wanted;
  return {};
}

ClaimVerdict MemoryWriter::judge_claim(const Claim& claim, Changed& changed) {
  auto* row = state_->find(claim.attempt.trigger_id);
  ClaimFacts facts;
  facts.lease_epoch = state_->epoch;
  facts.stopped = state_->stopped;
  facts.standing = standing_of(*state_, claim.attempt);
  facts.row = row;
  if (row) facts.winner = state_->winner_of(row->parent_id);
  const auto verdict = judge(claim, facts);
  if (verdict != ClaimVerdict::won) return verdict;
  apply_claim(*row, claim.attempt);
  if (row->parent_id) state_->winners[*row->parent_id] = row->id;
  state_->put_attempt(claim.attempt);
  changed.last_event = state_->add_audit(model::audit_of(claim));
  remember(changed, *row);
  return verdict;
}

Result<std::vector<ClaimVerdict>> MemoryWriter::claim(std::span<const Claim> claims,
                                                      Changed& changed) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  Changed written;
  std::vector<ClaimVerdict> verdicts;
  for (const auto& claim : claims) verdicts.push_back(judge_claim(claim, written));
  auto out = answer(std::move(verdicts));
  if (out) changed = std::move(written);
  return out;
}

// Before anything is written, so that a refused batch leaves no trace.
Result<void> MemoryWriter::check_attempts(std::span<const Record> records) const {
  std::map<std::tuple<TriggerId, std::int32_t, std::int32_t>, model::OrderTag> asked;
  for (const auto& record : records) {
    if (!record.attempt) continue;
    const auto& wanted = *record.attempt;
    const auto* stored = state_->attempt_at(wanted.trigger_id, wanted.fire_no, wanted.attempt_no);
    const auto place = std::tuple(wanted.trigger_id, wanted.fire_no, wanted.attempt_no);
    const auto& first = asked.emplace(place, wanted.tag).first->second;
    if (first != wanted.tag || (stored && stored->tag != wanted.tag)) return attempt_taken(wanted);
  }
  return {};
}

bool MemoryWriter::put_expiry(const Expiry& expiry, Instant at, Changed& changed) {
  auto* row = state_->find(expiry.id);
  if (!row || row->status != TriggerStatus::active || row->version != expiry.version) return false;
  apply_status(*row, TriggerStatus::expired, at);
  remember(changed, *row);
  return true;
}

void MemoryWriter::put_outcome(const TriggerOutcome& outcome, Instant at, Changed& changed) {
  auto* row = state_->find(outcome.id);
  if (!row) {
    put_outcome_of_gone(outcome, at, changed);
    return;
  }
  apply_outcome(*row, outcome, at);
  remember(changed, *row);
  put_group(*row, outcome.group, at, changed);
}

// Somebody has deleted the row: which group it was of is known where it has won one.
void MemoryWriter::put_outcome_of_gone(const TriggerOutcome& outcome, Instant at,
                                       Changed& changed) {
  Trigger gone;
  gone.id = outcome.id;
  for (const auto group : state_->groups_won_by(gone.id)) {
    gone.parent_id = group;
    put_group(gone, outcome.group, at, changed);
  }
}

void MemoryWriter::put_group(const Trigger& row, GroupAction action, Instant at, Changed& changed) {
  if (!row.parent_id || action == GroupAction::keep) return;
  const auto winner = state_->winner_of(row.parent_id);
  if (action == GroupAction::release) {
    if (winner == row.id) state_->winners.erase(*row.parent_id);
    return;
  }
  if (!winner) state_->winners[*row.parent_id] = row.id;
  for (auto& [number, sibling] : state_->rows) {
    if (sibling.parent_id != row.parent_id || sibling.id == row.id) continue;
    if (sibling.status != TriggerStatus::active) continue;
    apply_status(sibling, TriggerStatus::cancelled, at);
    changed.last_event = state_->add_audit(sibling_entry(sibling, row.id));
    remember(changed, sibling);
  }
}

void MemoryWriter::put(const Record& record, Changed& changed) {
  if (record.expiry && !put_expiry(*record.expiry, record.at, changed)) return;
  if (record.attempt) state_->put_attempt(*record.attempt);
  if (record.trigger) put_outcome(*record.trigger, record.at, changed);
  for (const auto& entry : record.audit) changed.last_event = state_->add_audit(entry);
}

Result<Changed> MemoryWriter::record(std::int64_t epoch, std::span<const Record> records) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  if (state_->epoch == 0 || state_->epoch != epoch) return lease_lost();
  if (state_->rows_held) return fail(ErrorKind::unavailable, "the row is held", held_row);
  if (auto free = check_attempts(records); !free) return std::unexpected(free.error());
  Changed changed;
  for (const auto& record : records) put(record, changed);
  return answer(std::move(changed));
}

// ---- people's writes

Result<std::optional<Written>> MemoryWriter::kept_answer(const Actor& actor, const Idempotency* key,
                                                         Instant now) {
  if (!key) return std::nullopt;
  if (auto fine = check_key(*key); !fine) return std::unexpected(fine.error());
  std::erase_if(state_->answers,
                [&](const auto& kept) { return kept.second.created_at < now - idempotency_kept; });
  const auto at = state_->answers.find({actor.name, key->key});
  if (at == state_->answers.end()) return std::nullopt;
  if (at->second.request_hash != key->request_hash) return key_conflict();
  Written out;
  out.replayed = at->second.answer;
  if (const auto* row = state_->find(at->second.trigger)) out.trigger = *row;
  return out;
}

Result<Written> MemoryWriter::finish(const Trigger& row, AuditEntry entry, const Actor& actor,
                                     const Idempotency* key, Instant now) {
  Written out;
  out.trigger = row;
  out.last_event = state_->add_audit(std::move(entry));
  state_->tell({.writer = number_, .trigger = row.id, .connection = {}});
  if (key) {
    state_->answers[{actor.name, key->key}] = {
        key->request_hash, key->render ? key->render(row) : std::string(), row.id, now};
  }
  return answer(std::move(out));
}

Result<void> MemoryWriter::check_group_of(const Trigger& row, bool joins) const {
  if (!row.parent_id) return {};
  const auto member = std::ranges::find_if(state_->rows, [&](const auto& other) {
    return other.second.parent_id == row.parent_id && other.second.id != row.id;
  });
  const bool decided = joins && state_->winner_of(row.parent_id);
  return check_group(row, member == state_->rows.end() ? nullptr : &member->second, decided);
}

Result<Written> MemoryWriter::create(const Trigger& trigger, const Actor& actor,
                                     const Idempotency* idempotency, Instant now) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  auto kept = kept_answer(actor, idempotency, now);
  if (!kept) return std::unexpected(kept.error());
  if (*kept) return std::move(**kept);
  const auto row = new_row(trigger, actor, now);
  if (state_->find(row.id)) return id_taken();
  if (auto fits = check_group_of(row, true); !fits) return std::unexpected(fits.error());
  state_->add_row(row);
  return finish(row, created_entry(row, actor), actor, idempotency, now);
}

Result<Written> MemoryWriter::edit(const Trigger& edited, std::int64_t version, const Actor& actor,
                                   const Idempotency* idempotency, Instant now) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  auto kept = kept_answer(actor, idempotency, now);
  if (!kept) return std::unexpected(kept.error());
  if (*kept) return std::move(**kept);
  auto* stored = state_->find(edited.id);
  if (!stored || !may_see(actor, stored->user_id)) return no_such_trigger();
  if (auto may = check_change(*stored, version); !may) return std::unexpected(may.error());
  auto row = *stored;
  apply_edit(row, edited, now);
  if (auto fits = check_group_of(row, row.parent_id != stored->parent_id); !fits) {
    return std::unexpected(fits.error());
  }
  const auto before = std::exchange(*stored, row);
  return finish(row, edited_entry(before, row, actor), actor, idempotency, now);
}

Result<Written> MemoryWriter::cancel(TriggerId id, std::optional<std::int64_t> version,
                                     const Actor& actor, const Idempotency* idempotency,
                                     Instant now) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  auto kept = kept_answer(actor, idempotency, now);
  if (!kept) return std::unexpected(kept.error());
  if (*kept) return std::move(**kept);
  auto* row = state_->find(id);
  if (!row || !may_see(actor, row->user_id)) return no_such_trigger();
  if (auto may = check_change(*row, version); !may) return std::unexpected(may.error());
  apply_status(*row, TriggerStatus::cancelled, now);
  return finish(*row, cancelled_entry(*row, actor), actor, idempotency, now);
}

Result<std::int64_t> MemoryWriter::set_stopped(bool stopped, const std::string& why,
                                               const Actor& actor, Instant now) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  state_->stopped = stopped;
  state_->stopped_why = stopped ? why : "";
  ++state_->times_set;
  return answer(state_->add_audit(switch_entry(stopped, why, actor, now)));
}

Result<std::int64_t> MemoryWriter::note(const AuditEntry& entry) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  return answer(state_->add_audit(entry));
}

// ---- broker connections, and what others write

Result<model::BrokerConnection> MemoryWriter::put_connection(
    const model::BrokerConnection& connection, std::optional<std::int64_t> version,
    const std::string& event, const Actor& actor, Instant now) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  auto* stored = state_->find(connection.id);
  auto row = connection_row(connection, stored, version, actor, now);
  if (!row) return row;
  if (stored) {
    *stored = *row;
  } else {
    state_->connections.push_back(*row);
  }
  state_->add_audit(connection_entry(*row, event, actor));
  state_->tell({.writer = number_, .trigger = {}, .connection = row->id});
  return answer(std::move(*row));
}

Result<void> MemoryWriter::remove_connection(model::ConnectionId id, const Actor& actor,
                                             Instant now) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  const auto* stored = state_->find(id);
  if (!stored || !may_see(actor, stored->user_id)) return no_such_connection();
  for (const auto& [number, row] : state_->rows) {
    const bool stands = row.status == TriggerStatus::active || row.status == TriggerStatus::firing;
    if (stands && row.broker_connection_id == id) return connection_in_use();
  }
  auto gone = *stored;
  gone.updated_at = now;
  std::erase_if(state_->connections, [id](const auto& row) { return row.id == id; });
  state_->accounts.erase(id);
  state_->add_audit(connection_entry(gone, "connection_removed", actor));
  state_->tell({.writer = number_, .trigger = {}, .connection = id});
  return {};
}

Result<Changed> MemoryWriter::absorb(const Foreign& foreign) {
  if (auto up = begin(); !up) return std::unexpected(up.error());
  Changed out;
  for (const auto id : foreign.triggers) {
    if (const auto* row = state_->find(id)) {
      out.triggers.push_back(*row);
    } else {
      out.removed.push_back(id);
    }
  }
  for (const auto id : foreign.connections) {
    if (const auto* row = state_->find(id)) {
      out.connections.push_back(*row);
    } else {
      out.removed_connections.push_back(id);
    }
  }
  out.last_event = static_cast<std::int64_t>(state_->audit.size());
  return answer(std::move(out));
}

std::unique_ptr<Reader> MemoryWriter::reader() {
  return make_memory_reader(state_);
}

std::unique_ptr<Follower> MemoryWriter::follower() {
  if (!state_->lease_lasts) return nullptr;
  return std::make_unique<MemoryFollower>(state_, number_);
}

}  // namespace

std::unique_ptr<Writer> make_memory_writer(std::shared_ptr<State> state) {
  return std::make_unique<MemoryWriter>(std::move(state));
}

}  // namespace hmt::store
