#include "postgres/reader.h"

#include <algorithm>
#include <map>

#include "postgres/rows.h"
#include "store/rules.h"

namespace hmt::postgres {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;
using store::Actor;
using Kind = Transaction::Kind;

constexpr base::Duration whole_table = std::chrono::seconds(60);

// A SELECT whose conditions are known when it is asked.
class Query {
 public:
  Query(const std::string& columns, std::string_view table)
      : sql_("SELECT " + columns + " FROM " + std::string(table)) {}

  // `condition` ends where the value goes.
  template <class Value>
  Query& where(std::string_view condition, const std::optional<Value>& value) {
    if (value) {
      then(fields_.list().empty() ? " WHERE " : " AND ").then(condition).bind(*value);
    }
    return *this;
  }

  template <class Value>
  Query& bind(const Value& value) {
    fields_.add(value);
    sql_ += "$" + std::to_string(fields_.list().size());
    return *this;
  }

  Query& then(std::string_view text) {
    sql_ += text;
    return *this;
  }

  std::size_t queue(Connection& connection) { return connection.queue(sql_, fields_); }

 private:
  std::string sql_;
  Fields fields_;
};

// What may still act has no last change yet.
constexpr auto open_until_forever =
    "CASE WHEN status IN ('active', 'firing') THEN 'infinity' ELSE updated_at END >= ";

std::int64_t limit_of(std::size_t asked) {
  return static_cast<std::int64_t>(store::page_limit(asked));
}

std::vector<model::Attempt> read_attempts(const Rows& rows, std::vector<std::string>* unreadable) {
  std::vector<model::Attempt> out;
  for (int i = 0; i < rows.size(); ++i) {
    std::string problem;
    auto attempt = read_attempt(rows.row(i), problem);
    if (problem.empty()) {
      out.push_back(std::move(attempt));
    } else if (unreadable) {
      unreadable->push_back("attempt " + attempt.tag + ": " + problem);
    }
  }
  return out;
}

// A million of them at times: through a cursor, from their index as they are wanted.
const std::string& active_triggers() {
  static const std::string sql =
      "DECLARE active NO SCROLL CURSOR FOR SELECT " + binary_trigger_columns +
      " FROM hmt_gtt_orders WHERE status = 'active' AND ($1::uuid IS NULL OR broker_connection_id "
      "= $1) ORDER BY hmt_gtt_orders.number";
  return sql;
}

// Of attempts, as of the day `$1`.
const std::string& is_open_or_of_today_or_lacks_its_end() {
  static const std::string sql =
      "(state IN ('queued', 'forwarded', 'unknown') OR trading_date >= $1 OR (trading_date >= "
      "$1::date - " +
      std::to_string(store::days_looked_back) +
      " AND state = 'placed' AND coalesce(order_status, '') NOT IN " + store::last_words + "))";
  return sql;
}

// Those that are not active: few, but for one that is made later.
const std::string& other_open_triggers() {
  static const std::string sql =
      "SELECT " + trigger_columns +
      " FROM hmt_gtt_orders WHERE status <> 'active' AND ($2::uuid IS NULL OR broker_connection_id "
      "= $2) AND id IN (SELECT id FROM hmt_gtt_orders WHERE status = 'firing' UNION SELECT "
      "trigger_id FROM hmt_order_attempts WHERE " +
      is_open_or_of_today_or_lacks_its_end() +
      " AND ($2::uuid IS NULL OR broker_connection_id = $2)) "
      "ORDER BY hmt_gtt_orders.number";
  return sql;
}

const std::string& open_attempts() {
  static const std::string sql =
      "SELECT " + attempt_columns +
      " FROM hmt_order_attempts WHERE ($2::uuid IS NULL OR broker_connection_id = $2) AND (" +
      is_open_or_of_today_or_lacks_its_end() +
      " OR (state IN ('not_placed', 'absent') AND EXISTS (SELECT FROM "
      "hmt_gtt_orders t WHERE t.id = trigger_id AND t.status = 'firing'))) "
      "ORDER BY hmt_order_attempts.number";
  return sql;
}

constexpr auto open_groups =
    "SELECT id, winner FROM hmt_groups g WHERE winner IS NOT NULL AND EXISTS (SELECT FROM "
    "hmt_gtt_orders t WHERE t.parent_id = g.id AND t.status = 'active' AND ($1::uuid IS NULL OR "
    "t.broker_connection_id = $1)) ORDER BY id";

const std::string& all_connections() {
  static const std::string sql = "SELECT " + connection_columns + ", " + sealed_columns +
                                 " FROM broker_connections ORDER BY number";
  return sql;
}

std::vector<TriggerRow> read_triggers(const Rows& rows) {
  std::vector<TriggerRow> out;
  for (int i = 0; i < rows.size(); ++i) out.push_back(read_trigger(rows.row(i)));
  return out;
}

std::vector<store::GroupWinner> read_winners(const Rows& rows) {
  std::vector<store::GroupWinner> out;
  for (int i = 0; i < rows.size(); ++i) {
    auto in = rows.row(i);
    const auto group = in.id<model::GroupId>();
    out.push_back({group, in.id<model::TriggerId>()});
  }
  return out;
}

constexpr auto the_switch = "SELECT stopped, why FROM hmt_engine_switch";

store::Switch read_switch(const Rows& rows) {
  if (rows.empty()) return {true, "the switch in the database is missing"};
  auto in = rows.front();
  store::Switch out{.stopped = in.flag(), .why = in.text()};
  if (!out.stopped) out.why.clear();
  return out;
}

std::vector<model::BrokerConnection> read_connections(const Rows& rows) {
  std::vector<model::BrokerConnection> out;
  for (int i = 0; i < rows.size(); ++i) {
    auto in = rows.row(i);
    out.push_back(read_connection(in));
    read_sealed(in, out.back());
  }
  return out;
}

// What the user may see of their connections, with the seals, which are the engine's alone.
Result<std::vector<model::BrokerConnection>> connections_of(Connection& connection,
                                                            model::UserId user) {
  Transaction transaction(connection, Kind::snapshot);
  connection.act_as(user);
  const auto seen =
      connection.queue("SELECT " + connection_columns +
                           " FROM broker_connections WHERE user_id = $1 ORDER BY number",
                       Fields(user));
  connection.act_as_engine();
  const auto sealed = connection.queue(
      "SELECT id, " + sealed_columns + " FROM broker_connections WHERE user_id = $1", Fields(user));
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  std::map<model::ConnectionId, int> seals;
  for (int i = 0; i < connection.rows(sealed).size(); ++i) {
    seals[connection.rows(sealed).row(i).id<model::ConnectionId>()] = i;
  }
  std::vector<model::BrokerConnection> out;
  for (int i = 0; i < connection.rows(seen).size(); ++i) {
    auto in = connection.rows(seen).row(i);
    out.push_back(read_connection(in));
    if (const auto at = seals.find(out.back().id); at != seals.end()) {
      auto columns = connection.rows(sealed).row(at->second);
      columns.skip();
      read_sealed(columns, out.back());
    }
  }
  return out;
}

}  // namespace

