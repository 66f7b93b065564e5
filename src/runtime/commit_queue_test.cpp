#include "runtime/commit_queue.h"

#include <atomic>
#include <functional>
#include <gmock/gmock.h>
#include <mutex>
#include <set>
#include <thread>

#include "store/memory.h"

namespace hmt::runtime {
namespace {

using base::ErrorKind;
using model::ClaimVerdict;
using testing::ElementsAre;
using testing::IsEmpty;

base::Instant at_second(int n) {
  return base::parse_rfc3339("2026-11-23T04:00:00Z").value() + std::chrono::seconds(n);
}

model::Trigger stop_loss(std::uint8_t number) {
  model::Trigger row;
  row.id.uuid.bytes.fill(number);
  row.trading_symbol = "INFY";
  row.instrument_token = 408065;
  row.side = model::Side::sell;
  row.leg_1.trigger_price = model::Price::from_rupees(1500);
  row.leg_1.quantity = 10;
  return row;
}

// Counts what reaches the store, and in which batches.
class CountingWriter final : public store::Writer {
 public:
  explicit CountingWriter(std::unique_ptr<store::Writer> inner) : inner_(std::move(inner)) {}

  base::Result<std::int64_t> take_lease(const std::string& holder, base::Instant now) override {
    return inner_->take_lease(holder, now);
  }
  base::Result<void> give_up_lease(std::int64_t epoch) override {
    return inner_->give_up_lease(epoch);
  }
  base::Result<void> bind_account(model::ConnectionId connection, const std::string& venue,
                                  const std::string& account, base::Instant now) override {
    return inner_->bind_account(connection, venue, account, now);
  }
  base::Result<model::BrokerConnection> put_connection(const model::BrokerConnection& connection,
                                                       std::optional<std::int64_t> version,
                                                       const std::string& event,
                                                       const store::Actor& actor,
                                                       base::Instant now) override {
    return inner_->put_connection(connection, version, event, actor, now);
  }
  base::Result<void> remove_connection(model::ConnectionId id, const store::Actor& actor,
                                       base::Instant now) override {
    return inner_->remove_connection(id, actor, now);
  }
  base::Result<store::Changed> absorb(const store::Foreign& foreign) override {
    return inner_->absorb(foreign);
  }
  base::Result<std::vector<ClaimVerdict>> claim(std::span<const model::Claim> claims,
                                                store::Changed& changed) override {
    batches.push_back("claims " + std::to_string(claims.size()));
    for (const auto& claim : claims) {
      if (claim.attempt.trigger_id == refused_trigger) return refusal();
      if (held.contains(claim.attempt.trigger_id))
        return base::fail(ErrorKind::unavailable, "lock timeout", store::held_row);
    }
    return inner_->claim(claims, changed);
  }
  base::Result<store::Changed> record(std::int64_t epoch,
                                      std::span<const model::Record> records) override {
    batches.push_back("records " + std::to_string(records.size()));
    for (const auto& record : records) {
      if (record.audit.front().event == "impossible") return refusal();
    }
    return inner_->record(epoch, records);
  }
  base::Result<store::Written> create(const model::Trigger& trigger, const store::Actor& actor,
                                      const store::Idempotency* key, base::Instant now) override {
    batches.push_back("create");
    return inner_->create(trigger, actor, key, now);
  }
  base::Result<store::Written> edit(const model::Trigger& edited, std::int64_t version,
                                    const store::Actor& actor, const store::Idempotency* key,
                                    base::Instant now) override {
    return inner_->edit(edited, version, actor, key, now);
  }
  base::Result<store::Written> cancel(model::TriggerId id, std::optional<std::int64_t> version,
                                      const store::Actor& actor, const store::Idempotency* key,
                                      base::Instant now) override {
    return inner_->cancel(id, version, actor, key, now);
  }
  base::Result<std::int64_t> set_stopped(bool stopped, const std::string& why,
                                         const store::Actor& actor, base::Instant now) override {
    return inner_->set_stopped(stopped, why, actor, now);
  }
  base::Result<std::int64_t> note(const model::AuditEntry& entry) override {
    batches.push_back("note " + entry.event);
    if (broken) return refusal();
    return inner_->note(entry);
  }
  void rest() override { ++rests; }
  std::unique_ptr<store::Reader> reader() override { return inner_->reader(); }

