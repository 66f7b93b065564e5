#include "sqlite/migrate.h"

#include <string>

namespace hmt::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr std::string_view history_table =
    "CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL, "
    "applied_at TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))";

std::int64_t number(Connection& connection, std::string_view sql) {
  auto statement = connection.statement(sql);
  return statement.step() ? statement.columns().integer() : 0;
}

Result<void> apply(Connection& connection, const Migration& migration, std::int64_t version) {
  Transaction transaction(connection, Transaction::Kind::write);
  connection.script(history_table);
  connection.let_schema_be_edited(true);
  connection.script(migration.sql);
  connection.let_schema_be_edited(false);
  connection.statement("INSERT INTO schema_version (version, name) VALUES (?, ?)")
      .bind(version, migration.name)
      .run();
  return transaction.commit("schema");
}

}  // namespace

Result<std::int64_t> schema_version(Connection& connection) {
  Transaction transaction(connection, Transaction::Kind::read);
  const auto tables = number(connection, "SELECT count(*) FROM sqlite_master WHERE type = 'table'");
  const auto ours = number(connection,
                           "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN "
                           "('schema_version', 'hmt_gtt_orders')");
  std::int64_t version = 0;
  if (ours == 2) version = number(connection, "SELECT max(version) FROM schema_version");
  if (auto done = transaction.commit(); !done) return std::unexpected(done.error());
  if (tables > 0 && ours != 2) {
    return fail(ErrorKind::unsupported,
                connection.path() + " is a SQLite database of some other program");
  }
  return version;
}

Result<void> migrate(Connection& connection) {
  const auto known = static_cast<std::int64_t>(migrations().size());
  const auto found = schema_version(connection);
  if (!found) return std::unexpected(found.error());
  if (*found > known) {
    return fail(ErrorKind::unsupported,
                connection.path() + " has schema version " + std::to_string(*found) +
                    ", and this program knows up to " + std::to_string(known) +
                    ": use the newer program that wrote it");
  }
  for (auto version = *found + 1; version <= known; ++version) {
    const auto& migration = migrations()[static_cast<std::size_t>(version - 1)];
    if (auto done = apply(connection, migration, version); !done) return done;
  }
  return {};
}

}  // namespace hmt::sqlite
