#include <utility>

#include "postgres/writer.h"
#include "store/rules.h"

// What people write: create, edit, cancel.
namespace hmt::postgres {
namespace {

using base::Error;
using base::ErrorKind;
using base::fail;
using base::Instant;
using base::Result;
using model::Trigger;
using model::TriggerId;
using store::Written;
using Kind = Transaction::Kind;

const std::string& one_for_update() {
  static const std::string sql =
      "SELECT " + trigger_columns + " FROM hmt_gtt_orders WHERE id = $1 FOR UPDATE";
  return sql;
}

const std::string& one_of_group() {
  static const std::string sql = "SELECT " + trigger_columns +
                                 " FROM hmt_gtt_orders WHERE parent_id = $1 AND id <> $2 "
                                 "ORDER BY hmt_gtt_orders.number LIMIT 1";
  return sql;
}

// By the user's rights: what a user may write.
const std::string& user_insert() {
  static const std::string sql =
      exactly("INSERT INTO hmt_gtt_orders (user_id, " + user_shape.list() + ") VALUES ($1::uuid, " +
                  user_shape.values(2) + ")",
              user_shape.count() + 2);
  return sql;
}

const std::string& user_update() {
  static const std::string sql = exactly("UPDATE hmt_gtt_orders SET " + user_shape.assignments() +
                                             " FROM (VALUES (" + user_shape.values() + ")) AS u (" +
                                             user_shape.list() + ") WHERE hmt_gtt_orders.id = u.id",
                                         user_shape.count() + 1);
  return sql;
}

// By the engine's: the rest of the row, as store/rules.h has decided it.
const std::string& engine_update() {
  static const std::string sql =
      exactly("UPDATE hmt_gtt_orders SET " + engine_shape.assignments() + " FROM (VALUES (" +
                  engine_shape.values() + ")) AS u (" + engine_shape.list() +
                  ") WHERE hmt_gtt_orders.id = u.id",
              engine_shape.count() + 1);
  return sql;
}

// A race that the reads before could not see.
Error as_told(Error error) {
  if (error.message.ends_with("hmt_gtt_orders_pkey")) return store::id_taken().error();
  if (error.message.ends_with("hmt_idempotency_pkey")) {
    return {ErrorKind::unavailable, "the same request is being written at this moment"};
  }
  return error;
}

}  // namespace

struct PostgresWriter::Write {
  const store::Actor& actor;
  const store::Idempotency* key;
  Instant now;
  fault::Step step;
};

struct PostgresWriter::Before {
  std::size_t kept = 0;
  std::size_t row = 0;
  std::size_t winner = 0;
  std::size_t member = 0;
};

// One round trip: everything that such a write is judged by. The row is locked before its group, as
// claims do.
PostgresWriter::Before PostgresWriter::look(const Write& write, TriggerId id,
                                            std::optional<model::GroupId> group) {
  Before out;
  if (write.key) {
    connection_.queue("DELETE FROM hmt_idempotency WHERE created_at < $1",
                      Fields(write.now - store::idempotency_kept));
    out.kept = connection_.queue(
        "SELECT request_hash, answer, trigger_id FROM hmt_idempotency WHERE actor = $1 AND key = "
        "$2",
        Fields(write.actor.name, write.key->key));
  }
  if (write.actor.user) connection_.act_as(*write.actor.user);
  out.row = connection_.queue(one_for_update(), Fields(id));
  if (write.actor.user) connection_.act_as_engine();
  if (group) {
    connection_.queue("INSERT INTO hmt_groups (id) VALUES ($1) ON CONFLICT DO NOTHING",
                      Fields(*group));
    out.winner =
        connection_.queue("SELECT winner FROM hmt_groups WHERE id = $1 FOR UPDATE", Fields(*group));
    out.member = connection_.queue(one_of_group(), Fields(*group, id));
  }
  connection_.exchange();
  return out;
}

Result<std::optional<Written>> PostgresWriter::kept_answer(const Write& write,
                                                           const Before& before) {
  if (auto read = connection_.outcome(); !read) return std::unexpected(read.error());
  if (!write.key) return std::nullopt;
  const auto& kept = connection_.rows(before.kept);
  if (kept.empty()) return std::nullopt;
  auto in = kept.front();
  if (in.text() != write.key->request_hash) return std::unexpected(store::key_conflict().error());
  Written out;
  out.replayed = in.text();
  const auto& row = connection_.ask(one_for_update(), Fields(in.id<TriggerId>()));
  if (!row.empty()) out.trigger = read_trigger(row.front()).trigger;
  return out;
}

// Runs a write under the role of whom it is for.
void PostgresWriter::as_user(const Write& write, const std::string& sql, const Fields& values) {
  if (write.actor.user) connection_.act_as(*write.actor.user);
  connection_.queue(sql, values);
  if (write.actor.user) connection_.act_as_engine();
}

Result<Written> PostgresWriter::finish(Transaction& transaction, const Trigger& row,
                                       const model::AuditEntry& entry, const Write& write) {
  Written out;
  out.trigger = row;
  connection_.queue(engine_update(), engine_fields(row).add(1));
  if (write.key) {
    const auto answer = write.key->render ? write.key->render(row) : std::string();
    connection_.queue(
        "INSERT INTO hmt_idempotency (actor, key, request_hash, trigger_id, answer, created_at) "
        "VALUES ($1, $2, $3, $4, $5, $6)",
        Fields(write.actor.name, write.key->key, write.key->request_hash, row.id, answer,
               write.now));
  }
  tell_change(row.id, {});
  const auto number = tell(entry);
  if (auto done = transaction.commit(write.step); !done)
    return std::unexpected(as_told(done.error()));
  out.last_event = number_of(connection_.rows(number));
  return out;
}

Result<void> PostgresWriter::check_group_of(const Before& before, const Trigger& row, bool joins) {
  if (!row.parent_id) return {};
  const auto& winner = connection_.rows(before.winner);
  const auto& member = connection_.rows(before.member);
  const bool decided = joins && !winner.empty() && !winner.front().is_null();
  std::optional<Trigger> other;
  if (!member.empty()) other = read_trigger(member.front()).trigger;
  return store::check_group(row, other ? &*other : nullptr, decided);
}

// The row that may be changed now.
Result<Trigger> PostgresWriter::change_of(const Before& before, const Write& write,
                                          std::optional<std::int64_t> version) {
  const auto& found = connection_.rows(before.row);
  if (found.empty()) return std::unexpected(store::no_such_trigger().error());
  auto row = read_trigger(found.front());
  if (!store::may_see(write.actor, row.trigger.user_id)) return store::no_such_trigger();
  if (!row.problem.empty()) {
    return fail(ErrorKind::corrupt, row.trigger.id.text() + " cannot be read: " + row.problem);
  }
  if (auto may = store::check_change(row.trigger, version); !may) {
    return std::unexpected(may.error());
  }
  return std::move(row.trigger);
}

Result<Written> PostgresWriter::create(const Trigger& trigger, const store::Actor& actor,
                                       const store::Idempotency* idempotency, Instant now) {
  const Write write{actor, idempotency, now, "create"};
  if (idempotency) {
    if (auto fine = store::check_key(*idempotency); !fine) return std::unexpected(fine.error());
  }
  auto row = store::new_row(trigger, actor, now);
  as_kept(row);
  Transaction transaction(connection_, Kind::write);
  const auto before = look(write, row.id, row.parent_id);
  auto kept = kept_answer(write, before);
  if (!kept) return std::unexpected(kept.error());
  if (*kept) return std::move(**kept);
  if (!connection_.rows(before.row).empty()) return std::unexpected(store::id_taken().error());
  if (auto fits = check_group_of(before, row, true); !fits) return std::unexpected(fits.error());
  Fields values(or_null(row.user_id));
  values.add_all(user_fields(row));
  as_user(write, user_insert(), values.add(1));
  return finish(transaction, row, store::created_entry(row, actor), write);
}

Result<Written> PostgresWriter::edit(const Trigger& edited, std::int64_t version,
                                     const store::Actor& actor,
                                     const store::Idempotency* idempotency, Instant now) {
  const Write write{actor, idempotency, now, "edit"};
  if (idempotency) {
    if (auto fine = store::check_key(*idempotency); !fine) return std::unexpected(fine.error());
  }
  Transaction transaction(connection_, Kind::write);
  const auto before = look(write, edited.id, edited.parent_id);
  auto kept = kept_answer(write, before);
  if (!kept) return std::unexpected(kept.error());
  if (*kept) return std::move(**kept);
  const auto former = change_of(before, write, version);
  if (!former) return std::unexpected(former.error());
  auto row = *former;
  store::apply_edit(row, edited, now);
  as_kept(row);
  const bool joins = row.parent_id != former->parent_id;
  if (auto fits = check_group_of(before, row, joins); !fits) return std::unexpected(fits.error());
  as_user(write, user_update(), user_fields(row).add(1));
  return finish(transaction, row, store::edited_entry(*former, row, actor), write);
}

Result<Written> PostgresWriter::cancel(TriggerId id, std::optional<std::int64_t> version,
                                       const store::Actor& actor,
                                       const store::Idempotency* idempotency, Instant now) {
  const Write write{actor, idempotency, now, "cancel"};
  if (idempotency) {
    if (auto fine = store::check_key(*idempotency); !fine) return std::unexpected(fine.error());
  }
  Transaction transaction(connection_, Kind::write);
  const auto before = look(write, id, std::nullopt);
  auto kept = kept_answer(write, before);
  if (!kept) return std::unexpected(kept.error());
  if (*kept) return std::move(**kept);
  auto row = change_of(before, write, version);
  if (!row) return std::unexpected(row.error());
  store::apply_status(*row, model::TriggerStatus::cancelled, now);
  as_kept(*row);
  as_user(write, exactly("UPDATE hmt_gtt_orders SET status = 'cancelled' WHERE id = $1", 2),
          Fields(id, 1));
  return finish(transaction, *row, store::cancelled_entry(*row, actor), write);
}

}  // namespace hmt::postgres
