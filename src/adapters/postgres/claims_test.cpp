#include <atomic>
#include <thread>

#include "postgres/database_fixture.h"

namespace hmt::postgres {
namespace {

struct Claims : PostgresTest {
  void SetUp() override {
    open({.lease_lasts = 24h});
    take_lease();
  }
  // What the database does when the engine writes an attempt; gone with `undo`.
  void on_attempt(const std::string& body) {
    EXPECT_EQ(
        sql("CREATE FUNCTION public.odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN " + body +
            " RETURN NEW; END $$; CREATE TRIGGER odd BEFORE INSERT ON hmt_order_attempts FOR "
            "EACH ROW EXECUTE FUNCTION public.odd()"),
        "");
  }
  void undo() { EXPECT_EQ(sql("DROP FUNCTION public.odd() CASCADE"), ""); }
  void TearDown() override { sql("DROP FUNCTION IF EXISTS public.odd() CASCADE"); }
};

TEST_F(Claims, AWarningMeansNotClaimedUntilItIsAskedAgain) {
  const auto claimed = claim_of(create(stop_loss(1)), "TAG1");
  on_attempt("RAISE WARNING 'canceling wait for synchronous replication';");
  const auto warned = claim(claimed);
  ASSERT_FALSE(warned);
  EXPECT_EQ(warned.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(warned.error().message, testing::StartsWith("commit unknown"));
  EXPECT_TRUE(changed.triggers.empty());
  undo();
  EXPECT_EQ(claim(claimed)->front(), ClaimVerdict::repeated);
  EXPECT_EQ(sql("SELECT count(*) FROM hmt_order_attempts"), "1\n");
}

TEST_F(Claims, AWarningBeforeTheCommitMeansThatNothingHappened) {
  const auto claimed = claim_of(create(stop_loss(1)), "TAG1");
  EXPECT_EQ(
      sql("CREATE FUNCTION public.odd() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE "
          "WARNING 'something is odd'; RETURN true; END $$; CREATE POLICY odd ON hmt_lease AS "
          "RESTRICTIVE TO hmt_engine USING (public.odd())"),
      "");
  const auto warned = claim(claimed);
  ASSERT_FALSE(warned);
  EXPECT_EQ(warned.error().message, "the database warns: something is odd");
  undo();
  EXPECT_EQ(claim(claimed)->front(), ClaimVerdict::won);
}

TEST_F(Claims, AWarningIsAnErrorForReadersToo) {
  create(stop_loss(1));
  EXPECT_EQ(sql("CREATE FUNCTION public.odd() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE "
                "WARNING 'something is odd'; RETURN true; END $$; CREATE POLICY odd ON "
                "hmt_gtt_orders AS RESTRICTIVE TO hmt_engine USING (public.odd())"),
            "");
  EXPECT_EQ(reader()->triggers({}, anybody).error().kind, ErrorKind::unavailable);
}

TEST_F(Claims, AClaimWhoseCommitIsRefusedHasNotHappened) {
  const auto claimed = claim_of(create(stop_loss(1)), "TAG1");
  on_attempt("");
  EXPECT_EQ(
      sql("CREATE OR REPLACE FUNCTION public.odd() RETURNS trigger LANGUAGE plpgsql AS $$ "
          "BEGIN RAISE EXCEPTION 'not today'; END $$; DROP TRIGGER odd ON hmt_order_attempts; "
          "CREATE CONSTRAINT TRIGGER odd AFTER INSERT ON hmt_order_attempts DEFERRABLE "
          "INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.odd()"),
      "");
  const auto refused = claim(claimed);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "not today");
  undo();
  EXPECT_EQ(claim(claimed)->front(), ClaimVerdict::won);
}

TEST_F(Claims, AClaimThatFindsNoRowToWriteIsNotWon) {
  const auto row = create(stop_loss(1));
  EXPECT_EQ(sql("CREATE FUNCTION public.odd() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN "
                "NULL; END $$; CREATE TRIGGER odd BEFORE UPDATE ON hmt_gtt_orders FOR EACH ROW "
                "EXECUTE FUNCTION public.odd()"),
            "");
  const auto lost = claim(claim_of(row, "TAG1"));
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(sql("SELECT count(*) FROM hmt_order_attempts"), "0\n");
}

TEST_F(Claims, AnEngineThatLacksARightWaitsForItAndIsNotTakenForFenced) {
  const auto row = create(stop_loss(1));
  sql("REVOKE UPDATE (number) ON hmt_audit FROM hmt_engine; REVOKE INSERT ON hmt_audit FROM "
      "hmt_engine");
  EXPECT_EQ(claim(claim_of(row, "TAG1")).error().kind, ErrorKind::unavailable);
  const auto record = record_of(std::vector{audit_of(row, "order_placed")});
  const auto done = writer().record(epoch, std::span(&record, 1));
  EXPECT_EQ(done.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(done.error().message, HasSubstr("permission denied for table hmt_audit"));
  sql("GRANT INSERT, UPDATE (number) ON hmt_audit TO hmt_engine");
  EXPECT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
}

TEST_F(Claims, ATableThatIsNotAsItWasHoldsTheFireAndDropsNothing) {
  const auto row = create(stop_loss(1));
  sql("ALTER TABLE hmt_order_attempts RENAME rule TO rules");
  EXPECT_EQ(claim(claim_of(row, "TAG1")).error().kind, ErrorKind::unavailable);
  sql("ALTER TABLE hmt_order_attempts RENAME rules TO rule");
  EXPECT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
}

TEST_F(Claims, AClaimWaitsForTheDiskWhateverTheDatabaseWasTold) {
  EXPECT_EQ(sql("ALTER DATABASE " + place->name() + " SET synchronous_commit = off"), "");
  database.reset();
  open({.lease_lasts = 24h});
  EXPECT_EQ(sql("CREATE TABLE public.seen (what text); GRANT INSERT ON public.seen TO hmt_engine"),
            "");
  on_attempt(
      "INSERT INTO public.seen SELECT name || '=' || setting FROM pg_settings WHERE name IN "
      "('synchronous_commit', 'lock_timeout', 'statement_timeout', "
      "'idle_in_transaction_session_timeout', 'transaction_isolation') ORDER BY name;");
  EXPECT_EQ(claim(claim_of(create(stop_loss(1)), "TAG1"))->front(), ClaimVerdict::won);
  EXPECT_EQ(sql("SELECT what FROM public.seen"),
            "idle_in_transaction_session_timeout=5000\nlock_timeout=500\nstatement_timeout=2000\n"
            "synchronous_commit=on\ntransaction_isolation=read committed\n");
  sql("DROP TABLE public.seen; ALTER DATABASE " + place->name() + " RESET synchronous_commit");
}

TEST_F(Claims, ARowThatSomebodyHoldsIsClaimedWhenItIsFree) {
  const auto row = create(stop_loss(1));
  Psql other(place->url());
  EXPECT_EQ(other.sql("BEGIN; UPDATE hmt_gtt_orders SET quantity_1 = 20; SHOW "
                      "idle_in_transaction_session_timeout"),
            "5s\n")
      << "whoever has changed a trigger does not sleep on it";
  const auto held = claim(claim_of(row, "TAG1"));
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(held.error().message, "a row is held by another transaction");
  other.sql("ROLLBACK");
  EXPECT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
}

TEST_F(Claims, AnEditThatCommitsWhileTheClaimWaitsMakesItStale) {
  const auto row = create(stop_loss(1));
  for (int round = 0; round < 5; ++round) {
    const auto now = reader()->trigger(row.id, anybody).value();
    Psql other(place->url());
    other.sql("BEGIN; UPDATE hmt_gtt_orders SET quantity_1 = quantity_1 + 1");
    Result<std::vector<ClaimVerdict>> done = base::fail(ErrorKind::unavailable, "");
    std::jthread claiming([&] {
      while (!done) done = claim(claim_of(now, tag_of(1)));
    });
    ::usleep(100'000);
    other.sql("COMMIT");
    claiming.join();
    EXPECT_EQ(done->front(), ClaimVerdict::stale);
  }
}

TEST_F(Claims, FiveHundredTriggersAreClaimedAtOnce) {
  std::vector<Claim> claims;
  for (std::uint32_t n = 1; n <= 500; ++n)
    claims.push_back(claim_of(create(two_leg(n)), tag_of(n)));
  const auto verdicts = writer().claim(claims, changed);
  ASSERT_TRUE(verdicts) << verdicts.error().message;
  EXPECT_EQ(*verdicts, std::vector(500, ClaimVerdict::won));
  EXPECT_EQ(changed.triggers.size(), 500U);
  EXPECT_EQ(sql("SELECT count(*), min(number), max(number) FROM hmt_audit"), "1001|1|1001\n");
}

// Eight of one lease at once: what a lease does not keep apart, the rows do.
TEST_F(Claims, EachTriggerFiresOnceHoweverManyClaimIt) {
  std::vector<Claim> claims;
  for (std::uint32_t n = 1; n <= 60; ++n) {
    claims.push_back(
        claim_of(create(n % 3 == 0 ? stop_loss(n) : in_group(stop_loss(n), n / 6)), tag_of(n)));
  }
  std::atomic<int> won = 0;
  std::vector<std::jthread> engines;
  for (int engine = 0; engine < 8; ++engine) {
    engines.emplace_back([&, engine] {
      const auto mine = open_database(place->url()).value();
      for (std::size_t i = 0; i < claims.size(); ++i) {
        auto one = claims[(i * 7 + static_cast<std::size_t>(engine) * 5) % claims.size()];
        one.attempt.tag = one.attempt.tag + std::string(1, static_cast<char>('A' + engine));
        Changed seen;
        auto done = mine->writer().claim(std::span(&one, 1), seen);
        for (int again = 0; again < 20 && !done; ++again) {
          done = mine->writer().claim(std::span(&one, 1), seen);
        }
        ASSERT_TRUE(done) << done.error().message;
        if (done->front() == ClaimVerdict::won) ++won;
      }
    });
  }
  engines.clear();
  EXPECT_EQ(won, 30) << "each by itself, and one of each group";
  EXPECT_EQ(sql("SELECT count(*), count(DISTINCT trigger_id) FROM hmt_order_attempts"), "30|30\n");
  EXPECT_EQ(sql("SELECT count(*) = max(number) FROM hmt_audit WHERE number IS NOT NULL"), "t\n");
}

TEST_F(Claims, ABatchAndAHandThatLockInOppositeOrderBothGoOn) {
  std::vector<Claim> claims;
  for (std::uint32_t n = 1; n <= 40; ++n)
    claims.push_back(claim_of(create(stop_loss(n)), tag_of(n)));
  std::atomic<bool> stop = false;
  std::jthread hand([&] {
    Psql psql(place->url());
    while (!stop) {
      psql.sql("BEGIN; SELECT id FROM hmt_gtt_orders ORDER BY id DESC FOR UPDATE; COMMIT");
    }
  });
  Result<std::vector<ClaimVerdict>> done = base::fail(ErrorKind::unavailable, "");
  for (int i = 0; i < 200 && !done; ++i) done = writer().claim(claims, changed);
  stop = true;
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(*done, std::vector(40, ClaimVerdict::won));
}

TEST_F(Claims, WhatABrokerWroteIsKeptThoughItIsNotUtf8) {
  const auto row = create(stop_loss(1));
  ASSERT_EQ(claim(claim_of(row, "TAG1"))->front(), ClaimVerdict::won);
  auto attempt = attempt_of(row, epoch, "TAG1");
  attempt.state = model::AttemptState::refused;
  attempt.message =
      std::string("caf\xE9 \xF0\x9F\x98\x80 \xED\xA0\x80 ") + '\0' + "{\"a\\b\",NULL}";
  auto record = record_of(std::vector{audit_of(row, "order_refused")});
  record.attempt = attempt;
  record.audit.front().detail = {{"words", attempt.message}};
  ASSERT_TRUE(writer().record(epoch, std::span(&record, 1)));
  EXPECT_EQ(reader()->attempts(row.id, anybody)->front().message,
            "caf\uFFFD \U0001F600 \uFFFD\uFFFD\uFFFD \uFFFD{\"a\\b\",NULL}");
}

}  // namespace
}  // namespace hmt::postgres
