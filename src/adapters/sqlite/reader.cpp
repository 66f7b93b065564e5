#include "sqlite/reader.h"

#include "sqlite/rows.h"
#include "store/rules.h"

namespace hmt::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;
using store::Actor;

// A SELECT whose conditions are known when it is asked; values follow in the conditions' order.
class Query {
 public:
  Query(const std::string& columns, std::string_view table)
      : sql_("SELECT " + columns + " FROM " + std::string(table)) {}

  void where(std::string_view condition, bool wanted) {
    if (!wanted) return;
    sql_ += any_ ? " AND " : " WHERE ";
    sql_ += condition;
    any_ = true;
  }

  Query& then(std::string_view text) {
    sql_ += text;
    return *this;
  }

  const std::string& sql() const { return sql_; }

 private:
  std::string sql_;
  bool any_ = false;
};

template <class Value>
void bind_if(Statement& statement, const std::optional<Value>& value) {
  if (value) statement.bind(*value);
}

void read_attempts(Statement& statement, std::vector<model::Attempt>& out,
                   std::vector<std::string>* unreadable) {
  while (statement.step()) {
    std::string problem;
    auto attempt = read_attempt(statement, problem);
    if (problem.empty()) {
      out.push_back(std::move(attempt));
    } else if (unreadable) {
      unreadable->push_back("attempt " + attempt.tag + ": " + problem);
    }
  }
}

// A condition that stands behind others; its value is bound with `bind_if`.
std::string and_if(const std::optional<model::ConnectionId>& only, std::string_view condition) {
  return only ? " AND " + std::string(condition) : std::string();
}

// Of the attempts `a`; of its two dates the second is the earlier. The plus keeps SQLite from the
// index of states, where all that was ever placed stands.
const std::string& is_open_or_of_today_or_lacks_its_end() {
  static const std::string sql =
      "(a.state IN ('queued', 'forwarded', 'unknown') OR a.trading_date >= ? OR (a.trading_date >= "
      "? AND +a.state = 'placed' AND coalesce(a.order_status, '') NOT IN " +
      std::string(store::last_words) + "))";
  return sql;
}

void bind_dates(Statement& rows, base::TradingDate since) {
  const base::TradingDate before{since.days - store::days_looked_back};
  rows.bind(std::string_view(since.text()), std::string_view(before.text()));
}

// Those that are not active: few, but for one that is made later.
std::vector<TriggerRow> read_other_open_triggers(Connection& connection, base::TradingDate since,
                                                 const std::optional<model::ConnectionId>& only) {
  const auto sql =
      "SELECT " + trigger_columns +
      " FROM hmt_gtt_orders WHERE status <> 'active' AND number IN ("
      "SELECT number FROM hmt_gtt_orders WHERE status = 'firing' UNION "
      "SELECT t.number FROM hmt_order_attempts a JOIN hmt_gtt_orders t ON t.id = a.trigger_id "
      "WHERE " +
      is_open_or_of_today_or_lacks_its_end() + ")" + and_if(only, "broker_connection_id = ?") +
      " ORDER BY number";
  std::vector<TriggerRow> out;
  auto rows = connection.statement(sql);
  bind_dates(rows, since);
  bind_if(rows, only);
  while (rows.step()) out.push_back(read_trigger(rows));
  return out;
}

void read_open_attempts(Connection& connection, base::TradingDate since,
                        const std::optional<model::ConnectionId>& only, store::Recovery& out) {
  const auto sql =
      "SELECT " + attempt_columns +
      " FROM hmt_order_attempts WHERE number IN ("
      "SELECT number FROM hmt_order_attempts a WHERE " +
      is_open_or_of_today_or_lacks_its_end() +
      " UNION "
      "SELECT a.number FROM hmt_order_attempts a JOIN hmt_gtt_orders t ON t.id = a.trigger_id "
      "WHERE a.state IN ('not_placed', 'absent') AND t.status = 'firing')" +
      and_if(only, "broker_connection_id = ?") + " ORDER BY number";
  auto rows = connection.statement(sql);
  bind_dates(rows, since);
  bind_if(rows, only);
  read_attempts(rows, out.attempts, &out.unreadable);
}