  std::atomic<int> rests = 0;
  std::vector<std::string> batches;
  std::optional<model::TriggerId> refused_trigger;
  std::set<model::TriggerId> held;  // rows that somebody else's transaction holds
  base::ErrorKind refused_as = base::ErrorKind::invalid;
  std::string refused_field;
  bool broken = false;

 private:
  std::unexpected<base::Error> refusal() const {
    return base::fail(refused_as, "CHECK constraint failed: quantity > 0", refused_field);
  }

  std::unique_ptr<store::Writer> inner_;
};

class Told final : public CommitObserver {
 public:
  void on_committed(store::Changed changed) override {
    words.push_back("committed " + std::to_string(changed.triggers.size()));
  }
  void on_store_away(const std::string&) override { words.emplace_back("away"); }
  void on_store_back() override { words.emplace_back("back"); }
  void on_fenced(std::int64_t lease) override {
    words.push_back("fenced " + std::to_string(lease));
  }
  std::vector<std::string> words;
};

struct CommitQueueTest : testing::Test {
  CommitQueueTest() {
    epoch = writer.take_lease("test", at_second(0)).value();
    queue.use_epoch(epoch);
  }
  model::Trigger create(std::uint8_t number) {
    return writer.create(stop_loss(number), {}, nullptr, at_second(0)).value().trigger;
  }
  model::Claim claim_of(const model::Trigger& row) const {
    model::Claim claim;
    claim.version = row.version;
    claim.attempt.trigger_id = row.id;
    claim.attempt.tag = "TAG" + row.id.text().substr(0, 2);
    claim.attempt.fire_no = 1;
    claim.attempt.lease_epoch = epoch;
    claim.attempt.created_at = at_second(1);
    return claim;
  }
  CommitQueue::Turn turn_of(const model::Trigger& row) const {
    const auto attempt = claim_of(row).attempt;
    return {attempt.connection_id, attempt.lease_epoch};
  }
  model::Record record_of(std::string event) const {
    model::Record record;
    record.audit.push_back({.at = at_second(1),
                            .event = std::move(event),
                            .actor = "engine",
                            .user_id = {},
                            .trigger_id = {},
                            .tag = {},
                            .detail = {}});
    return record;
  }
  void claim(const model::Trigger& row) {
    queue.claim(claim_of(row), [this](ClaimVerdict verdict) { verdicts.push_back(verdict); });
  }
  std::vector<std::string> trail() {
    std::vector<std::string> out;
    for (const auto& line : writer.reader()->audit({}, {}).value()) out.push_back(line.entry.event);
    return out;
  }

  store::MemoryStore records;
  CountingWriter writer{records.writer()};
  Told told;
  CommitQueue queue{writer, told, 3};
  std::int64_t epoch = 0;
  std::vector<ClaimVerdict> verdicts;
};

TEST_F(CommitQueueTest, WhatIsAskedForIsWrittenInItsOrderNeighboursInOneFlush) {
  const auto one = create(1);
  const auto two = create(2);
  writer.batches.clear();
  claim(one);
  claim(two);
  queue.record(record_of("a"));
  queue.record(record_of("b"));
  ASSERT_TRUE(queue.command([](store::Writer& w) {
    model::AuditEntry entry;
    entry.event = "c";
    EXPECT_TRUE(w.note(entry));
  }));
  queue.record(record_of("d"));
  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(writer.batches, ElementsAre("claims 2", "records 3", "note c"));
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::won, ClaimVerdict::won));
  EXPECT_THAT(told.words, ElementsAre("committed 2", "committed 0"));
  EXPECT_THAT(trail(), ElementsAre("lease_taken", "created", "created", "claimed", "claimed", "a",
                                   "b", "d", "c"));
}

