#include <set>

#include "postgres/connection.h"
#include "postgres/database_fixture.h"
#include "postgres/test_relay.h"

// The link to the database is cut before every single message of a call, in both directions; the
// call is made again, as the commit queue does. Whatever was cut, it happens once.
namespace hmt::postgres {
namespace {

struct LostLink : PostgresTest {
  void SetUp() override {
    open({.lease_lasts = 24h});
    take_lease();
    far = open_database(url_by(place->url(), relay.port()), {.lease_lasts = 24h}).value();
    EXPECT_TRUE(far->writer().note(audit_of(stop_loss(1), "warm")));
  }

  // Calls until it works; whether the first call was cut.
  template <class Call>
  bool insist(int cut, const Call& call) {
    relay.cut_before(cut);
    auto done = call();
    relay.pass_all();
    const bool was_cut = relay.was_cut();
    for (int i = 0; i < 20 && !done; ++i) {
      EXPECT_EQ(done.error().kind, ErrorKind::unavailable) << done.error().message;
      if (done.error().message.starts_with("commit unknown")) ++unknown;
      done = call();
    }
    EXPECT_TRUE(done) << "cut before message " << cut << ": " << done.error().message;
    return was_cut;
  }

  std::string count(const std::string& what) {
    const auto text = sql("SELECT count(*) FROM " + what);
    return text.substr(0, text.size() - 1);
  }

