#include "sqlite/database.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

#include "sqlite/connection.h"
#include "sqlite/file_lock.h"
#include "sqlite/migrate.h"
#include "sqlite/reader.h"
#include "sqlite/writer.h"

namespace hmt::sqlite {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

// One name for the file, so that two paths to it meet at one lock.
std::string one_name(const std::string& path) {
  std::error_code error;
  const auto name = std::filesystem::weakly_canonical(path, error);
  return error ? path : name.string();
}

// Never opens a file that exists: closing it again would drop the locks that SQLite holds on it in
// this process.
Result<void> make_private(const std::string& path) {
  const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (made >= 0) {
    ::close(made);
    return {};
  }
  if (errno == EEXIST) {
    for (const auto* part : {"", "-wal", "-shm"}) ::chmod((path + part).c_str(), 0600);
    return {};
  }
  return fail(ErrorKind::unavailable, "cannot make " + path + ": " + std::strerror(errno));
}

// Whether the file's pages hold together. What the CHECKs say of each row is left out: with them a
// million rows take eight seconds, not one, and whoever reads a row says it again.
std::string damage(Connection& connection) {
  connection.script("PRAGMA ignore_check_constraints = ON");
  connection.use_cache(Connection::cache_of_a_walk);
  std::string found;
  {
    auto check = connection.statement("PRAGMA quick_check(1)");
    if (check.step()) found = check.columns().text();
  }
  connection.use_cache(Connection::cache_of_bursts);
  connection.script("PRAGMA ignore_check_constraints = OFF");
  return found == "ok" ? std::string() : found;
}

Result<void> check_file(Connection& connection, const Options& options) {
  auto mode = connection.statement("PRAGMA journal_mode");
  if (mode.step() && mode.columns().text() != "wal") {
    return fail(ErrorKind::unavailable,
                connection.path() + " is on a file system that cannot hold it: use a local disk");
  }
  if (options.quick_check) {
    if (const auto found = damage(connection); !found.empty()) {
      return fail(ErrorKind::corrupt,
                  connection.path() + " is damaged (" + found + "): restore it from a backup");
    }
  }
  if (options.max_pages > 0) {
    connection.script("PRAGMA max_page_count = " + std::to_string(options.max_pages));
  }
  return connection.outcome();
}

class OpenDatabase : public Database {
 public:
  OpenDatabase(FileLock lock, std::unique_ptr<Connection> connection, std::int64_t version)
      : lock_(std::move(lock)),
        connection_(std::move(connection)),
        writer_(*connection_),
        version_(version) {}

  store::Writer& writer() override { return writer_; }
  std::int64_t schema_version() const override { return version_; }

 private:
  FileLock lock_;  // outlives the connection
  std::unique_ptr<Connection> connection_;
  SqliteWriter writer_;
  std::int64_t version_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_database(const std::string& path, const Options& options) {
  const auto name = one_name(path);
  auto lock = FileLock::take(name + ".lock");
  if (!lock) return std::unexpected(lock.error());
  if (auto made = make_private(name); !made) return std::unexpected(made.error());
  auto connection = Connection::open(name, Access::write);
  if (!connection) return std::unexpected(connection.error());
  if (auto sound = check_file(**connection, options); !sound) {
    return std::unexpected(sound.error());
  }
  if (auto done = migrate(**connection); !done) return std::unexpected(done.error());
  const auto version = schema_version(**connection);
  if (!version) return std::unexpected(version.error());
  (*connection)->on_lost(options.on_lost);
  return std::make_unique<OpenDatabase>(std::move(*lock), std::move(*connection), *version);
}

std::unique_ptr<store::Reader> open_reader(const std::string& path) {
  return std::make_unique<SqliteReader>(one_name(path));
}

}  // namespace hmt::sqlite