TEST_F(CommitQueueTest, NoFireWaitsForMoreThanOneOfPeoplesCommands) {
  const auto row = create(1);
  std::size_t won_before_the_second = 0;
  queue.command([&](store::Writer&) {
    claim(row);
    queue.record(record_of("a"));
  });
  queue.command([&](store::Writer&) { won_before_the_second = verdicts.size(); });
  writer.batches.clear();
  EXPECT_TRUE(queue.run_pending());
  EXPECT_EQ(won_before_the_second, 1U);
  EXPECT_THAT(writer.batches, ElementsAre("claims 1", "records 1"));
}

TEST_F(CommitQueueTest, WhoeverKeepsFiringDoesNotKeepPeopleFromWriting) {
  const std::vector rows{create(1), create(2), create(3)};
  std::size_t fired = 0;
  const std::function<void(ClaimVerdict)> fire_again = [&](ClaimVerdict) {
    if (fired < rows.size()) queue.claim(claim_of(rows[fired++]), fire_again);
  };
  std::optional<std::size_t> fired_before;
  queue.command([&](store::Writer&) { fired_before = fired; });
  fire_again(ClaimVerdict::won);
  EXPECT_TRUE(queue.run_pending());
  EXPECT_EQ(fired, 3U);
  EXPECT_LT(*fired_before, 3U);
}

TEST_F(CommitQueueTest, FiresOfOneFrameShareAFlushHoweverEarlyTheFirstComes) {
  const auto one = create(1);
  const auto two = create(2);
  writer.batches.clear();
  std::thread commits([this] { queue.run(); });
  {
    const CommitQueue::Together frame(queue);
    claim(one);
    std::this_thread::sleep_for(std::chrono::milliseconds(50));  // the rest of a long frame
    claim(two);
  }
  queue.stop();
  commits.join();
  EXPECT_THAT(writer.batches, ElementsAre("claims 2"));
}

TEST_F(CommitQueueTest, TheStoreTendsToItselfOnceWhenNothingWaits) {
  std::thread commits([this] { queue.run(); });
  const auto rests_after = [this](int wanted) {
    for (int i = 0; i < 1000 && writer.rests < wanted; ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    return writer.rests.load();
  };
  EXPECT_EQ(rests_after(1), 1);
  queue.record(record_of("a"));
  EXPECT_EQ(rests_after(2), 2) << "and again when something was written";
  queue.stop();
  commits.join();
}

TEST_F(CommitQueueTest, ARowsNewsIsToldBeforeTheVerdict) {
  queue.claim(claim_of(create(1)),
              [this](ClaimVerdict) { EXPECT_THAT(told.words, ElementsAre("committed 1")); });
  queue.run_pending();
  EXPECT_EQ(told.words.size(), 1U);
}

TEST_F(CommitQueueTest, TheThreadWritesWhatOthersAdd) {
  std::vector<model::Trigger> rows;
  for (std::uint8_t n = 1; n <= 50; ++n) rows.push_back(create(n));
  std::thread thread([this] { queue.run(); });
  for (const auto& row : rows) {
    claim(row);
    queue.record(record_of("after " + row.id.text().substr(0, 2)));
  }
  queue.stop();
  thread.join();
  EXPECT_EQ(verdicts.size(), 50U);
  EXPECT_THAT(verdicts, testing::Each(ClaimVerdict::won));
  EXPECT_EQ(queue.size(), 0U);
}

TEST_F(CommitQueueTest, AThreadThatWaitsIsWokenByWork) {
  std::mutex mutex;
  std::condition_variable wake;
  bool written = false;
  std::thread thread([this] { queue.run(); });
  queue.record(record_of("a"), [&] {
    const std::scoped_lock lock(mutex);
    written = true;
    wake.notify_one();
  });
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(wake.wait_for(lock, std::chrono::seconds(30), [&] { return written; }));
  }
  queue.stop();
  thread.join();
}

