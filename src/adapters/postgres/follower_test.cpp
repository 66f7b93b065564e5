#include <atomic>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "postgres/database_fixture.h"

// What others commit is told once each: whatever the order, however long it took.
namespace hmt::postgres {
namespace {

std::string row_of(std::uint32_t n, const std::string& columns = "",
                   const std::string& values = "") {
  return "INSERT INTO hmt_gtt_orders (id, trading_symbol, exchange, instrument_token, "
         "condition_type, transaction_type, product_type_1, trigger_price_1, quantity_1" +
         columns + ") VALUES ('" + trigger_id(n).text() +
         "', 'INFY', 'NSE', 408065, 'single', 'BUY', 'MIS', 1510.05, 1" + values + ");";
}

struct FollowerTest : PostgresTest {
  void SetUp() override {
    open({.lease_lasts = 24h});
    take_lease();
    follower = writer().follower();
  }
  Foreign changes() {
    auto found = follower->changes();
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    return found.value_or(Foreign{});
  }

  std::unique_ptr<Follower> follower;
};

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(FollowerTest, WhatTheHolderWritesItselfIsNoNews) {
  sql("SET ROLE hmt_engine; INSERT INTO broker_connections (id, user_id) VALUES ('" +
      connection_id(1).text() + "', '" + user_id(1).text() + "')");
  const auto own = writer().create(stop_loss(1), user(1), nullptr, at_minute(0)).value();
  const auto row = create(stop_loss(2));
  ASSERT_TRUE(writer().cancel(own.trigger.id, {}, user(1), nullptr, at_minute(1)));
  ASSERT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
  model::BrokerConnection connection;
  connection.id = connection_id(7);
  ASSERT_TRUE(writer().put_connection(connection, {}, "connection_added", anybody, at_minute(1)));
  EXPECT_TRUE(changes().empty());
}

TEST_F(FollowerTest, EveryKindOfChangeByHandIsTold) {
  sql(row_of(1));
  EXPECT_THAT(changes().triggers, ElementsAre(trigger_id(1)));
  EXPECT_THAT(changes().triggers, IsEmpty()) << "once";
  sql("UPDATE hmt_gtt_orders SET quantity_1 = 2");
  EXPECT_THAT(changes().triggers, ElementsAre(trigger_id(1)));
  sql("DELETE FROM hmt_gtt_orders");
  auto found = changes();
  EXPECT_THAT(found.triggers, ElementsAre(trigger_id(1)));
  EXPECT_TRUE(found.untold);
  const auto absorbed = writer().absorb(found).value();
  EXPECT_THAT(absorbed.removed, ElementsAre(trigger_id(1)));
  EXPECT_EQ(absorbed.last_event, reader()->last_event().value());

  sql("INSERT INTO broker_connections (id) VALUES ('" + connection_id(3).text() + "')");
  found = changes();
  EXPECT_THAT(found.connections, ElementsAre(connection_id(3)));
  EXPECT_EQ(writer().absorb(found)->connections.front().id, connection_id(3));
  sql("DELETE FROM broker_connections");
  EXPECT_THAT(writer().absorb(changes())->removed_connections, ElementsAre(connection_id(3)));
}

TEST_F(FollowerTest, TheSwitchIsSeenAsItStands) {
  EXPECT_EQ(changes().now, (Switch{}));
  sql("UPDATE hmt_engine_switch SET stopped = true, why = 'by hand'");
  EXPECT_EQ(changes().now, (Switch{true, "by hand"}));
  ASSERT_TRUE(writer().set_stopped(false, "back", anybody, at_minute(1)));
  EXPECT_EQ(changes().now, (Switch{}));
  const auto before = changes().set;
  EXPECT_EQ(changes().set, before);
  ASSERT_TRUE(writer().set_stopped(false, "", anybody, at_minute(1)));
  EXPECT_NE(changes().set, before) << "a start that changes nothing is one all the same";
}

TEST_F(FollowerTest, AChangeOfBeforeIsNotToldAndOneUnderWayIs) {
  sql(row_of(1));
  Psql slow(place->url());
  slow.sql("BEGIN;" + row_of(2));
  follower = writer().follower();
  EXPECT_TRUE(changes().triggers.empty());
  sql(row_of(3));
  EXPECT_THAT(changes().triggers, ElementsAre(trigger_id(3)))
      << "nothing waits for the transaction that takes long";
  slow.sql("COMMIT");
  EXPECT_THAT(changes().triggers, ElementsAre(trigger_id(2)));
  EXPECT_THAT(changes().triggers, IsEmpty());
}

TEST_F(FollowerTest, TwoChangesOfOneRowAreOnePieceOfNews) {
  sql(row_of(1) + "UPDATE hmt_gtt_orders SET quantity_1 = 2;");
  sql("UPDATE hmt_gtt_orders SET quantity_1 = 3;");
  EXPECT_THAT(changes().triggers, ElementsAre(trigger_id(1)));
}

TEST_F(FollowerTest, ManyAreToldBitByBitAndNumberedBitByBit) {
  EXPECT_EQ(sql("INSERT INTO hmt_gtt_orders (trading_symbol, exchange, instrument_token, "
                "condition_type, transaction_type, product_type_1, trigger_price_1, quantity_1) "
                "SELECT 'INFY', 'NSE', 408065, 'single', 'BUY', 'MIS', 1510.05, 1 FROM "
                "generate_series(1, 2500)"),
            "");
  std::set<model::TriggerId> told;
  std::int64_t last = 0;
  for (int i = 0; i < 3; ++i) {
    const auto found = changes();
    EXPECT_TRUE(found.untold);
    told.insert(found.triggers.begin(), found.triggers.end());
    const auto absorbed = writer().absorb(found).value();
    EXPECT_EQ(absorbed.triggers.size(), found.triggers.size());
    EXPECT_GT(absorbed.last_event, last);
    last = absorbed.last_event;
  }
  EXPECT_EQ(told.size(), 2500U);
  EXPECT_TRUE(changes().empty());
  EXPECT_EQ(sql("SELECT count(*) FROM hmt_audit WHERE number IS NULL"), "0\n");
}

TEST_F(FollowerTest, MoreThanCanBeToldIsLeftToAFullCompareButConnectionsAreTold) {
  const auto change = [this](int triggers) {
    EXPECT_EQ(sql("INSERT INTO hmt_changes (trigger_id, connection_id) SELECT gen_random_uuid(), "
                  "NULL::uuid FROM generate_series(1, " +
                  std::to_string(triggers) + ") UNION ALL SELECT NULL, '" +
                  connection_id(3).text() + "'::uuid"),
              "");
  };
  change(10'001);
  auto found = changes();
  EXPECT_TRUE(found.missed);
  EXPECT_THAT(found.triggers, IsEmpty());
  EXPECT_THAT(found.connections, ElementsAre(connection_id(3)));
  found = changes();
  EXPECT_FALSE(found.missed) << "once";
  EXPECT_THAT(found.triggers, IsEmpty());

  change(10'000);
  std::size_t told = 0;
  for (found = changes(); !found.triggers.empty(); found = changes()) {
    EXPECT_FALSE(found.missed);
    told += found.triggers.size();
  }
  EXPECT_EQ(told, 10'000U);
}

TEST_F(FollowerTest, RowsOfARestoredBackupAreNotToldForever) {
  sql("SET session_replication_role = replica; INSERT INTO hmt_changes (xid, trigger_id) VALUES "
      "('99999999999', '" +
      trigger_id(1).text() + "'), ('1', '" + trigger_id(2).text() + "')");
  EXPECT_TRUE(changes().triggers.empty());
  EXPECT_TRUE(changes().triggers.empty());
}

TEST_F(FollowerTest, OldChangesAreForgottenAndYoungOnesKept) {
  sql("INSERT INTO hmt_changes (at, trigger_id) VALUES (now() - interval '25 hours', NULL), (now() "
      "- "
      "interval '23 hours', NULL)");
  EXPECT_EQ(sql("SET ROLE hmt_engine; SELECT hmt_private.forget_changes()"), "1\n");
  EXPECT_EQ(sql("SELECT count(*) FROM hmt_changes"), "1\n");
}

// ---- the storm

// What each hand committed last to each row: its quantity, or nothing when it deleted it.
struct Ledger {
  std::mutex mutex;
  std::map<model::TriggerId, int> commits;
};

// One hand: transactions of random length over its own rows, with savepoints that are taken back,
// transactions that are, and pauses while they are open.
void scribble(const std::string& url, std::uint32_t hand, Ledger& ledger) {
  Psql psql(url);
  std::mt19937 random(hand);
  const auto some = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  for (int round = 0; round < 40; ++round) {
    std::map<model::TriggerId, int> mine;
    psql.sql("BEGIN");
    for (int i = some(4); i >= 0; --i) {
      const auto n = hand * 1000 + static_cast<std::uint32_t>(some(20));
      const bool taken_back = some(4) == 0;
      if (taken_back) psql.sql("SAVEPOINT s");
      psql.sql(row_of(n).substr(0, row_of(n).size() - 1) +
               " ON CONFLICT (id) DO UPDATE SET quantity_1 = hmt_gtt_orders.quantity_1 + 1");
      if (taken_back) {
        psql.sql("ROLLBACK TO s");
      } else {
        ++mine[trigger_id(n)];
      }
    }
    if (some(3) == 0) ::usleep(static_cast<useconds_t>(some(20'000)));
    if (some(5) == 0) {
      psql.sql("ROLLBACK");
      continue;
    }
    const std::scoped_lock lock(ledger.mutex);
    for (const auto& [id, times] : mine) ledger.commits[id] += times;
    psql.sql("COMMIT");
  }
}

TEST_F(FollowerTest, EightHandsAtOnceAndEachCommitIsToldOnce) {
  Psql open_all_day(place->url());
  open_all_day.sql("BEGIN; SELECT pg_current_xact_id();" + row_of(99));
  open_all_day.sql("SET idle_in_transaction_session_timeout = 0");
  Ledger ledger;
  std::map<model::TriggerId, std::int64_t> held;  // as an engine would hold them
  std::atomic<int> writing = 8;
  std::vector<std::jthread> hands;
  for (std::uint32_t hand = 1; hand <= 8; ++hand) {
    hands.emplace_back([&, hand] {
      scribble(place->url(), hand, ledger);
      --writing;
    });
  }
  bool last_look = false;
  while (!last_look) {
    last_look = writing == 0;
    for (auto found = changes(); !found.empty(); found = changes()) {
      const auto absorbed = writer().absorb(found).value();
      for (const auto& row : absorbed.triggers) held[row.id] = row.version;
    }
  }
  hands.clear();
  std::map<model::TriggerId, std::int64_t> expected;
  for (const auto& row : reader()->active_rows({}, 100000).value()) expected[row.id] = row.version;
  EXPECT_EQ(held, expected) << "memory and table agree";
  EXPECT_EQ(held.size(), ledger.commits.size());
  for (const auto& [id, times] : ledger.commits) EXPECT_EQ(held[id], times) << id.text();

  open_all_day.sql("COMMIT");
  EXPECT_THAT(changes().triggers, ElementsAre(trigger_id(99)));
  EXPECT_EQ(sql("SELECT count(*) FROM hmt_changes c WHERE NOT EXISTS (SELECT FROM hmt_gtt_orders o "
                "WHERE o.id = c.trigger_id)"),
            "0\n");
}

// The raw feed, without what makes one of several: each committed change row comes exactly once.
TEST_F(FollowerTest, NoChangeRowIsMissedOrRepeated) {
  std::atomic<int> writing = 8;
  std::vector<std::jthread> hands;
  for (int hand = 0; hand < 8; ++hand) {
    hands.emplace_back([&, hand] {
      Psql psql(place->url());
      for (int i = 0; i < 60; ++i) {
        psql.sql("BEGIN; INSERT INTO hmt_changes (trigger_id) VALUES (gen_random_uuid())");
        if ((i + hand) % 3 == 0) ::usleep(3000);
        psql.sql((i + hand) % 7 == 0 ? "ROLLBACK" : "COMMIT");
      }
      --writing;
    });
  }
  std::map<model::TriggerId, int> told;
  bool last_look = false;
  while (!last_look) {
    last_look = writing == 0;
    for (const auto id : changes().triggers) ++told[id];
  }
  hands.clear();
  EXPECT_EQ(sql("SELECT count(*) FROM hmt_changes"), std::to_string(told.size()) + "\n");
  for (const auto& [id, times] : told) EXPECT_EQ(times, 1);
}

}  // namespace
}  // namespace hmt::postgres
