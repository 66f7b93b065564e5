#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "store/store.h"

// The store on PostgreSQL 15 or later, and on Supabase as it is.
namespace hmt::postgres {

struct Options {
  base::Duration lease_lasts = std::chrono::seconds(10);
  std::size_t readers = 4;  // sessions that all readers share
  base::Duration connect = std::chrono::seconds(2);
  base::Duration answer = std::chrono::seconds(5);  // of one round trip, whatever the network does
};

// An open database. The writer opens its session again by itself when it was lost: each call that
// finds none tries once.
class Database {
 public:
  virtual ~Database() = default;
  virtual store::Writer& writer() = 0;
  virtual std::int64_t schema_version() const = 0;
};

// `url` is libpq's: postgresql://USER:PASSWORD@HOST:PORT/DATABASE?sslmode=…. Migrates the database.
// No message holds the password. Errors: invalid (no such URL), unsupported (the schema is newer
// than this program, or a table of ours is somebody else's), refused (the role may not make or be
// what it must; the message says what an administrator has to run), unavailable.
base::Result<std::unique_ptr<Database>> open_database(const std::string& url,
                                                      const Options& options = {});

// For processes that only look. Opens at its first use.
base::Result<std::unique_ptr<store::Reader>> open_reader(const std::string& url);

// Applies what is missing; the version that the schema has then. Errors: as open_database.
base::Result<std::int64_t> migrate_database(const std::string& url);

// What can be said of a database without changing it: for `hmt doctor`.
struct Report {
  std::string server;  // "15.18"
  std::string role;    // that the URL signs in as
  bool is_superuser = false;
  bool is_encrypted = false;
  bool is_durable = false;  // a commit is on its disk: fsync, full_page_writes
  bool is_read_only = false;
  std::int64_t schema_version = 0;  // 0: not migrated yet
  std::int64_t known_version = 0;
  std::string holder;            // of the lease, while it lasts; empty: nobody
  base::Duration clock_ahead{};  // of the server, compared with this machine
  base::Duration round_trip{};
};

base::Result<Report> check_database(const std::string& url);

}  // namespace hmt::postgres