// ---- the database is away

TEST_F(CommitQueueTest, ClaimsAndRecordsWaitInTheirOrderAndCommandsFailAtOnce) {
  const auto row = create(1);
  writer.batches.clear();
  claim(row);
  queue.record(record_of("a"));
  std::optional<ErrorKind> command;
  queue.command([&](store::Writer& w) {
    const auto made = w.create(stop_loss(2), {}, nullptr, at_second(1));
    if (!made) command = made.error().kind;
  });
  bool in_turn = false;
  queue.command_in_turn(turn_of(row), [&](store::Writer&) { in_turn = true; });
  records.fail_next_writes(2);
  EXPECT_FALSE(queue.run_pending());
  EXPECT_EQ(command, ErrorKind::unavailable);
  EXPECT_FALSE(in_turn) << "it must see the claim";
  EXPECT_THAT(verdicts, IsEmpty());
  EXPECT_THAT(told.words, ElementsAre("away"));

  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::won));
  EXPECT_THAT(told.words, ElementsAre("away", "back", "committed 1", "committed 0"));
  EXPECT_THAT(writer.batches, ElementsAre("claims 1", "create", "claims 1", "records 1"));
  EXPECT_TRUE(in_turn);
}

TEST_F(CommitQueueTest, TheThreadTriesAgainByItself) {
  const auto row = create(1);
  records.fail_next_writes(3);
  claim(row);
  std::thread thread([this] { queue.run(); });
  for (int i = 0; i < 3000 && records.writes() < 6; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  queue.stop();
  thread.join();
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::won));
  EXPECT_THAT(told.words, ElementsAre("away", "back", "committed 1"));
}

TEST_F(CommitQueueTest, AStopWhileTheDatabaseIsAwayEndsTheThread) {
  const auto row = create(1);
  records.fail_next_writes(1'000'000);
  claim(row);
  std::thread thread([this] { queue.run(); });
  queue.stop();
  thread.join();
  EXPECT_THAT(verdicts, IsEmpty());
}

TEST_F(CommitQueueTest, AClaimWhoseAnswerWasLostIsRepeatedAndNotWonTwice) {
  const auto row = create(1);
  records.lose_next_answers(1);
  claim(row);
  EXPECT_FALSE(queue.run_pending());
  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::repeated));
}

TEST_F(CommitQueueTest, ACommandBoundIsABound) {
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(queue.command([](store::Writer&) {}));
  EXPECT_FALSE(queue.command([](store::Writer&) { ADD_FAILURE(); }));
  queue.run_pending();
  EXPECT_TRUE(queue.command([](store::Writer&) {}));
}

TEST_F(CommitQueueTest, TheSwitchDoesNotWaitForWhatPeopleWrite) {
  std::vector<std::string> ran;
  const auto note = [&](const std::string& name) {
    return [&ran, name](store::Writer&) { ran.push_back(name); };
  };
  const auto and_then = [&](const std::string& name, const std::string& then) {
    return [&, name, then](store::Writer&) {
      ran.push_back(name);
      ASSERT_TRUE(queue.command_of_switch(note(then)));
    };
  };
  ASSERT_TRUE(queue.command(and_then("a", "stop")));
  ASSERT_TRUE(queue.command(note("b")));
  ASSERT_TRUE(queue.command(note("c")));
  ASSERT_FALSE(queue.command(note("d"))) << "it is full";
  ASSERT_TRUE(queue.command_of_switch(and_then("start", "read")));
  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(ran, ElementsAre("start", "read", "a", "stop", "b", "c"));
}

TEST_F(CommitQueueTest, AfterStopNoCommandIsTaken) {
  queue.stop();
  EXPECT_FALSE(queue.command([](store::Writer&) {}));
}

// ---- fenced

