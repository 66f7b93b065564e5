#include "postgres/connection.h"

#include "base/ensure.h"

namespace hmt::postgres {
namespace {

using base::Error;
using base::ErrorKind;
using base::fail;
using base::Result;

std::string milliseconds(base::Duration time) {
  return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

// Nothing of a user's transaction has stayed behind; checked at the start of each.
constexpr auto is_engine =
    "SELECT 1 / (current_user = 'hmt_engine' AND coalesce(current_setting("
    "'request.jwt.claims', true), '') = '')::int";

constexpr auto is_user =
    "SELECT 1 / (current_user = 'authenticated' AND auth.uid() = $1::uuid)::int";

std::string begin(Transaction::Kind kind) {
  switch (kind) {
    case Transaction::Kind::write:
      return "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    case Transaction::Kind::read:
      return "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY";
    case Transaction::Kind::snapshot:
      return "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
  }
  return "BEGIN";
}

Error warned(const std::string& words) {
  return {ErrorKind::unavailable, "the database warns: " + words};
}

}  // namespace

// ---- the session

Result<void> Connection::ready() {
  if (link_ && link_->usable()) return {};
  link_.reset();
  auto opened = Link::open(settings_, deadline(limits_.connect));
  if (!opened) return std::unexpected(opened.error());
  link_ = std::move(*opened);
  if (auto done = set_up(); !done) {
    link_.reset();
    return done;
  }
  return {};
}

// The server's own defaults for the time-outs are "never", and a database may have been told not to
// wait for the disk.
Result<void> Connection::set_up() {
  std::vector<Command> commands;
  commands.push_back(
      {"SELECT set_config('statement_timeout', $1, false), set_config('lock_timeout', $2, false), "
       "set_config('idle_in_transaction_session_timeout', $3, false), "
       "set_config('synchronous_commit', CASE current_setting('synchronous_commit') "
       "WHEN 'remote_apply' THEN 'remote_apply' ELSE 'on' END, false), "
       "set_config('search_path', 'public, pg_temp', false), set_config('TimeZone', 'UTC', false), "
       "set_config('DateStyle', 'ISO', false), set_config('row_security', 'on', false), "
       "set_config('jit', 'off', false), set_config('default_transaction_read_only', 'off', "
       "false), "
       "set_config('default_transaction_deferrable', 'off', false), "
       "set_config('tcp_keepalives_idle', '5', false), "
       "set_config('tcp_keepalives_interval', '2', false), "
       "set_config('tcp_keepalives_count', '3', false), "
       "set_config('tcp_user_timeout', '5000', false)",
       Fields(milliseconds(limits_.statement), milliseconds(limits_.lock),
              milliseconds(limits_.idle))});
  if (role_ == Role::engine) {
    commands.push_back({"SELECT set_config('role', 'hmt_engine', false)", {}});
    commands.push_back({is_engine, {}});
  }
  auto answers = link_->exchange(commands, deadline(limits_.answer));
  if (auto words = link_->take_warning(); !words.empty() && !answers.error) {
    answers.error = warned(words);
  }
  if (!answers.error) return {};
  if (answers.error->kind == ErrorKind::invalid || answers.error->kind == ErrorKind::refused) {
    return fail(ErrorKind::unavailable,
                settings_.place() + " does not let us in as hmt_engine: " + answers.error->message);
  }
  return std::unexpected(*answers.error);
}

Result<void> Connection::script(const std::string& sql, base::Duration within) {
  if (auto open = ready(); !open) return open;
  auto done = link_->script(sql, deadline(within));
  link_->take_warning();
  return done;
}

void Connection::leave() {
  queued_.clear();
  answers_.clear();
  if (link_ && link_->is_in_transaction()) link_.reset();
}

// ---- statements

void Connection::start() {
  failure_.reset();
  queued_.clear();
  answers_.clear();
  within_ = limits_.answer;
  is_user_ = false;
  if (auto open = ready(); !open) blame(open.error());
}

std::size_t Connection::queue(std::string sql, Fields values) {
  queued_.push_back({std::move(sql), std::move(values)});
  return answers_.size() + queued_.size() - 1;
}

bool Connection::send(fault::Step step) {
  auto commands = std::exchange(queued_, {});
  if (failure_) {
    answers_.resize(answers_.size() + commands.size());
    return true;
  }
  auto answers = link_->exchange(commands, deadline(within_), step);
  for (auto& each : answers.rows) answers_.push_back(std::move(each));
  take_failure(answers);
  return answers.heard;
}

void Connection::take_failure(Answers& answers) {
  if (answers.error) {
    // Only a user is refused something. An engine without its rights waits until it has them.
    const bool is_ours = role_ == Role::engine && !is_user_;
    if (is_ours && answers.error->kind == ErrorKind::refused) {
      answers.error->kind = ErrorKind::unavailable;
    }
    blame(*answers.error);
  }
  if (auto words = link_->take_warning(); !words.empty()) blame(warned(words));
}

void Connection::fetch(const std::string& cursor, const std::function<void(const Rows&)>& each) {
  exchange();
  if (failure_) return;
  const Command next{"FETCH FORWARD 5000 FROM " + cursor, {}, Format::binary};
  link_->ask({&next, 1}, deadline(within_));
  while (true) {
    auto answers = link_->hear(deadline(within_));
    take_failure(answers);
    if (failure_ || answers.rows.front().empty()) return;
    link_->ask({&next, 1}, deadline(within_));
    each(answers.rows.front());
  }
}

void Connection::exchange() {
  if (!queued_.empty()) send();
}

const Rows& Connection::ask(std::string sql, Fields values) {
  const auto at = queue(std::move(sql), std::move(values));
  exchange();
  return rows(at);
}

Result<void> Connection::once(std::string sql, Fields values, fault::Step step) {
  start();
  queue(std::move(sql), std::move(values));
  step.before();
  send(step);
  step.after();
  return outcome();
}

const Rows& Connection::rows(std::size_t at) const {
  static const Rows none;
  if (failure_) return none;
  base::ensure(at < answers_.size(), "a statement is sent before its answer is read");
  return answers_[at];
}

void Connection::act_as(model::UserId user) {
  is_user_ = true;
  if (user.uuid.is_nil()) blame({ErrorKind::refused, "the nil id is no user's"});
  const auto claims = R"({"sub":")" + user.text() + R"(","role":"authenticated"})";
  queue(
      "SELECT set_config('role', 'authenticated', true), "
      "set_config('request.jwt.claims', $1, true), set_config('request.jwt.claim.sub', $2, true)",
      Fields(claims, user.text()));
  queue(is_user, Fields(user));
}

void Connection::act_as_engine() {
  queue(
      "SELECT set_config('role', 'hmt_engine', true), set_config('request.jwt.claims', '', true), "
      "set_config('request.jwt.claim.sub', '', true)");
  queue(is_engine);
}

void Connection::take_time(base::Duration within) {
  queue("SELECT set_config('statement_timeout', $1, true)", Fields(milliseconds(within)));
  within_ = within + limits_.answer;
}

void Connection::blame(Error error) {
  if (!failure_) failure_ = std::move(error);
}

Result<void> Connection::outcome() const {
  if (failure_) return std::unexpected(*failure_);
  return {};
}

// ---- transaction

Transaction::Transaction(Connection& connection, Kind kind) : connection_(connection) {
  connection_.start();
  connection_.queue(begin(kind));
  if (connection_.role_ == Role::engine) connection_.queue(is_engine);
}

Transaction::~Transaction() {
  if (!done_) roll_back();
}

Result<void> Transaction::commit(fault::Step step) {
  if (connection_.has_failed()) {
    roll_back();
    return connection_.outcome();
  }
  const auto at = connection_.queue("COMMIT");
  step.before();
  const bool heard = connection_.send(step);
  step.after();
  done_ = true;
  if (heard && !connection_.has_failed() && connection_.rows(at).tag() != "COMMIT") {
    connection_.blame({ErrorKind::unavailable, "the database did not commit"});
  }
  if (!connection_.has_failed()) return {};
  const bool committed = connection_.answers_[at].tag() == "COMMIT";  // with a warning
  auto error = *connection_.failure_;
  if (!heard || committed) {
    connection_.close();
    error = {ErrorKind::unavailable, "commit unknown: " + error.message};
  } else {
    roll_back();
  }
  return std::unexpected(std::move(error));
}

void Transaction::roll_back() {
  done_ = true;
  auto& link = connection_.link_;
  connection_.queued_.clear();
  if (!link || !link->usable()) return;
  if (!link->is_in_transaction()) return;
  const Command end{"ROLLBACK", {}};
  const auto answers =
      link->exchange(std::span(&end, 1), connection_.deadline(connection_.limits_.answer));
  link->take_warning();
  if (answers.error) link.reset();
}

}  // namespace hmt::postgres
