#include "sqlite/connection.h"

#include <cstring>
#include <sqlite3.h>
#include <utility>

#include "base/ensure.h"

namespace hmt::sqlite {
namespace {

using base::Error;
using base::ErrorKind;
using base::Result;

constexpr int busy_milliseconds = 2000;
constexpr std::size_t texts_size = 2048;  // of a claim, the largest, some 800
constexpr int log_pages_usual = 1000;
constexpr int log_pages_max = 8000;  // 32 MB, where commits never leave a moment's rest

ErrorKind kind_of(int code) {
  switch (code & 0xFF) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::corrupt;
    case SQLITE_CONSTRAINT:
      return ErrorKind::invalid;
    case SQLITE_ERROR:
    case SQLITE_MISMATCH:
      return ErrorKind::corrupt;  // our statements fit our schema: the schema is not ours
    default:
      return ErrorKind::unavailable;
  }
}

std::string explanation(int code, const std::string& path, const char* detail) {
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return "the disk of " + path + " is full: free some space";
    case SQLITE_NOTADB:
      return path + " is not a SQLite database";
    case SQLITE_CORRUPT:
      return path + " is damaged: restore it from a backup";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return path + " is locked by another program, such as an open sqlite3 shell";
    case SQLITE_READONLY:
      return path + " cannot be written: check the rights of the file and its folder";
    case SQLITE_CONSTRAINT:
      return std::string("the table refuses the row: ") + detail;
    default:
      return path + ": " + detail;
  }
}

}  // namespace

// ---- columns

std::string_view Columns::look() const {
  const auto* text = sqlite3_column_text(statement_, next_);
  if (!text) return {};
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, next_));
  return {reinterpret_cast<const char*>(text), size};
}

void Columns::blame(std::string_view why) {
  if (!problem_.empty()) return;
  const char* name = sqlite3_column_name(statement_, next_);
  problem_ = std::string(name ? name : "?") + " is '" + std::string(peek().substr(0, 60)) +
             "': " + std::string(why);
}

std::int64_t Columns::integer() {
  const auto out = sqlite3_column_int64(statement_, next_);
  skip();
  return out;
}

std::string Columns::text() {
  std::string out(peek());
  skip();
  return out;
}

base::Price Columns::price() {
  const auto parsed = base::Price::parse(peek());
  if (!parsed) blame(parsed.error().message);
  skip();
  return parsed.value_or(base::Price{});
}

std::optional<base::Price> Columns::optional_price() {
  if (!peek().data()) return skip(), std::nullopt;
  return price();
}

base::Instant Columns::instant() {
  auto parsed = base::parse_rfc3339(peek());
  // SQLite's own datetime('now') names no zone and means UTC.
  if (!parsed) parsed = base::parse_rfc3339(std::string(peek()) + "Z");
  if (!parsed) blame(parsed.error().message);
  skip();
  return parsed.value_or(base::Instant{});
}

std::optional<base::Instant> Columns::optional_instant() {
  if (!peek().data()) return skip(), std::nullopt;
  return instant();
}

// ---- statement

Statement::~Statement() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  sqlite3_clear_bindings(statement_);
}

bool Statement::step() {
  if (!statement_ || connection_->has_failed()) return false;
  const int code = sqlite3_step(statement_);
  connection_->check(code);
  return code == SQLITE_ROW;
}

void Statement::run() {
  while (step()) {
  }
}

void Statement::check(int code) {
  if (statement_) connection_->check(code);
}

void Statement::put(std::int64_t value) {
  if (statement_) check(sqlite3_bind_int64(statement_, next_++, value));
}

void Statement::put(std::string_view text) {
  if (!statement_) return;
  const char* data = text.data() ? text.data() : "";
  auto keep = SQLITE_TRANSIENT;
  if (text.size() < texts_.size()) {
    std::memcpy(texts_.data(), data, text.size());
    data = std::exchange(texts_, texts_.subspan(text.size())).data();
    keep = SQLITE_STATIC;
  }
  check(sqlite3_bind_text64(statement_, next_++, data, text.size(), keep, SQLITE_UTF8));
}

void Statement::put(std::nullopt_t) {
  if (statement_) check(sqlite3_bind_null(statement_, next_++));
}

// ---- connection

Connection::Connection(sqlite3* handle, std::string path)
    : handle_(handle), path_(std::move(path)) {}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement.handle);
  sqlite3_close_v2(handle_);
}