TEST_F(CommitQueueTest, UnderAnotherLeaseNothingIsWritten) {
  const auto row = create(1);
  ASSERT_TRUE(records.writer()->take_lease("rival", at_second(1)));
  claim(row);
  bool done = false;
  std::string refused;
  queue.record(
      record_of("a"), [&] { done = true; }, [&](const std::string& why) { refused = why; });
  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::fenced));
  EXPECT_FALSE(done);
  EXPECT_THAT(refused, testing::HasSubstr("another engine")) << "who waits for it is told";
  EXPECT_THAT(told.words, ElementsAre("committed 0", "fenced 1"));
}

TEST_F(CommitQueueTest, WhatWaitedThroughAnOutageIsNotWrittenUnderALaterLease) {
  bool done = false;
  std::string refused;
  records.fail_next_writes(1);
  queue.record(
      record_of("a"), [&] { done = true; }, [&](const std::string& why) { refused = why; });
  EXPECT_FALSE(queue.run_pending());
  // A command does not wait behind it, and the database is back just then.
  const auto later = writer.take_lease("test", at_second(1)).value();
  queue.use_epoch(later);
  EXPECT_TRUE(queue.run_pending());
  EXPECT_FALSE(done);
  EXPECT_THAT(refused, testing::HasSubstr("another engine"));
  EXPECT_THAT(told.words, testing::Contains("fenced 1")) << "of the lease that it was made under";

  queue.record(record_of("b"), [&] { done = true; });
  EXPECT_TRUE(queue.run_pending());
  EXPECT_TRUE(done) << "what is made under the new one is written";
}

TEST_F(CommitQueueTest, RecordsOfTwoLeasesAreNotWrittenAsOne) {
  std::vector<std::string> said;
  const auto put = [&](const char* event) {
    queue.record(
        record_of(event), [&, event] { said.push_back(std::string(event) + " written"); },
        [&, event](const std::string&) { said.push_back(std::string(event) + " refused"); });
  };
  put("a");
  queue.use_epoch(writer.take_lease("test", at_second(1)).value());
  put("b");
  put("c");
  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(said, ElementsAre("a refused", "b written", "c written"));
}

// ---- a row that somebody else's transaction holds

TEST_F(CommitQueueTest, AClaimWhoseRowIsHeldDoesNotKeepTheOthersWaiting) {
  const auto held = create(1);
  writer.refused_trigger = held.id;
  writer.refused_as = ErrorKind::unavailable;
  writer.refused_field = store::held_row;
  claim(held);
  claim(create(2));
  claim(create(3));
  EXPECT_FALSE(queue.run_pending());
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::won, ClaimVerdict::won));
  writer.refused_trigger.reset();
  EXPECT_TRUE(queue.run_pending());
  EXPECT_EQ(verdicts.size(), 3U);
  EXPECT_EQ(verdicts.back(), ClaimVerdict::won);
}

TEST_F(CommitQueueTest, WhatMustSeeAHeldClaimDoesNotOvertakeItWhileAllElseDoes) {
  const auto row = create(1);
  writer.held = {row.id};
  std::vector<std::string> ran;
  const auto note = [&](const std::string& name) {
    return [&ran, name](store::Writer&) { ran.push_back(name); };
  };
  auto another = turn_of(row);
  another.account.uuid.bytes.fill(9);
  auto later = turn_of(row);
  ++later.epoch;
  claim(row);
  ASSERT_TRUE(queue.command_in_turn(turn_of(row), note("in turn")));
  ASSERT_TRUE(queue.command_in_turn(another, note("another account's")));
  ASSERT_TRUE(queue.command(note("a person's")));
  claim(create(2));
  EXPECT_FALSE(queue.run_pending());
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::won));
  EXPECT_THAT(ran, ElementsAre("another account's", "a person's"));
  ASSERT_TRUE(queue.command_in_turn(later, note("of a later lease")));
  EXPECT_FALSE(queue.run_pending());
  EXPECT_EQ(ran.back(), "of a later lease");
  writer.held.clear();
  EXPECT_TRUE(queue.run_pending());
  EXPECT_EQ(verdicts.size(), 2U);
  EXPECT_EQ(ran.back(), "in turn");
}