Result<model::Trigger> PostgresReader::trigger(model::TriggerId id, const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  if (actor.user) (*connection)->act_as(*actor.user);
  const auto at = Query(trigger_columns, "hmt_gtt_orders")
                      .where("id = ", std::optional(id))
                      .where("user_id = ", actor.user)
                      .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  const auto& rows = (*connection)->rows(at);
  if (rows.empty()) return store::no_such_trigger();
  auto found = read_trigger(rows.front());
  if (!found.problem.empty()) return fail(ErrorKind::corrupt, id.text() + ": " + found.problem);
  return std::move(found.trigger);
}

Result<store::TriggerPage> PostgresReader::triggers(const store::ListFilter& filter,
                                                    const Actor& actor) {
  const auto before = store::read_cursor(filter.cursor);
  if (!before) return std::unexpected(before.error());
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  const auto limit = limit_of(filter.limit);
  std::optional<std::string_view> status;
  if (filter.status) status = word(*filter.status);
  Transaction transaction(**connection, Kind::read);
  if (actor.user) (*connection)->act_as(*actor.user);
  const auto at = Query(trigger_columns, "hmt_gtt_orders")
                      .where("user_id = ", actor.user)
                      .where("status = ", status)
                      .where("instrument_token = ", filter.instrument_token)
                      .where(open_until_forever, filter.open_or_since)
                      .where("number < ", *before)
                      .then(" ORDER BY number DESC LIMIT ")
                      .bind(limit + 1)
                      .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  store::TriggerPage page;
  const auto& rows = (*connection)->rows(at);
  std::int64_t last = 0;
  for (int i = 0; i < rows.size() && i < limit; ++i) {
    auto row = read_trigger(rows.row(i));
    last = row.number;
    if (!row.problem.empty()) continue;
    page.triggers.push_back(std::move(row.trigger));
    page.numbers.push_back(last);
  }
  if (rows.size() > limit) page.next_cursor = std::to_string(last);
  return page;
}

