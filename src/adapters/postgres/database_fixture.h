#pragma once
#include <memory>
#include <string>

#include "postgres/database.h"
#include "postgres/test_database.h"
#include "store/contract_fixture.h"

namespace hmt::postgres {

using namespace store;
using base::ErrorKind;
using testing::HasSubstr;

inline const Actor anybody;

// A database that is migrated already; copied for each test, which is quick.
inline const std::string& migrated() {
  static TestDatabase first;
  static const bool done = open_database(first.url()).has_value();
  EXPECT_TRUE(done);
  return first.name();
}

}  // namespace hmt::postgres
