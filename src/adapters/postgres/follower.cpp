#include "postgres/follower.h"

#include <algorithm>
#include <set>

#include "store/rules.h"

namespace hmt::postgres {
namespace {

using base::Result;

constexpr std::size_t told_at_once = 1000;
constexpr std::size_t told_at_most = 10'000;  // more, and comparing everything is the shorter way
constexpr auto tidying = std::chrono::minutes(10);

// Before everything: whatever is still in the table is told.
constexpr auto before_all = "1:1:";

// The changes with the snapshot that they are seen in. Rows of a restored backup have numbers of
// another server's transactions: those that have not begun here yet are passed over. Of triggers
// no more are read than the time of one statement is good for, whatever a transaction has changed;
// connections are few, and no compare would find them.
const std::string& look() {
  static const std::string news =
      " IS NOT NULL AND xid >= pg_snapshot_xmin($1::pg_snapshot) AND xid < pg_snapshot_xmax("
      "pg_current_snapshot()) AND NOT pg_visible_in_snapshot(xid, $1::pg_snapshot) AND writer IS "
      "DISTINCT FROM $2::uuid";
  static const std::string sql =
      "SELECT pg_current_snapshot(), "
      "coalesce((SELECT stopped FROM hmt_engine_switch), true), "
      "coalesce((SELECT why FROM hmt_engine_switch), 'the switch in the database is missing'), "
      "coalesce((SELECT xmin::text FROM hmt_engine_switch), ''), "
      "EXISTS (SELECT FROM hmt_audit WHERE number IS NULL), c.trigger_id, c.connection_id "
      "FROM (VALUES (1)) AS one LEFT JOIN ("
      "(SELECT seq, trigger_id, NULL::uuid AS connection_id FROM hmt_changes WHERE trigger_id" +
      news + " LIMIT " + std::to_string(told_at_most + 1) +
      ") UNION ALL (SELECT seq, NULL::uuid, connection_id FROM hmt_changes WHERE connection_id" +
      news + ")) AS c ON true ORDER BY c.seq";
  return sql;
}

}  // namespace

PostgresFollower::PostgresFollower(const PostgresWriter::Setting& setting)
    : connection_(setting.settings, Role::engine, setting.limits),
      lease_lasts_(setting.lease_lasts),
      writer_(setting.name.text()),
      seen_(before_all) {
  if (connection_.once("SELECT pg_current_snapshot()")) {
    seen_ = connection_.rows(0).front().text();
  }
}

Result<store::Foreign> PostgresFollower::changes() {
  if (auto asked = connection_.once(look(), Fields(seen_, writer_)); !asked) {
    return std::unexpected(asked.error());
  }
  store::Foreign out;
  const auto& rows = connection_.rows(0);
  std::set<model::TriggerId> known(waiting_.begin(), waiting_.end());
  std::size_t changed = 0;
  std::string seen;
  for (int i = 0; i < rows.size(); ++i) {
    auto in = rows.row(i);
    seen = in.text();
    out.now.stopped = in.flag();
    const auto why = in.text();
    out.now.why = out.now.stopped ? why : "";
    out.set = in.text();
    out.untold = in.flag();
    const auto trigger = in.optional_id<model::TriggerId>();
    if (trigger) ++changed;
    if (trigger && known.insert(*trigger).second) waiting_.push_back(*trigger);
    const auto connection = in.optional_id<model::ConnectionId>();
    if (connection && std::ranges::find(out.connections, *connection) == out.connections.end()) {
      out.connections.push_back(*connection);
    }
  }
  seen_ = std::move(seen);
  out.missed = changed > told_at_most || waiting_.size() > told_at_most;
  if (out.missed) waiting_.clear();
  while (!waiting_.empty() && out.triggers.size() < told_at_once) {
    out.triggers.push_back(waiting_.front());
    waiting_.pop_front();
  }
  tidy_up();
  return out;
}

// What is a day old nobody follows any more.
void PostgresFollower::tidy_up() {
  if (!is_holder_ || Clock::now() - tidied_ < tidying) return;
  tidied_ = Clock::now();
  (void)connection_.once("SELECT hmt_private.forget_changes()");
}

Result<void> PostgresFollower::renew_lease(std::int64_t epoch) {
  is_holder_ = false;
  const auto asked = connection_.once(
      "UPDATE hmt_lease SET expires_at = clock_timestamp() + $2::bigint * interval '1 millisecond' "
      "WHERE epoch = $1 RETURNING 1",
      Fields(epoch, std::chrono::duration_cast<std::chrono::milliseconds>(lease_lasts_).count()),
      "lease.renew");
  if (!asked) return asked;
  if (connection_.rows(0).empty()) return std::unexpected(store::lease_lost().error());
  is_holder_ = true;
  return {};
}

}  // namespace hmt::postgres