void read_winners(Connection& connection, const std::optional<model::ConnectionId>& only,
                  store::Recovery& out) {
  const auto sql =
      "SELECT id, winner FROM hmt_groups g WHERE winner IS NOT NULL AND EXISTS (SELECT 1 FROM "
      "hmt_gtt_orders t WHERE t.parent_id = g.id AND t.status = 'active'" +
      and_if(only, "t.broker_connection_id = ?") + ") ORDER BY id";
  auto rows = connection.statement(sql);
  bind_if(rows, only);
  while (rows.step()) {
    auto in = rows.columns();
    store::GroupWinner winner;
    winner.group = in.id<model::GroupId>();
    winner.winner = in.id<model::TriggerId>();
    if (in.problem().empty()) {
      out.winners.push_back(winner);
    } else {
      out.unreadable.push_back("group: " + in.problem());
    }
  }
}

// The active ones, a million of them at times, come from their index as they are wanted, and are
// neither collected nor sorted first.
void read_active_triggers(Connection& connection, const std::optional<model::ConnectionId>& only,
                          store::RecoveryParts& parts) {
  const auto sql = "SELECT " + trigger_columns + " FROM hmt_gtt_orders WHERE status = 'active'" +
                   and_if(only, "broker_connection_id = ?") + " ORDER BY number";
  auto rows = connection.statement(sql);
  bind_if(rows, only);
  while (rows.step()) parts.add(read_trigger(rows, parts.place()));
}

store::Switch read_switch(Connection& connection) {
  auto row = connection.statement("SELECT stopped, why FROM hmt_engine_switch");
  if (!row.step()) return {true, "the switch in the database is missing"};
  auto in = row.columns();
  store::Switch out{.stopped = in.integer() != 0, .why = in.text()};
  if (!out.stopped) out.why.clear();
  return out;
}

std::vector<model::BrokerConnection> read_connections(Connection& connection) {
  static const std::string sql =
      "SELECT " + connection_columns + " FROM broker_connections ORDER BY number";
  std::vector<model::BrokerConnection> out;
  auto rows = connection.statement(sql);
  while (rows.step()) out.push_back(read_connection(rows));
  return out;
}

}  // namespace

Result<void> SqliteReader::connect() {
  if (connection_) return {};
  auto opened = Connection::open(path_, Access::read);
  if (!opened) return std::unexpected(opened.error());
  connection_ = std::move(*opened);
  return {};
}

Result<model::Trigger> SqliteReader::trigger(model::TriggerId id, const Actor& actor) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Transaction transaction(*connection_, Transaction::Kind::read);
  std::optional<TriggerRow> found;
  {
    static const std::string sql =
        "SELECT " + trigger_columns + " FROM hmt_gtt_orders WHERE id = ?";
    auto row = connection_->statement(sql);
    row.bind(id);
    if (row.step()) found = read_trigger(row);
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  if (!found || !store::may_see(actor, found->trigger.user_id)) return store::no_such_trigger();
  if (!found->problem.empty()) return fail(ErrorKind::corrupt, id.text() + ": " + found->problem);
  return std::move(found->trigger);
}