Result<std::int64_t> PostgresReader::number_of(model::TriggerId id, const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  if (actor.user) (*connection)->act_as(*actor.user);
  const auto at = Query("number", "hmt_gtt_orders")
                      .where("id = ", std::optional(id))
                      .where("user_id = ", actor.user)
                      .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  const auto& rows = (*connection)->rows(at);
  if (rows.empty()) return store::no_such_trigger();
  return rows.front().integer();
}

Result<model::TriggerId> PostgresReader::numbered(std::int64_t number, const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  if (actor.user) (*connection)->act_as(*actor.user);
  const auto at = Query("id", "hmt_gtt_orders")
                      .where("number = ", std::optional(number))
                      .where("user_id = ", actor.user)
                      .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  const auto& rows = (*connection)->rows(at);
  if (rows.empty()) return store::no_such_trigger();
  return rows.front().id<model::TriggerId>();
}

Result<std::vector<model::Attempt>> PostgresReader::attempts(model::TriggerId id,
                                                             const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::snapshot);
  if (actor.user) (*connection)->act_as(*actor.user);
  const auto seen = Query("1", "hmt_gtt_orders")
                        .where("id = ", std::optional(id))
                        .where("user_id = ", actor.user)
                        .queue(**connection);
  const auto at = Query(attempt_columns, "hmt_order_attempts")
                      .where("trigger_id = ", std::optional(id))
                      .where("user_id = ", actor.user)
                      .then(" ORDER BY hmt_order_attempts.number")
                      .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  if ((*connection)->rows(seen).empty()) return store::no_such_trigger();
  return read_attempts((*connection)->rows(at), nullptr);
}

Result<std::vector<model::Attempt>> PostgresReader::recent_attempts(std::size_t limit,
                                                                    const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  if (actor.user) (*connection)->act_as(*actor.user);
  const auto at = Query(attempt_columns, "hmt_order_attempts")
                      .where("user_id = ", actor.user)
                      .then(" ORDER BY hmt_order_attempts.number DESC LIMIT ")
                      .bind(limit_of(limit))
                      .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return read_attempts((*connection)->rows(at), nullptr);
}

Result<std::vector<store::AuditRow>> PostgresReader::audit(const store::AuditFilter& filter,
                                                           const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  if (actor.user) (*connection)->act_as(*actor.user);
  const auto at =
      Query(audit_columns, "hmt_audit")
          .where("number > ", std::optional(filter.after))
          .where("number < ", filter.before)
          .where("trigger_id = ", filter.trigger)
          .where("user_id = ", actor.user)
          .then(filter.before ? " ORDER BY number DESC LIMIT " : " ORDER BY number LIMIT ")
          .bind(limit_of(filter.limit))
          .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  std::vector<store::AuditRow> out;
  const auto& rows = (*connection)->rows(at);
  for (int i = 0; i < rows.size(); ++i) out.push_back(read_audit(rows.row(i)));
  return out;
}

Result<std::int64_t> PostgresReader::last_event() {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  const auto at = (*connection)->queue("SELECT last FROM hmt_event_counter");
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  const auto& rows = (*connection)->rows(at);
  return rows.empty() ? 0 : rows.front().integer();
}

Result<std::optional<std::string>> PostgresReader::kept_answer(const std::string& key,
                                                               const std::string& request_hash,
                                                               const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  const auto at = Query("request_hash, answer", "hmt_idempotency")
                      .where("actor = ", std::optional(actor.name))
                      .where("key = ", std::optional(key))
                      .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  const auto& rows = (*connection)->rows(at);
  if (rows.empty()) return std::nullopt;
  auto in = rows.front();
  if (in.text() != request_hash) return std::unexpected(store::key_conflict().error());
  return in.text();
}

