#include <thread>

#include "postgres/database_fixture.h"

// One engine at a time: the lease by the database's clock, in two processes.
namespace hmt::postgres {
namespace {

struct LeaseTest : PostgresTest {
  void SetUp() override {
    open({.lease_lasts = 1h});
    rival = open_database(place->url(), {.lease_lasts = 1h}).value();
    take_lease("first");
  }
  void lapse() { sql("UPDATE hmt_lease SET expires_at = now() - interval '1 second'"); }

  std::unique_ptr<Database> rival;
};

TEST_F(LeaseTest, HowLongItLastsUnrenewedIsReadByTheDatabasesClock) {
  const auto left = rival->writer().reader()->lease_left().value();
  EXPECT_GT(left, 59min);
  EXPECT_LE(left, 1h);
  lapse();
  EXPECT_EQ(rival->writer().reader()->lease_left().value(), 0h);
}

TEST_F(LeaseTest, ASecondProcessIsToldWhoHoldsItAndUntilWhen) {
  const auto refused = rival->writer().take_lease("second", at_minute(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused);
  EXPECT_THAT(refused.error().message, testing::ContainsRegex("first, until ..:..:.. IST"));
  EXPECT_EQ(rival->writer().lease_lasts(), 1h);
}

TEST_F(LeaseTest, WhoAsksWhileAnotherHoldsItWaitsForNoClaimAndHoldsUpNone) {
  Psql under_way(place->url());
  under_way.sql("BEGIN; SELECT 1 FROM hmt_lease FOR KEY SHARE");
  const auto refused = rival->writer().take_lease("second", at_minute(1));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::refused) << "it is told at once";
  EXPECT_THAT(refused.error().message, HasSubstr("first"));
}

TEST_F(LeaseTest, TheHolderTakesItAgainWithANewEpoch) {
  const auto row = create(stop_loss(1));
  const auto old = claim_of(row, "TAG1");
  const auto again = rival->writer().take_lease("first", at_minute(1));
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, epoch + 1);
  EXPECT_EQ(claim(old)->front(), ClaimVerdict::fenced);
}

// As after an outage of the database that outlasts it: the fire that was held goes on.
TEST_F(LeaseTest, ALeaseThatHasRunOutIsStillItsHoldersUntilAnotherTakesIt) {
  const auto row = create(stop_loss(1));
  const auto other = create(stop_loss(2));
  lapse();
  EXPECT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
  const auto record = record_of(std::vector{audit_of(row, "order_placed")});
  EXPECT_TRUE(writer().record(epoch, std::span(&record, 1)));
  EXPECT_TRUE(writer().follower()->renew_lease(epoch));
  EXPECT_FALSE(rival->writer().take_lease("second", at_minute(1))) << "it was renewed";
  lapse();
  ASSERT_TRUE(rival->writer().take_lease("second", at_minute(1)));
  EXPECT_EQ(claim(claim_of(other, "TAG2"))->front(), ClaimVerdict::fenced);
}

TEST_F(LeaseTest, ALeaseThatHasRunOutGoesToWhoAsks) {
  lapse();
  const auto taken = rival->writer().take_lease("second", at_minute(1));
  ASSERT_TRUE(taken);
  EXPECT_EQ(*taken, epoch + 1);
  EXPECT_FALSE(writer().follower()->renew_lease(epoch));
  EXPECT_TRUE(rival->writer().follower()->renew_lease(*taken));
  const auto record = record_of(std::vector{audit_of(stop_loss(1), "order_placed")});
  EXPECT_EQ(writer().record(epoch, std::span(&record, 1)).error().kind, ErrorKind::refused);
}

TEST_F(LeaseTest, RenewingMakesItLastAnew) {
  sql("UPDATE hmt_lease SET expires_at = now() + interval '1 minute'");
  ASSERT_TRUE(writer().follower()->renew_lease(epoch));
  EXPECT_EQ(sql("SELECT expires_at > now() + interval '50 minutes' FROM hmt_lease"), "t\n");
}

TEST_F(LeaseTest, WhatIsGivenUpIsFreeAtOnceAndOnlyByItsHolder) {
  ASSERT_TRUE(writer().give_up_lease(epoch - 1));
  EXPECT_FALSE(rival->writer().take_lease("second", at_minute(1)));
  ASSERT_TRUE(writer().give_up_lease(epoch));
  EXPECT_TRUE(rival->writer().take_lease("second", at_minute(1)));
  ASSERT_TRUE(writer().give_up_lease(epoch));
  EXPECT_FALSE(writer().take_lease("first", at_minute(1))) << "it is the second's";
}

TEST_F(LeaseTest, TakingItWaitsForTheClaimThatIsUnderWayAndRenewingDoesNot) {
  Psql under_way(place->url());
  under_way.sql("BEGIN; SELECT 1 FROM hmt_lease FOR KEY SHARE");
  EXPECT_TRUE(writer().follower()->renew_lease(epoch));
  lapse();
  const auto waiting = rival->writer().take_lease("second", at_minute(1));
  ASSERT_FALSE(waiting);
  EXPECT_EQ(waiting.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(sql("SET lock_timeout = '50ms'; UPDATE hmt_lease SET epoch = epoch + 1"),
              HasSubstr("lock timeout"))
      << "nor does a hand take it";
  under_way.sql("COMMIT");
  EXPECT_TRUE(rival->writer().take_lease("second", at_minute(1)));
}

// It runs out between the verdict and the commit: nobody can have taken it meanwhile.
TEST_F(LeaseTest, AClaimThatOutlivesItsLeaseIsDurableBeforeTheNextHolder) {
  const auto row = create(stop_loss(1));
  sql("CREATE FUNCTION public.slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM "
      "pg_sleep(0.3); RETURN NEW; END $$; CREATE TRIGGER slow BEFORE INSERT ON hmt_order_attempts "
      "FOR EACH ROW EXECUTE FUNCTION public.slow()");
  sql("UPDATE hmt_lease SET expires_at = clock_timestamp() + interval '100 ms'");
  Result<std::vector<ClaimVerdict>> verdicts = base::fail(ErrorKind::unavailable, "");
  std::jthread claiming([&] { verdicts = claim(claim_of(row, "TAG1")); });
  Result<std::int64_t> taken = base::fail(ErrorKind::unavailable, "");
  const auto patience = std::chrono::steady_clock::now() + 10s;
  while (!taken && std::chrono::steady_clock::now() < patience) {
    taken = rival->writer().take_lease("second", at_minute(1));
  }
  ASSERT_TRUE(taken) << taken.error().message;
  const auto found = store::whole_recovery(*rival->writer().reader(), {0}).value();
  claiming.join();
  sql("DROP FUNCTION public.slow() CASCADE");
  ASSERT_TRUE(verdicts) << verdicts.error().message;
  const bool won = verdicts->front() == ClaimVerdict::won;
  EXPECT_EQ(found.attempts.size(), won ? 1U : 0U) << "the next holder knows what the last one did";
}

// ---- numbers are the holder's

TEST_F(LeaseTest, WhatAStandbyWritesIsNumberedByTheHolder) {
  auto follower = writer().follower();
  const auto row = rival->writer().create(stop_loss(1), anybody, nullptr, at_minute(1)).value();
  EXPECT_EQ(row.last_event, 0);
  EXPECT_EQ(reader()->last_event().value(), 1) << "the lease's";
  const auto noted = writer().note(audit_of(stop_loss(9), "feed_lost")).value();
  EXPECT_EQ(noted, 2);

  const auto found = follower->changes().value();
  EXPECT_THAT(found.triggers, testing::ElementsAre(row.trigger.id));
  EXPECT_TRUE(found.untold);
  EXPECT_TRUE(rival->writer().absorb(found)) << "who does not hold the lease numbers nothing";
  EXPECT_EQ(reader()->last_event().value(), 2);
  const auto absorbed = writer().absorb(found).value();
  EXPECT_EQ(absorbed.last_event, 3);
  EXPECT_THAT(absorbed.triggers, testing::ElementsAre(row.trigger));
  EXPECT_FALSE(follower->changes()->untold);
  EXPECT_EQ(reader()->audit({}, anybody)->back().entry.event, "created");
}

TEST_F(LeaseTest, WhereNobodyHoldsTheLeaseTheWriterNumbers) {
  lapse();
  EXPECT_EQ(rival->writer().note(audit_of(stop_loss(1), "x")).value(), 2);
  EXPECT_EQ(writer().note(audit_of(stop_loss(1), "y")).value(), 3);
}

TEST_F(LeaseTest, ANumberIsGivenInTheOrderOfCommits) {
  Psql under_way(place->url());
  under_way.sql("BEGIN; UPDATE hmt_event_counter SET last = last + 1");
  const auto waits = writer().note(audit_of(stop_loss(1), "x"));
  ASSERT_FALSE(waits) << "a lower number might commit later";
  EXPECT_EQ(waits.error().kind, ErrorKind::unavailable);
  under_way.sql("COMMIT");
  EXPECT_EQ(writer().note(audit_of(stop_loss(1), "x")).value(), 3);
}

TEST_F(LeaseTest, AccountsAreBoundPerConnection) {
  EXPECT_TRUE(writer().bind_account({}, "kite", "AB1234", at_minute(1))) << "the operator's own";
  EXPECT_FALSE(writer().bind_account({}, "sim", "AB1234", at_minute(1)));
  EXPECT_TRUE(rival->writer().bind_account(connection_id(1), "kite", "CD5678", at_minute(1)));
  EXPECT_FALSE(rival->writer().bind_account(connection_id(2), "kite", "AB1234", at_minute(1)));
}

}  // namespace
}  // namespace hmt::postgres