Result<std::unique_ptr<Connection>> Connection::open(const std::string& path, Access access) {
  const int mode =
      access == Access::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  // Once for the process, before anything is opened: to be counted, each allocation takes a lock.
  static const int uncounted = sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  static_cast<void>(uncounted);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<Connection> out(new Connection(handle, path));
  out->check(code);
  if (auto opened = out->outcome(); !opened) return std::unexpected(opened.error());
  if (auto ready = out->set_up(access); !ready) return std::unexpected(ready.error());
  return out;
}

Result<void> Connection::set_up(Access access) {
  sqlite3_busy_timeout(handle_, busy_milliseconds);
  let_schema_be_edited(false);
  if (access == Access::write) {
    script("PRAGMA journal_mode = WAL");
    script("PRAGMA synchronous = FULL");
    script("PRAGMA foreign_keys = ON");
    use_cache(cache_of_bursts);
    keep_log_short();
  } else {
    // The last connection to close would checkpoint; a reader never may.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    script("PRAGMA wal_autocheckpoint = 0");
    script("PRAGMA query_only = ON");
  }
  return outcome();
}

void Connection::keep_log_short() {
  const auto committed = [](void* self, sqlite3*, const char*, int pages) {
    auto& connection = *static_cast<Connection*>(self);
    connection.log_pages_ = pages;
    if (pages >= log_pages_max) connection.checkpoint();
    return SQLITE_OK;
  };
  sqlite3_wal_hook(handle_, committed, this);
}

// One that fails, or that a reader keeps from the end, leaves all in the log for the next.
void Connection::checkpoint() {
  log_pages_ = 0;
  sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
}

void Connection::shorten_log() {
  if (log_pages_ >= log_pages_usual && !lost_) checkpoint();
}

std::int64_t Connection::last_number() const {
  return sqlite3_last_insert_rowid(handle_);
}

Statement Connection::statement(std::string_view sql) {
  if (has_failed()) return Statement(*this, nullptr, {});
  auto kept = statements_.find(sql);
  if (kept == statements_.end()) {
    Prepared prepared;
    check(sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                             SQLITE_PREPARE_PERSISTENT, &prepared.handle, nullptr));
    if (!prepared.handle) return Statement(*this, nullptr, {});
    prepared.texts = std::make_unique<char[]>(texts_size);
    kept = statements_.emplace(sql, std::move(prepared)).first;
  }
  return Statement(*this, kept->second.handle, {kept->second.texts.get(), texts_size});
}

void Connection::script(std::string_view sql) {
  if (has_failed()) return;
  check(sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr));
}

void Connection::use_cache(int kibibytes) {
  script("PRAGMA cache_size = -" + std::to_string(kibibytes));
}

void Connection::let_schema_be_edited(bool may) {
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, may ? 0 : 1, nullptr);
}

void Connection::check(int code) {
  if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
  base::ensure((code & 0xFF) != SQLITE_MISUSE && (code & 0xFF) != SQLITE_RANGE,
               "SQLite is used as its manual says");
  blame({kind_of(code), explanation(code, path_, sqlite3_errmsg(handle_))});
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
  if (connection_.lost_) return;
  connection_.failure_.reset();
  connection_.statement(kind == Kind::write ? "BEGIN IMMEDIATE" : "BEGIN").run();
}

Transaction::~Transaction() {
  if (!done_) roll_back();
}

void Transaction::roll_back() {
  done_ = true;
  if (sqlite3_get_autocommit(connection_.handle_) != 0) return;
  sqlite3_exec(connection_.handle_, "ROLLBACK", nullptr, nullptr, nullptr);
}

Result<void> Transaction::commit(fault::Step step) {
  const bool asked = !connection_.has_failed();
  step.before();
  connection_.statement("COMMIT").run();
  step.after();
  const auto result = connection_.outcome();
  if (result) {
    done_ = true;
    return {};
  }
  if (asked && (sqlite3_extended_errcode(connection_.handle_) & 0xFF) == SQLITE_IOERR) {
    connection_.lost_ = true;
    connection_.failure_->message =
        "commit unknown: the disk failed while it was being written; restart to read what is "
        "there. " +
        connection_.failure_->message;
    if (connection_.on_lost_) connection_.on_lost_(connection_.failure_->message);
  }
  roll_back();
  return std::unexpected(*connection_.failure_);
}

}  // namespace hmt::sqlite
