#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "postgres/connection.h"

// The schema's history: files migrations/NNNN_name.sql, numbered from 1 without a gap. A file that
// was released is never changed. Each is one transaction and says its number itself, so psql and
// Supabase's tools can run it as well.
namespace hmt::postgres {

struct Migration {
  std::string_view name;  // "0001_first"
  std::string_view sql;
};

std::span<const Migration> migrations();

// 0: nothing of ours yet. `owner` is a session of the URL's own role. Errors: unsupported (a table
// of ours that we did not make); refused (the role may not act as hmt_engine); unavailable.
base::Result<std::int64_t> schema_version(Connection& owner);

// Brings the schema to the newest version that this program knows; processes that start together
// take turns. Errors: as above; unsupported (the schema is newer than the program); refused (the
// role may not make what is missing; the message says what an administrator has to run).
base::Result<void> migrate(Connection& owner);

}  // namespace hmt::postgres
