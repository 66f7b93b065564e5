#include "sqlite/database_fixture.h"
#include "store/contract.h"

namespace hmt::store {
namespace {

class SqliteBackend : public Backend {
 public:
  SqliteBackend() : database_(sqlite::open_database(folder_.file()).value()) {}
  Writer& writer() override { return database_->writer(); }
  void reopen() override {
    database_.reset();
    database_ = sqlite::open_database(folder_.file()).value();
  }
  void delete_by_hand(model::TriggerId id) override {
    EXPECT_EQ(sqlite::by_hand(folder_.file(),
                              "DELETE FROM hmt_gtt_orders WHERE id = '" + id.text() + "'"),
              "");
  }

 private:
  sqlite::TestFolder folder_;
  std::unique_ptr<sqlite::Database> database_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, StoreContract,
                         testing::Values(BackendChoice{
                             "in_a_file", [] { return std::make_unique<SqliteBackend>(); }}),
                         backend_name);

}  // namespace
}  // namespace hmt::store