Result<void> PostgresReader::recovery(base::TradingDate since,
                                      std::optional<model::ConnectionId> only,
                                      const store::TakePart& take) {
  auto loan = pool_->take();
  if (!loan) return std::unexpected(loan.error());
  auto& connection = **loan;
  Transaction transaction(connection, Kind::snapshot);
  connection.take_time(whole_table);
  const auto others = connection.queue(other_open_triggers(), Fields(since, only));
  const auto winners = connection.queue(open_groups, Fields(only));
  const auto attempts = connection.queue(open_attempts(), Fields(since, only));
  const auto stop = connection.queue(the_switch);
  connection.queue(active_triggers(), Fields(only));
  connection.exchange();
  store::Recovery first;
  const auto now = read_switch(connection.rows(stop));
  first.stopped = now.stopped;
  first.stopped_why = now.why;
  first.winners = read_winners(connection.rows(winners));
  first.attempts = read_attempts(connection.rows(attempts), &first.unreadable);
  store::RecoveryParts parts(std::move(first), read_triggers(connection.rows(others)), take);
  connection.fetch("active", [&](const Rows& rows) {
    for (int i = 0; i < rows.size(); ++i) parts.add(read_trigger(rows.row(i), parts.place()));
  });
  parts.finish();
  return transaction.commit();
}

Result<store::Switch> PostgresReader::engine_switch() {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  const auto at = (*connection)->queue(the_switch);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return read_switch((*connection)->rows(at));
}

Result<base::Duration> PostgresReader::lease_left() {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  const auto& found = (*connection)
                          ->ask(
                              "SELECT greatest(0, ceil(extract(epoch FROM expires_at - "
                              "clock_timestamp()) * 1000))::bigint FROM hmt_lease");
  const auto left = found.empty() ? 0 : found.front().integer();
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return base::Duration(std::chrono::milliseconds(left));
}

Result<store::TriggerCounts> PostgresReader::counts(const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  if (actor.user) (*connection)->act_as(*actor.user);
  const auto at = Query(
                      "count(*) FILTER (WHERE status = 'active'), count(*) FILTER (WHERE status = "
                      "'triggered'), count(*) FILTER (WHERE status = 'failed')",
                      "hmt_gtt_orders")
                      .where("user_id = ", actor.user)
                      .queue(**connection);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  store::TriggerCounts out;
  const auto& rows = (*connection)->rows(at);
  if (rows.empty()) return out;
  auto in = rows.front();
  out.active = in.integer();
  out.triggered = in.integer();
  out.failed = in.integer();
  return out;
}

Result<std::vector<model::BrokerConnection>> PostgresReader::connections(const Actor& actor) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  if (actor.user) return connections_of(**connection, *actor.user);
  Transaction transaction(**connection, Kind::read);
  const auto at = (*connection)->queue(all_connections());
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return read_connections((*connection)->rows(at));
}

Result<model::BrokerConnection> PostgresReader::connection(model::ConnectionId id,
                                                           const Actor& actor) {
  auto all = connections(actor);
  if (!all) return std::unexpected(all.error());
  const auto found = std::ranges::find(*all, id, &model::BrokerConnection::id);
  if (found == all->end()) return store::no_such_connection();
  return std::move(*found);
}

Result<std::vector<store::Held>> PostgresReader::active_rows(std::optional<model::TriggerId> after,
                                                             std::size_t limit) {
  auto connection = pool_->take();
  if (!connection) return std::unexpected(connection.error());
  Transaction transaction(**connection, Kind::read);
  const auto at =
      (*connection)
          ->queue(
              "SELECT id, version, broker_connection_id FROM hmt_gtt_orders WHERE status = "
              "'active' AND ($1::uuid IS NULL OR id > $1) ORDER BY id LIMIT $2::bigint",
              Fields(after, static_cast<std::int64_t>(limit)));
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  std::vector<store::Held> out;
  const auto& rows = (*connection)->rows(at);
  out.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    auto in = rows.row(i);
    const auto id = in.id<model::TriggerId>();
    const auto version = in.integer();
    out.push_back(
        {id, version, in.optional_id<model::ConnectionId>().value_or(model::ConnectionId{})});
  }
  return out;
}

}  // namespace hmt::postgres