  Relay relay{port_of(place->url())};
  std::unique_ptr<Database> far;
  int unknown = 0;
};

TEST_F(LostLink, AClaimThatIsMadeAgainFiresOnce) {
  std::set<ClaimVerdict> heard;
  bool was_cut = true;
  std::uint32_t n = 0;
  for (; was_cut && n < 500;) {
    ++n;
    const auto row = create(in_group(stop_loss(n), n));
    const auto claimed = claim_of(row, tag_of(n));
    ClaimVerdict verdict{};
    was_cut = insist(static_cast<int>(n), [&] {
      auto verdicts = far->writer().claim(std::span(&claimed, 1), changed);
      if (verdicts) verdict = verdicts->front();
      return verdicts;
    });
    heard.insert(verdict);
    const auto id = "'" + row.id.text() + "'";
    EXPECT_EQ(count("hmt_order_attempts WHERE trigger_id = " + id), "1") << n;
    EXPECT_EQ(count("hmt_gtt_orders WHERE status = 'firing' AND fire_no = 1 AND version = 2 AND "
                    "id = " +
                    id),
              "1")
        << n;
    EXPECT_EQ(count("hmt_audit WHERE event = 'claimed' AND trigger_id = " + id), "1") << n;
    EXPECT_EQ(count("hmt_groups WHERE winner = " + id), "1") << n;
  }
  EXPECT_FALSE(was_cut) << "at last a call passes whole";
  EXPECT_GT(n, 20U);
  EXPECT_EQ(heard, (std::set{ClaimVerdict::won, ClaimVerdict::repeated})) << "both ways were met";
  EXPECT_GT(unknown, 0) << "the answer to a COMMIT was lost";
  EXPECT_EQ(count("hmt_order_attempts"), std::to_string(n));
}

TEST_F(LostLink, ARecordThatIsMadeAgainLeavesOneAttemptAndItsOutcome) {
  bool was_cut = true;
  std::uint32_t n = 0;
  for (; was_cut && n < 500;) {
    ++n;
    const auto row = create(stop_loss(n));
    ASSERT_EQ(claim(claim_of(row, tag_of(n)))->front(), ClaimVerdict::won);
    auto placed = attempt_of(row, epoch, tag_of(n));
    placed.state = model::AttemptState::placed;
    placed.order_id = "261123000000001";
    auto outcome = outcome_of(row, model::TriggerStatus::triggered);
    outcome.order_id = placed.order_id;
    auto record = record_of(outcome, at_minute(6), {audit_of(row, "order_placed")});
    record.attempt = placed;
    was_cut = insist(static_cast<int>(n),
                     [&] { return far->writer().record(epoch, std::span(&record, 1)); });
    EXPECT_EQ(reader()->attempts(row.id, anybody).value(), std::vector{placed}) << n;
    const auto now = reader()->trigger(row.id, anybody).value();
    EXPECT_EQ(now.status, model::TriggerStatus::triggered);
    EXPECT_EQ(now.order_id, placed.order_id);
    EXPECT_LE(now.version, 4);
  }
  EXPECT_FALSE(was_cut);
  EXPECT_GT(n, 20U);
}

TEST_F(LostLink, ACreateThatIsMadeAgainWithItsKeyMakesOneTrigger) {
  sql("SET ROLE hmt_engine; INSERT INTO broker_connections (id, user_id) VALUES ('" +
      connection_id(1).text() + "', '" + user_id(1).text() + "')");
  bool was_cut = true;
  std::uint32_t n = 0;
  for (; was_cut && n < 500;) {
    ++n;
    const Idempotency key{"k" + std::to_string(n), "h", [](const auto&) { return "made"; }};
    was_cut = insist(static_cast<int>(n), [&] {
      return far->writer().create(stop_loss(n), user(1), &key, at_minute(1));
    });
    EXPECT_EQ(count("hmt_gtt_orders"), std::to_string(n));
    EXPECT_EQ(count("hmt_audit WHERE event = 'created'"), std::to_string(n));
    EXPECT_EQ(count("hmt_idempotency"), std::to_string(n));
  }
  EXPECT_FALSE(was_cut);
  EXPECT_GT(n, 30U);
}

TEST_F(LostLink, ALeaseThatIsTakenAgainIsHeldOnce) {
  bool was_cut = true;
  std::int64_t last = epoch;
  for (int n = 1; was_cut && n < 500; ++n) {
    std::int64_t taken = 0;
    was_cut = insist(n, [&] {
      auto done = far->writer().take_lease("engine", at_minute(1));
      if (done) taken = *done;
      return done;
    });
    EXPECT_GT(taken, last);
    EXPECT_EQ(sql("SELECT epoch, holder FROM hmt_lease"), std::to_string(taken) + "|engine\n");
    last = taken;
  }
  EXPECT_FALSE(was_cut);
}

TEST_F(LostLink, WhatOthersWroteIsNumberedOnceHoweverOftenItIsTakenOver) {
  bool was_cut = true;
  for (int n = 1; was_cut && n < 500; ++n) {
    sql("INSERT INTO hmt_audit (event, actor) VALUES ('by hand', 'sql')");
    ASSERT_TRUE(far->writer().take_lease("engine", at_minute(1)));
    was_cut = insist(n, [&] { return far->writer().absorb({}); });
  }
  EXPECT_FALSE(was_cut);
  EXPECT_EQ(count("hmt_audit WHERE number IS NULL"), "0");
  EXPECT_EQ(sql("SELECT count(*) = count(DISTINCT number), max(number) = count(*), max(number) = "
                "(SELECT last FROM hmt_event_counter) FROM hmt_audit"),
            "t|t|t\n");
}

TEST_F(LostLink, AFollowerThatIsCutMissesNothingAndRepeatsNothing) {
  const auto follower = far->writer().follower();
  std::vector<model::TriggerId> expected;
  std::vector<model::TriggerId> told;
  bool was_cut = true;
  for (std::uint32_t n = 1; was_cut && n < 500; ++n) {
    sql("INSERT INTO hmt_gtt_orders (id, trading_symbol, exchange, instrument_token, "
        "condition_type, transaction_type, product_type_1, trigger_price_1, quantity_1) VALUES ('" +
        trigger_id(n).text() + "', 'INFY', 'NSE', 408065, 'single', 'BUY', 'MIS', 1510.05, 1)");
    expected.push_back(trigger_id(n));
    was_cut = insist(static_cast<int>(n), [&] {
      auto found = follower->changes();
      if (found) told.insert(told.end(), found->triggers.begin(), found->triggers.end());
      return found;
    });
  }
  EXPECT_FALSE(was_cut);
  EXPECT_EQ(told, expected);
}

TEST_F(LostLink, ANetworkThatSwallowsEverythingCostsNoMoreThanTheDeadline) {
  auto slow = open_database(url_by(place->url(), relay.port()), {.connect = 300ms, .answer = 300ms})
                  .value();
  const auto row = create(stop_loss(1));
  const auto claimed = claim_of(row, "TAG1");
  ASSERT_TRUE(slow->writer().note({}));
  relay.swallow(true);
  for (int i = 0; i < 3; ++i) {
    const auto asked = std::chrono::steady_clock::now();
    const auto done = slow->writer().claim(std::span(&claimed, 1), changed);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().kind, ErrorKind::unavailable);
    EXPECT_LT(std::chrono::steady_clock::now() - asked, 20s) << "it does not hang";
    EXPECT_FALSE(slow->writer().reader()->last_event());
  }
  relay.swallow(false);
  Result<std::vector<ClaimVerdict>> done = base::fail(ErrorKind::unavailable, "");
  for (int i = 0; i < 50 && !done; ++i) {
    done = slow->writer().claim(std::span(&claimed, 1), changed);
  }
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(reader()->attempts(row.id, anybody)->size(), 1U);
}

TEST_F(LostLink, TheServersRestartIsSeenBeforeTheNextCall) {
  ASSERT_TRUE(writer().note({}));
  ASSERT_TRUE(reader()->last_event());
  sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'hmt' AND "
      "datname = current_database()");
  ::usleep(100'000);
  EXPECT_TRUE(reader()->last_event()) << "a session that has ended is opened again first";
  EXPECT_TRUE(writer().note({}));
}

// To BEGIN … READ WRITE a standby says 0A000: whoever stayed would never find the primary.
TEST_F(LostLink, AServerThatIsNotAbleToIsNotAskedAgainInTheSameSession) {
  Connection connection(Settings::parse(place->url()).value(), Role::engine);
  const auto session = [&connection] {
    EXPECT_TRUE(connection.once("SELECT pg_backend_pid()"));
    return connection.rows(0).front().integer();
  };
  const auto first = session();
  EXPECT_FALSE(connection.once("SELECT 1 / 0"));
  EXPECT_EQ(session(), first) << "a statement that fails is no reason";
  const auto refused =
      connection.once("DO $$ BEGIN RAISE EXCEPTION 'recovery' USING ERRCODE = '0A000'; END $$");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::unavailable);
  EXPECT_NE(session(), first);
}

}  // namespace
}  // namespace hmt::postgres