Result<store::TriggerPage> SqliteReader::triggers(const store::ListFilter& filter,
                                                  const Actor& actor) {
  const auto before = store::read_cursor(filter.cursor);
  if (!before) return std::unexpected(before.error());
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  const auto limit = store::page_limit(filter.limit);
  Query query(trigger_columns, "hmt_gtt_orders");
  query.where("user_id = ?", actor.user.has_value());
  query.where("status = ?", filter.status.has_value());
  query.where("instrument_token = ?", filter.instrument_token.has_value());
  query.where("(status IN ('active', 'firing') OR updated_at >= ?)",
              filter.open_or_since.has_value());
  query.where("number < ?", before->has_value());
  query.then(" ORDER BY number DESC LIMIT ?");

  store::TriggerPage page;
  std::int64_t last = 0;
  std::size_t seen = 0;
  Transaction transaction(*connection_, Transaction::Kind::read);
  {
    auto rows = connection_->statement(query.sql());
    bind_if(rows, actor.user);
    if (filter.status) rows.bind(word(*filter.status));
    if (filter.instrument_token) rows.bind(static_cast<std::int64_t>(*filter.instrument_token));
    bind_if(rows, filter.open_or_since);
    bind_if(rows, *before);
    rows.bind(static_cast<std::int64_t>(limit + 1));
    while (rows.step()) {
      auto row = read_trigger(rows);
      if (++seen > limit) break;
      last = row.number;
      if (!row.problem.empty()) continue;
      page.triggers.push_back(std::move(row.trigger));
      page.numbers.push_back(last);
    }
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  if (seen > limit) page.next_cursor = std::to_string(last);
  return page;
}

Result<std::int64_t> SqliteReader::number_of(model::TriggerId id, const Actor& actor) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  std::optional<std::int64_t> number;
  Transaction transaction(*connection_, Transaction::Kind::read);
  {
    Query query("number", "hmt_gtt_orders");
    query.where("id = ?", true);
    query.where("user_id = ?", actor.user.has_value());
    auto row = connection_->statement(query.sql());
    row.bind(id);
    bind_if(row, actor.user);
    if (row.step()) number = row.columns().integer();
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  if (!number) return store::no_such_trigger();
  return *number;
}

Result<model::TriggerId> SqliteReader::numbered(std::int64_t number, const Actor& actor) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  std::optional<model::TriggerId> id;
  std::string problem;
  Transaction transaction(*connection_, Transaction::Kind::read);
  {
    Query query("id", "hmt_gtt_orders");
    query.where("number = ?", true);
    query.where("user_id = ?", actor.user.has_value());
    auto row = connection_->statement(query.sql());
    row.bind(number);
    bind_if(row, actor.user);
    if (row.step()) {
      auto in = row.columns();
      id = in.id<model::TriggerId>();
      problem = in.problem();
    }
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  if (!id) return store::no_such_trigger();
  if (!problem.empty()) return fail(ErrorKind::corrupt, std::to_string(number) + ": " + problem);
  return *id;
}

Result<std::vector<model::Attempt>> SqliteReader::attempts(model::TriggerId id,
                                                           const Actor& actor) {
  if (auto seen = trigger(id, actor); !seen && seen.error().kind != ErrorKind::corrupt) {
    return std::unexpected(seen.error());
  }
  std::vector<model::Attempt> out;
  Transaction transaction(*connection_, Transaction::Kind::read);
  {
    static const std::string sql = "SELECT " + attempt_columns +
                                   " FROM hmt_order_attempts WHERE trigger_id = ? ORDER BY number";
    auto rows = connection_->statement(sql);
    rows.bind(id);
    read_attempts(rows, out, nullptr);
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return out;
}

Result<std::vector<model::Attempt>> SqliteReader::recent_attempts(std::size_t limit,
                                                                  const Actor& actor) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Query query(attempt_columns, "hmt_order_attempts");
  query.where("user_id = ?", actor.user.has_value());
  query.then(" ORDER BY number DESC LIMIT ?");
  std::vector<model::Attempt> out;
  Transaction transaction(*connection_, Transaction::Kind::read);
  {
    auto rows = connection_->statement(query.sql());
    bind_if(rows, actor.user);
    rows.bind(static_cast<std::int64_t>(store::page_limit(limit)));
    read_attempts(rows, out, nullptr);
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return out;
}

Result<std::vector<store::AuditRow>> SqliteReader::audit(const store::AuditFilter& filter,
                                                         const Actor& actor) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Query query(audit_columns, "hmt_audit");
  query.where("number > ?", true);
  query.where("number < ?", filter.before.has_value());
  query.where("trigger_id = ?", filter.trigger.has_value());
  query.where("user_id = ?", actor.user.has_value());
  query.then(filter.before ? " ORDER BY number DESC LIMIT ?" : " ORDER BY number LIMIT ?");
  std::vector<store::AuditRow> out;
  Transaction transaction(*connection_, Transaction::Kind::read);
  {
    auto rows = connection_->statement(query.sql());
    rows.bind(filter.after);
    bind_if(rows, filter.before);
    bind_if(rows, filter.trigger);
    bind_if(rows, actor.user);
    rows.bind(static_cast<std::int64_t>(store::page_limit(filter.limit)));
    while (rows.step()) out.push_back(read_audit(rows));
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return out;
}

Result<std::int64_t> SqliteReader::last_event() {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Transaction transaction(*connection_, Transaction::Kind::read);
  std::int64_t number = 0;
  {
    auto row = connection_->statement("SELECT max(number) FROM hmt_audit");
    if (row.step()) number = row.columns().integer();
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return number;
}

Result<std::optional<std::string>> SqliteReader::kept_answer(const std::string& key,
                                                             const std::string& request_hash,
                                                             const Actor& actor) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  std::optional<std::string> answer;
  bool is_same = true;
  Transaction transaction(*connection_, Transaction::Kind::read);
  {
    auto row = connection_->statement(
        "SELECT request_hash, answer FROM hmt_idempotency WHERE actor = ? AND key = ?");
    row.bind(std::string_view(actor.name), std::string_view(key));
    if (row.step()) {
      auto in = row.columns();
      is_same = in.text() == request_hash;
      answer = in.text();
    }
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  if (!is_same) return std::unexpected(store::key_conflict().error());
  return answer;
}

Result<void> SqliteReader::recovery(base::TradingDate since,
                                    std::optional<model::ConnectionId> only,
                                    const store::TakePart& take) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Transaction transaction(*connection_, Transaction::Kind::read);
  store::Recovery first;
  const auto now = read_switch(*connection_);
  first.stopped = now.stopped;
  first.stopped_why = now.why;
  read_winners(*connection_, only, first);
  read_open_attempts(*connection_, since, only, first);
  auto others = read_other_open_triggers(*connection_, since, only);
  store::RecoveryParts parts(std::move(first), std::move(others), take);
  read_active_triggers(*connection_, only, parts);
  parts.finish();
  return transaction.commit();
}

Result<std::vector<model::BrokerConnection>> SqliteReader::connections(const Actor& actor) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Transaction transaction(*connection_, Transaction::Kind::read);
  auto out = read_connections(*connection_);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  std::erase_if(out, [&](const auto& row) { return !store::may_see(actor, row.user_id); });
  return out;
}

Result<model::BrokerConnection> SqliteReader::connection(model::ConnectionId id,
                                                         const Actor& actor) {
  auto all = connections(actor);
  if (!all) return std::unexpected(all.error());
  const auto found = std::ranges::find(*all, id, &model::BrokerConnection::id);
  if (found == all->end()) return store::no_such_connection();
  return std::move(*found);
}

Result<store::Switch> SqliteReader::engine_switch() {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Transaction transaction(*connection_, Transaction::Kind::read);
  auto out = read_switch(*connection_);
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return out;
}

Result<store::TriggerCounts> SqliteReader::counts(const Actor& actor) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Query query(
      "coalesce(sum(status = 'active'), 0), coalesce(sum(status = 'triggered'), 0), "
      "coalesce(sum(status = 'failed'), 0)",
      "hmt_gtt_orders");
  query.where("user_id = ?", actor.user.has_value());
  store::TriggerCounts out;
  Transaction transaction(*connection_, Transaction::Kind::read);
  {
    auto row = connection_->statement(query.sql());
    bind_if(row, actor.user);
    if (row.step()) {
      auto in = row.columns();
      out.active = in.integer();
      out.triggered = in.integer();
      out.failed = in.integer();
    }
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return out;
}

Result<std::vector<store::Held>> SqliteReader::active_rows(std::optional<model::TriggerId> after,
                                                           std::size_t limit) {
  if (auto ready = connect(); !ready) return std::unexpected(ready.error());
  Transaction transaction(*connection_, Transaction::Kind::read);
  std::vector<store::Held> out;
  {
    auto rows = connection_->statement(
        "SELECT id, version, broker_connection_id FROM hmt_gtt_orders WHERE status = 'active' AND "
        "id > ? ORDER BY id LIMIT ?");
    rows.bind(std::string_view(after ? after->text() : ""), static_cast<std::int64_t>(limit));
    while (rows.step()) {
      auto in = rows.columns();
      const auto id = in.id<model::TriggerId>();
      const auto version = in.integer();
      out.push_back({id, version, in.id<model::ConnectionId>()});
    }
  }
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  return out;
}

}  // namespace hmt::sqlite