TEST_F(CommitQueueTest, TwoHeldRowsKeepNothingElseWaiting) {
  const auto one = create(1);
  const auto other = create(2);
  writer.held = {one.id, other.id};
  claim(one);
  claim(other);
  claim(create(3));
  EXPECT_FALSE(queue.run_pending()) << "it is tried again later";
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::won));
  claim(create(4));
  bool asked = false;
  ASSERT_TRUE(queue.command([&](store::Writer&) { asked = true; }));
  EXPECT_FALSE(queue.run_pending());
  EXPECT_EQ(verdicts.size(), 2U);
  EXPECT_TRUE(asked);
  writer.held.clear();
  EXPECT_TRUE(queue.run_pending());
  EXPECT_EQ(verdicts.size(), 4U);
}

TEST_F(CommitQueueTest, AFireThatComesWhileARowIsHeldGoesAheadOfIt) {
  const auto held = create(1);
  writer.held = {held.id};
  claim(held);
  EXPECT_FALSE(queue.run_pending());
  claim(create(2));
  claim(create(3));
  writer.batches.clear();
  EXPECT_FALSE(queue.run_pending());
  EXPECT_THAT(writer.batches, ElementsAre("claims 2", "claims 1"));
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::won, ClaimVerdict::won));
}

// ---- a record that can never be written

class ForGood : public CommitQueueTest, public testing::WithParamInterface<ErrorKind> {};

TEST_P(ForGood, ARecordThatIsRefusedHoldsUpNothingBehindItAndIsAnAlarm) {
  writer.refused_as = GetParam();
  std::vector<std::string> done;
  for (const std::string event : {"before", "impossible", "after", "later"}) {
    queue.record(
        record_of(event), [&, event] { done.push_back(event); },
        [&, event](const std::string&) { done.push_back("not " + event); });
  }
  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(done, ElementsAre("before", "not impossible", "after", "later"));
  EXPECT_THAT(trail(), ElementsAre("lease_taken", "before", "record_refused", "after", "later"));
  EXPECT_THAT(told.words, testing::Not(testing::Contains("away")));
  const auto alarm = writer.reader()->audit({}, {}).value()[2].entry;
  EXPECT_EQ(alarm.severity, model::Severity::alarm);
  EXPECT_THAT(alarm.detail,
              testing::Contains(testing::Pair("why", testing::HasSubstr("CHECK constraint"))));
  writer.batches.clear();
  queue.record(record_of("a"));
  queue.record(record_of("b"));
  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(writer.batches, ElementsAre("records 2")) << "neighbours share a flush again";
}

TEST_P(ForGood, AClaimThatIsRefusedIsStaleAndTheOthersAreWon) {
  writer.refused_as = GetParam();
  claim(create(1));
  const auto bad = create(2);
  writer.refused_trigger = bad.id;
  claim(bad);
  claim(create(3));
  EXPECT_TRUE(queue.run_pending());
  EXPECT_THAT(verdicts, ElementsAre(ClaimVerdict::won, ClaimVerdict::stale, ClaimVerdict::won));
  EXPECT_THAT(trail(), testing::Contains("record_refused"));
}

INSTANTIATE_TEST_SUITE_P(EveryKind, ForGood,
                         testing::Values(ErrorKind::invalid, ErrorKind::conflict,
                                         ErrorKind::corrupt));

TEST_F(CommitQueueTest, WhatIsRefusedByADatabaseThatRefusesAllWaitsLikeTheRest) {
  writer.refused_as = ErrorKind::corrupt;
  writer.broken = true;
  bool dropped = false;
  queue.record(record_of("impossible"), {}, [&](const std::string&) { dropped = true; });
  EXPECT_FALSE(queue.run_pending());
  EXPECT_THAT(told.words, ElementsAre("away"));
  EXPECT_FALSE(dropped);
  writer.broken = false;
  EXPECT_TRUE(queue.run_pending());
  EXPECT_TRUE(dropped);
}

}  // namespace
}  // namespace hmt::runtime
