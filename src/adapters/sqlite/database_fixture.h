#pragma once
#include <memory>
#include <sqlite3.h>
#include <string>

#include "sqlite/database.h"
#include "sqlite/test_folder.h"
#include "store/contract_fixture.h"

namespace hmt::sqlite {

using namespace store;
using base::ErrorKind;
using testing::HasSubstr;

inline const Actor anybody;

// What the sqlite3 shell would do.
inline std::string by_hand(const std::string& path, const std::string& sql) {
  sqlite3* handle = nullptr;
  EXPECT_EQ(sqlite3_open_v2(path.c_str(), &handle, SQLITE_OPEN_READWRITE, nullptr), SQLITE_OK);
  std::string answer;
  char* message = nullptr;
  const auto gather = [](void* out, int count, char** values, char**) {
    for (int i = 0; i < count; ++i) {
      *static_cast<std::string*>(out) += std::string(values[i] ? values[i] : "NULL") + "\n";
    }
    return 0;
  };
  sqlite3_exec(handle, sql.c_str(), gather, &answer, &message);
  if (message) answer = std::string("error: ") + message;
  sqlite3_free(message);
  sqlite3_close(handle);
  return answer;
}

struct SqliteDatabase : testing::Test {
  void open(const Options& options = {}) {
    auto opened = open_database(path, options);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
  }

  // The error of opening `file`.
  base::Error refusal(const std::string& file) {
    const auto opened = open_database(file);
    EXPECT_FALSE(opened);
    return opened ? base::Error{} : opened.error();
  }

  Writer& writer() { return database->writer(); }
  std::unique_ptr<Reader> reader() { return writer().reader(); }

  TestFolder folder;
  const std::string path = folder.file();
  std::unique_ptr<Database> database;
};

}  // namespace hmt::sqlite
