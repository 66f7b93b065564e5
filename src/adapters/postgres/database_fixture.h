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

inline bool is_unavailable(const base::Error& error) {
  return error.kind == ErrorKind::unavailable;
}

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

struct PostgresTest : testing::Test {
  void SetUp() override { open(); }
  void open(const Options& options = {}) {
    auto opened = open_database(place->url(), options);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
  }

  Writer& writer() { return database->writer(); }
  std::unique_ptr<Reader> reader() { return writer().reader(); }
  void take_lease(const std::string& holder = "engine") {
    epoch = writer().take_lease(holder, at_minute(0)).value();
  }
  model::Trigger create(const model::Trigger& trigger) {
    const auto written = writer().create(trigger, anybody, nullptr, at_minute(0));
    EXPECT_TRUE(written) << (written ? "" : written.error().message);
    return written ? written->trigger : model::Trigger{};
  }
  Claim claim_of(const model::Trigger& row, const std::string& tag) {
    return {attempt_of(row, epoch, tag), row.version, row.parent_id};
  }
  Result<std::vector<ClaimVerdict>> claim(const Claim& one) {
    return writer().claim(std::span(&one, 1), changed);
  }
  std::string sql(const std::string& text) { return place->sql(text); }

  EmptyDatabase place;
  std::unique_ptr<Database> database;
  std::int64_t epoch = 0;
  Changed changed;
};

}  // namespace hmt::postgres
