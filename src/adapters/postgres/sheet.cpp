#include "postgres/sheet.h"

#include <algorithm>

namespace hmt::postgres {
namespace {

using model::Trigger;
using model::TriggerId;

// With FOR KEY SHARE, taking the lease waits until this transaction has ended; renewing it does
// not.
constexpr auto read_lease =
    "SELECT epoch, holder, expires_at > clock_timestamp() FROM hmt_lease FOR KEY SHARE";
constexpr auto read_switch = "SELECT stopped FROM hmt_engine_switch FOR SHARE";

const std::string& read_rows() {
  static const std::string sql = "SELECT " + trigger_columns +
                                 " FROM hmt_gtt_orders WHERE id = ANY ($1::uuid[]) "
                                 "ORDER BY hmt_gtt_orders.id FOR UPDATE";
  return sql;
}

const std::string& read_rows_and_siblings() {
  static const std::string sql =
      "SELECT " + trigger_columns +
      " FROM hmt_gtt_orders WHERE id = ANY (ARRAY(SELECT unnest($1::uuid[]) UNION "
      "SELECT s.id FROM hmt_gtt_orders s JOIN hmt_gtt_orders t ON s.parent_id = t.parent_id "
      "WHERE t.id = ANY ($2::uuid[]) AND s.status = 'active')) "
      "ORDER BY hmt_gtt_orders.id FOR UPDATE";
  return sql;
}

constexpr auto read_groups =
    "SELECT id, winner FROM hmt_groups WHERE id = ANY (ARRAY(SELECT parent_id FROM hmt_gtt_orders "
    "WHERE id = ANY ($1::uuid[]) AND parent_id IS NOT NULL)) ORDER BY id FOR UPDATE";

constexpr auto read_groups_won =
    "SELECT id, winner FROM hmt_groups WHERE winner = ANY ($1::uuid[]) ORDER BY id FOR UPDATE";

const std::string& read_members_of_won() {
  static const std::string sql =
      "SELECT " + trigger_columns +
      " FROM hmt_gtt_orders WHERE status = 'active' AND parent_id = ANY (ARRAY(SELECT g.id FROM "
      "hmt_groups g WHERE g.winner = ANY ($1::uuid[]))) ORDER BY hmt_gtt_orders.id FOR UPDATE";
  return sql;
}

constexpr auto read_attempts =
    "SELECT a.tag, a.trigger_id, a.fire_no, a.attempt_no, a.lease_epoch "
    "FROM unnest($1::text[]) AS w (tag) JOIN hmt_order_attempts a ON a.tag = w.tag UNION "
    "SELECT a.tag, a.trigger_id, a.fire_no, a.attempt_no, a.lease_epoch "
    "FROM unnest($2::uuid[], $3::int[], $4::int[]) AS w (trigger_id, fire_no, attempt_no) "
    "JOIN hmt_order_attempts a ON (a.trigger_id, a.fire_no, a.attempt_no) = "
    "(w.trigger_id, w.fire_no, w.attempt_no)";

// The columns that stay as they were first written.
bool is_kept(std::string_view column) {
  return column == "tag" || column == "trigger_id" || column == "user_id" || column == "fire_no" ||
         column == "attempt_no";
}

std::string attempt_update() {
  std::string out;
  for (const auto& name : attempt_shape.names) {
    if (is_kept(name)) continue;
    if (!out.empty()) out += ", ";
    out += name + " = excluded." + name;
  }
  return out;
}

}  // namespace

std::string exactly(const std::string& statement, int mark) {
  return "WITH done AS (" + statement + " RETURNING 1) SELECT 1 / (count(*) = $" +
         std::to_string(mark) + "::bigint)::int FROM done";
}

// ---- reading

void Sheet::read(const Question& question) {
  Fields wanted;
  wanted.add_array(question.triggers);
  std::vector<std::string> tags;
  std::vector<TriggerId> ids;
  std::vector<std::int32_t> fires;
  std::vector<std::int32_t> numbers;
  for (const auto* attempt : question.attempts) {
    tags.push_back(attempt->tag.text());
    ids.push_back(attempt->trigger_id);
    fires.push_back(attempt->fire_no);
    numbers.push_back(attempt->attempt_no);
  }
  const auto lease = connection_.queue(read_lease);
  const auto stop = connection_.queue(read_switch);
  const auto rows = question.settling.empty()
                        ? connection_.queue(read_rows(), wanted)
                        : connection_.queue(read_rows_and_siblings(),
                                            Fields(wanted).add_array(question.settling));
  const auto groups = connection_.queue(read_groups, wanted);
  const auto attempts = connection_.queue(
      read_attempts, Fields().add_array(tags).add_array(ids).add_array(fires).add_array(numbers));
  connection_.exchange();

  if (!connection_.rows(lease).empty()) {
    auto in = connection_.rows(lease).front();
    lease_.epoch = in.integer();
    lease_.holder = in.text();
    lease_.holds = in.flag();
  }
  if (!connection_.rows(stop).empty()) lease_.stopped = connection_.rows(stop).front().flag();
  load_rows(connection_.rows(rows));
  load_groups(connection_.rows(groups));
  load_attempts(connection_.rows(attempts));
}

void Sheet::read_groups_won_by(const std::set<TriggerId>& gone) {
  Fields wanted;
  wanted.add_array(gone);
  const auto members = connection_.queue(read_members_of_won(), wanted);
  const auto groups = connection_.queue(read_groups_won, wanted);
  connection_.exchange();
  load_rows(connection_.rows(members));
  load_groups(connection_.rows(groups));
}

void Sheet::load_rows(const Rows& rows) {
  for (int i = 0; i < rows.size(); ++i) {
    auto row = read_trigger(rows.row(i));
    const auto id = row.trigger.id;
    rows_.emplace(id, std::move(row));
  }
}

void Sheet::load_groups(const Rows& rows) {
  for (int i = 0; i < rows.size(); ++i) {
    auto in = rows.row(i);
    const auto group = in.id<model::GroupId>();
    winners_[group] = in.optional_id<TriggerId>();
  }
}

void Sheet::load_attempts(const Rows& rows) {
  for (int i = 0; i < rows.size(); ++i) {
    auto in = rows.row(i);
    const auto tag = in.text();
    Known known;
    known.trigger = in.id<TriggerId>();
    known.fire_no = static_cast<std::int32_t>(in.integer());
    const auto attempt_no = static_cast<std::int32_t>(in.integer());
    known.epoch = in.integer();
    known_[tag] = known;
    places_[{known.trigger, known.fire_no, attempt_no}] = tag;
  }
}

TriggerRow* Sheet::row(TriggerId id) {
  const auto at = rows_.find(id);
  return at == rows_.end() ? nullptr : &at->second;
}

std::optional<TriggerId> Sheet::winner(model::GroupId group) const {
  const auto at = winners_.find(group);
  return at == winners_.end() ? std::nullopt : at->second;
}

std::vector<model::GroupId> Sheet::groups_won_by(TriggerId id) const {
  std::vector<model::GroupId> out;
  for (const auto& [group, winner] : winners_) {
    if (winner == id) out.push_back(group);
  }
  return out;
}

store::Standing Sheet::standing(const model::Attempt& wanted) const {
  const auto at = known_.find(wanted.tag);
  if (at != known_.end()) {
    const auto& known = at->second;
    const bool same = known.trigger == wanted.trigger_id && known.fire_no == wanted.fire_no &&
                      known.epoch == wanted.lease_epoch;
    return same ? store::Standing::same : store::Standing::other;
  }
  const bool taken = places_.contains({wanted.trigger_id, wanted.fire_no, wanted.attempt_no});
  return taken ? store::Standing::other : store::Standing::none;
}

bool Sheet::is_taken(const model::Attempt& attempt) const {
  const auto at = places_.find({attempt.trigger_id, attempt.fire_no, attempt.attempt_no});
  return at != places_.end() && at->second != attempt.tag;
}

std::vector<Trigger> Sheet::active_siblings(const Trigger& row) const {
  std::vector<const TriggerRow*> found;
  for (const auto& [id, other] : rows_) {
    const auto& trigger = other.trigger;
    if (id != row.id && trigger.parent_id == row.parent_id &&
        trigger.status == model::TriggerStatus::active) {
      found.push_back(&other);
    }
  }
  std::ranges::sort(found, {}, [](const TriggerRow* each) { return each->number; });
  std::vector<Trigger> out;
  for (const auto* each : found) out.push_back(each->trigger);
  return out;
}

// ---- writing

void Sheet::put(const Trigger& row) {
  rows_[row.id].trigger = row;
  changed_.insert(row.id);
}

void Sheet::put(const model::Attempt& attempt) {
  const auto [at, fresh] = attempt_at_.emplace(attempt.tag, attempts_.size());
  if (fresh) {
    attempts_.push_back(attempt);
  } else {
    attempts_[at->second] = attempt;
  }
  known_[attempt.tag] = {attempt.trigger_id, attempt.fire_no, attempt.lease_epoch};
  places_[{attempt.trigger_id, attempt.fire_no, attempt.attempt_no}] = attempt.tag;
}

void Sheet::set_winner(model::GroupId group, std::optional<TriggerId> winner) {
  winners_[group] = winner;
  decided_.insert(group);
}

void Sheet::write() {
  write_rows();
  write_groups();
  write_attempts();
  if (!audit_.empty()) numbers_ = queue_audit(connection_, audit_, lease_.epoch);
}

// The rows are locked since they were read; the version says so once more.
void Sheet::write_rows() {
  if (changed_.empty()) return;
  Table table;
  for (const auto id : changed_) table.add(engine_fields(rows_.at(id).trigger));
  Fields values;
  table.put_into(values);
  static const std::string sql =
      exactly("UPDATE hmt_gtt_orders SET " + engine_shape.assignments() + " FROM unnest(" +
                  engine_shape.arrays() + ") AS u (" + engine_shape.list() +
                  ") WHERE hmt_gtt_orders.id = u.id AND hmt_gtt_orders.version < u.version",
              engine_shape.count() + 1);
  connection_.queue(sql, values.add(static_cast<std::int64_t>(table.size())));
}

void Sheet::write_groups() {
  if (decided_.empty()) return;
  Table table;
  for (const auto group : decided_) table.add(Fields(group, winners_.at(group)));
  Fields values;
  table.put_into(values);
  connection_.queue(
      "INSERT INTO hmt_groups (id, winner) SELECT id, winner FROM "
      "unnest($1::uuid[], $2::uuid[]) AS u (id, winner) "
      "ON CONFLICT (id) DO UPDATE SET winner = excluded.winner",
      values);
}

void Sheet::write_attempts() {
  if (attempts_.empty()) return;
  static const std::string sql = "INSERT INTO hmt_order_attempts (" + attempt_shape.list() +
                                 ") SELECT * FROM unnest(" + attempt_shape.arrays() +
                                 ") ON CONFLICT (tag) DO UPDATE SET " + attempt_update();
  Table table;
  for (const auto& attempt : attempts_) table.add(attempt_fields(attempt));
  Fields values;
  table.put_into(values);
  connection_.queue(sql, values);
}

std::int64_t Sheet::last_event() const {
  return numbers_ ? number_of(connection_.rows(*numbers_)) : 0;
}

std::size_t queue_audit(Connection& connection, std::span<const model::AuditEntry> entries,
                        std::int64_t epoch) {
  static const std::string sql =
      "WITH lease AS (SELECT epoch = $2::bigint OR expires_at <= clock_timestamp() AS ours "
      "FROM hmt_lease FOR KEY SHARE), counter AS (UPDATE hmt_event_counter SET last = last + "
      "$1::bigint WHERE (SELECT ours FROM lease) RETURNING last), told AS (INSERT INTO "
      "hmt_audit (number, " +
      audit_shape.list() + ") SELECT (SELECT last FROM counter) - $1::bigint + u.n, " +
      audit_shape.list() + " FROM unnest(" + audit_shape.arrays(3) + ") WITH ORDINALITY AS u (" +
      audit_shape.list() + ", n) ORDER BY u.n RETURNING number) SELECT max(number) FROM told";
  Table table;
  for (const auto& entry : entries) table.add(audit_fields(entry));
  Fields values(static_cast<std::int64_t>(entries.size()), epoch);
  table.put_into(values);
  return connection.queue(sql, values);
}

std::int64_t number_of(const Rows& rows) {
  return rows.empty() ? 0 : rows.front().integer();
}

}  // namespace hmt::postgres
