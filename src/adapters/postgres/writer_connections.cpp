#include <utility>

#include "postgres/writer.h"
#include "store/rules.h"

// Broker connections, and what others than this writer have changed.
namespace hmt::postgres {
namespace {

using base::Instant;
using base::Result;
using Kind = Transaction::Kind;

constexpr std::int64_t numbered_at_once = 1000;  // claims wait meanwhile

model::BrokerConnection whole_connection(Columns in) {
  auto out = read_connection(in);
  read_sealed(in, out);
  return out;
}

const std::string& insert_connection() {
  static const std::string sql = "INSERT INTO broker_connections (" + connection_shape.list() +
                                 ") VALUES (" + connection_shape.values() + ")";
  return sql;
}

const std::string& update_connection() {
  static const std::string sql = exactly(
      "UPDATE broker_connections SET broker = u.broker, name = u.name, account = u.account, "
      "sealed_api_key = u.sealed_api_key, sealed_api_secret = u.sealed_api_secret, "
      "sealed_access_token = u.sealed_access_token, session_expires_at = u.session_expires_at, "
      "enabled = u.enabled, version = u.version, updated_at = u.updated_at FROM (VALUES (" +
          connection_shape.values() + ")) AS u (" + connection_shape.list() +
          ") WHERE broker_connections.id = u.id",
      connection_shape.count() + 1);
  return sql;
}

constexpr auto number_them =
    "WITH lease AS (SELECT epoch = $1::bigint OR expires_at <= clock_timestamp() AS ours "
    "FROM hmt_lease FOR KEY SHARE), counter AS (SELECT last FROM hmt_event_counter "
    "WHERE (SELECT ours FROM lease) FOR UPDATE), untold AS (SELECT id, row_number() OVER (ORDER BY "
    "id) AS n FROM hmt_audit WHERE number IS NULL AND EXISTS (SELECT FROM counter) ORDER BY id "
    "LIMIT $2), told AS (UPDATE hmt_audit a SET number = (SELECT last FROM counter) + u.n FROM "
    "untold u WHERE a.id = u.id RETURNING number), grown AS (UPDATE hmt_event_counter SET last = "
    "greatest(last, (SELECT max(number) FROM told)) WHERE EXISTS (SELECT FROM told) RETURNING last)"
    " SELECT max(last) FROM grown";

}  // namespace

Result<std::optional<model::BrokerConnection>> PostgresWriter::connection_for_update(
    model::ConnectionId id) {
  static const std::string sql = "SELECT " + connection_columns + ", " + sealed_columns +
                                 " FROM broker_connections WHERE id = $1 FOR UPDATE";
  const auto& rows = connection_.ask(sql, Fields(id));
  if (auto read = connection_.outcome(); !read) return std::unexpected(read.error());
  if (rows.empty()) return std::nullopt;
  return whole_connection(rows.front());
}

Result<model::BrokerConnection> PostgresWriter::put_connection(
    const model::BrokerConnection& connection, std::optional<std::int64_t> version,
    const std::string& event, const store::Actor& actor, Instant now) {
  Transaction transaction(connection_, Kind::write);
  const auto before = connection_for_update(connection.id);
  if (!before) return std::unexpected(before.error());
  auto row = store::connection_row(connection, *before ? &**before : nullptr, version, actor,
                                   to_microseconds(now));
  if (!row) return std::unexpected(row.error());
  if (row->session_expires_at) row->session_expires_at = to_microseconds(*row->session_expires_at);
  auto values = connection_fields(*row);
  if (*before) {
    connection_.queue(update_connection(), values.add(1));
  } else {
    connection_.queue(insert_connection(), values);
  }
  tell_change({}, row->id);
  tell(store::connection_entry(*row, event, actor));
  if (auto done = transaction.commit("connection"); !done) return std::unexpected(done.error());
  return row;
}

Result<void> PostgresWriter::remove_connection(model::ConnectionId id, const store::Actor& actor,
                                               Instant now) {
  Transaction transaction(connection_, Kind::write);
  const auto found = connection_for_update(id);
  if (!found) return std::unexpected(found.error());
  if (!*found || !store::may_see(actor, (*found)->user_id)) return store::no_such_connection();
  const auto& standing = connection_.ask(
      "SELECT 1 FROM hmt_gtt_orders WHERE broker_connection_id = $1 AND status IN ('active', "
      "'firing') LIMIT 1",
      Fields(id));
  if (!standing.empty()) return store::connection_in_use();
  auto row = **found;
  row.updated_at = now;
  connection_.queue(exactly("DELETE FROM broker_connections WHERE id = $1", 2), Fields(id, 1));
  tell_change({}, id);
  tell(store::connection_entry(row, "connection_removed", actor));
  return transaction.commit("connection.remove");
}

Result<store::Changed> PostgresWriter::absorb(const store::Foreign& foreign) {
  static const std::string triggers_sql =
      "SELECT " + trigger_columns + " FROM hmt_gtt_orders WHERE id = ANY ($1::uuid[])";
  static const std::string connections_sql = "SELECT " + connection_columns + ", " +
                                             sealed_columns +
                                             " FROM broker_connections WHERE id = ANY ($1::uuid[])";
  Transaction transaction(connection_, Kind::write);
  const auto numbered = connection_.queue(number_them, Fields(epoch_, numbered_at_once));
  const auto triggers = connection_.queue(triggers_sql, Fields().add_array(foreign.triggers));
  const auto connections =
      connection_.queue(connections_sql, Fields().add_array(foreign.connections));
  if (auto done = transaction.commit("absorb"); !done) return std::unexpected(done.error());

  store::Changed out;
  out.last_event = number_of(connection_.rows(numbered));
  std::map<model::TriggerId, TriggerRow> rows;
  for (int i = 0; i < connection_.rows(triggers).size(); ++i) {
    auto row = read_trigger(connection_.rows(triggers).row(i));
    rows.emplace(row.trigger.id, std::move(row));
  }
  for (const auto id : foreign.triggers) {
    const auto at = rows.find(id);
    if (at == rows.end()) {
      out.removed.push_back(id);
    } else if (at->second.problem.empty()) {
      out.triggers.push_back(at->second.trigger);
    }
  }
  std::map<model::ConnectionId, model::BrokerConnection> standing;
  for (int i = 0; i < connection_.rows(connections).size(); ++i) {
    auto row = whole_connection(connection_.rows(connections).row(i));
    standing.emplace(row.id, std::move(row));
  }
  for (const auto id : foreign.connections) {
    const auto at = standing.find(id);
    if (at == standing.end()) {
      out.removed_connections.push_back(id);
    } else {
      out.connections.push_back(at->second);
    }
  }
  return out;
}

}  // namespace hmt::postgres
