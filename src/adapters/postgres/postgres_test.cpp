#include "postgres/database_fixture.h"
#include "store/contract.h"

namespace hmt::store {
namespace {

class PostgresBackend : public Backend {
 public:
  PostgresBackend() : database_(postgres::open_database(place_->url()).value()) {}
  Writer& writer() override { return database_->writer(); }
  void reopen() override {
    lease_lapses();
    database_.reset();
    database_ = postgres::open_database(place_->url()).value();
  }
  void lease_lapses() override {
    EXPECT_EQ(place_->sql("UPDATE hmt_lease SET expires_at = now() - interval '1 second'"), "");
  }
  void delete_by_hand(model::TriggerId id) override {
    EXPECT_EQ(place_->sql("DELETE FROM hmt_gtt_orders WHERE id = '" + id.text() + "'"), "");
  }
  void connection_ready(model::UserId user, model::ConnectionId connection) override {
    EXPECT_EQ(
        place_->sql("SET ROLE hmt_engine; INSERT INTO broker_connections (id, user_id) VALUES "
                    "('" +
                    connection.text() + "', '" + user.text() + "')"),
        "");
  }

 private:
  postgres::EmptyDatabase place_;
  std::unique_ptr<postgres::Database> database_;
};

INSTANTIATE_TEST_SUITE_P(Postgres, StoreContract,
                         testing::Values(BackendChoice{
                             "on_a_server", [] { return std::make_unique<PostgresBackend>(); }}),
                         backend_name);

}  // namespace
}  // namespace hmt::store
