#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "base/result.h"
#include "sqlite/connection.h"

// The schema's history: files migrations/NNNN_name.sql, numbered from 1 without a gap. A file that
// was released is never changed.
namespace hmt::sqlite {

struct Migration {
  std::string_view name;  // "0001_first"
  std::string_view sql;
};

std::span<const Migration> migrations();

// 0: an empty file.
base::Result<std::int64_t> schema_version(Connection& connection);

// Brings the schema to the newest version that this program knows, each step in a transaction of
// its own. Errors: unsupported (the schema is newer than the program, or the file is some other
// program's database); unavailable.
base::Result<void> migrate(Connection& connection);

}  // namespace hmt::sqlite
