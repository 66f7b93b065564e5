#pragma once
#include <memory>
#include <string>
#include <vector>

#include "postgres/database.h"
#include "postgres/test_database.h"
#include "store/contract_fixture.h"

namespace hmt::postgres {

using namespace store;
using base::ErrorKind;
using testing::HasSubstr;

inline const Actor anybody;

// A migrated database with nothing in it. It is emptied and used again: making one takes ten times
// as long as most tests.
class EmptyDatabase {
 public:
  EmptyDatabase() {
    if (unused().empty()) {
      database_ = std::make_unique<TestDatabase>();
      const auto opened = open_database(database_->url());
      EXPECT_TRUE(opened) << (opened ? "" : opened.error().message);
    } else {
      database_ = std::move(unused().back());
      unused().pop_back();
      EXPECT_EQ(database_->sql(emptying), "");
    }
  }
  ~EmptyDatabase() { unused().push_back(std::move(database_)); }
  EmptyDatabase(const EmptyDatabase&) = delete;
  EmptyDatabase& operator=(const EmptyDatabase&) = delete;

  TestDatabase* operator->() { return database_.get(); }

 private:
  static constexpr auto emptying =
      "SET session_replication_role = replica; TRUNCATE broker_connections, hmt_gtt_orders, "
      "hmt_groups, hmt_order_attempts, hmt_audit, hmt_changes, hmt_accounts, hmt_idempotency "
      "RESTART IDENTITY; UPDATE hmt_event_counter SET last = 0; UPDATE hmt_lease SET epoch = 0, "
      "holder = '', expires_at = '1970-01-01'; UPDATE hmt_engine_switch SET stopped = false, why = "
      "'', set_by = ''";

  friend struct DroppedAtTheEnd;
  static std::vector<std::unique_ptr<TestDatabase>>& unused() {
    static std::vector<std::unique_ptr<TestDatabase>> kept;
    return kept;
  }

  std::unique_ptr<TestDatabase> database_;
};

// Not after main: libpq's own libraries have ended by then.
struct DroppedAtTheEnd : testing::Environment {
  void TearDown() override { EmptyDatabase::unused().clear(); }
};
inline auto* const dropped_at_the_end = testing::AddGlobalTestEnvironment(new DroppedAtTheEnd);

}  // namespace hmt::postgres
