#include "world/world.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <numeric>

namespace hmt::world {
namespace {

using std::chrono::minutes;

Length short_day() {
  return {.day = minutes(20), .calm = minutes(1)};
}

TEST(World, ASeedIsAWholeRun) {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    const auto once = World(seed, short_day()).run();
    const auto again = World(seed, short_day()).run();
    EXPECT_EQ(once.trace, again.trace) << "seed " << seed;
    EXPECT_EQ(once.happened, again.happened) << "seed " << seed;
  }
}

TEST(World, AnotherSeedIsAnotherRun) {
  EXPECT_NE(World(1, short_day()).run().trace, World(2, short_day()).run().trace);
}

TEST(World, TradersTradeAndThingsGoWrongInIt) {
  std::size_t orders = 0;
  std::uint64_t faults = 0;
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    const auto report = World(seed, short_day()).run();
    orders += report.orders;
    faults += std::accumulate(report.faults.begin(), report.faults.end(), std::uint64_t{});
  }
  EXPECT_GT(orders, 0U);
  EXPECT_GT(faults, 0U);
}

// Threads of one process, in a world where nothing else happens.
class WorldThreads : public testing::Test {
 protected:
  void run() {
    const auto until = timeline.steady() + minutes(10);
    while (timeline.run_next(until)) {
    }
  }
  void post(Thread& thread, std::string word) {
    thread.post([this, word = std::move(word)] { happened.push_back(word); });
  }
  Chance chance{7};
  Faults faults{chance};
  Timeline timeline{base::Instant{}};
  int deaths = 0;
  ProcessClock clock{timeline, [this] { ++deaths; }, [] {}};
  std::vector<std::string> happened;
};

TEST_F(WorldThreads, RunWhatIsPostedInThatOrder) {
  Thread thread(clock, chance, faults);
  std::vector<std::string> posted;
  for (int n = 0; n < 200; ++n) {
    posted.push_back(std::to_string(n));
    post(thread, posted.back());
  }
  run();
  EXPECT_EQ(happened, posted);
}

TEST_F(WorldThreads, MeetInAnyOrder) {
  Thread one(clock, chance, faults);
  Thread other(clock, chance, faults);
  int other_first = 0;
  for (int n = 0; n < 200; ++n) {
    happened.clear();
    post(one, "one");
    post(other, "other");
    run();
    if (happened.front() == "other") ++other_first;
  }
  EXPECT_GT(other_first, 20);
  EXPECT_LT(other_first, 180);
}

TEST_F(WorldThreads, AreHeldUpAloneAndKeepTheirOrder) {
  Thread one(clock, chance, faults);
  Thread other(clock, chance, faults);
  post(one, "first");
  faults.aim(Fault::thread_held_up, 1'000'000);
  post(one, "second");
  faults.aim(Fault::thread_held_up, 1);
  one.after(std::chrono::milliseconds(1), [this] { happened.emplace_back("timer"); });
  post(other, "other");
  run();
  EXPECT_EQ(happened.front(), "other");
  const std::vector<std::string> of_one(happened.begin() + 1, happened.end());
  EXPECT_LT(std::ranges::find(of_one, "first"), std::ranges::find(of_one, "second"));
  EXPECT_EQ(of_one.size(), 3U);
}

TEST_F(WorldThreads, DoNothingOnceTheirProcessIsDead) {
  Thread thread(clock, chance, faults);
  post(thread, "before");
  run();
  thread.post([] { throw Died{}; });
  post(thread, "after");
  run();
  EXPECT_EQ(happened, std::vector<std::string>{"before"});
  EXPECT_EQ(deaths, 1);
}

TEST_F(WorldThreads, ATimerThatWasCancelledDoesNotRun) {
  Thread thread(clock, chance, faults);
  const auto gone =
      thread.after(std::chrono::seconds(1), [this] { happened.emplace_back("gone"); });
  thread.after(std::chrono::seconds(2), [this] { happened.emplace_back("stays"); });
  thread.cancel(gone);
  run();
  thread.cancel(gone);  // once more: an id of before is nobody's
  EXPECT_EQ(happened, std::vector<std::string>{"stays"});
}

// A process that runs, and watches one trigger.
class WorldProcess : public testing::Test {
 protected:
  WorldProcess() {
    faults.end();
    commons.lease_taken = [] {};
    model::Trigger trigger;
    trigger.id.uuid.bytes.fill(7);
    trigger.trading_symbol = "INFY";
    trigger.instrument_token = quoted[0].token;
    trigger.leg_1.trigger_price = model::Price::from_rupees(1'500);
    trigger.leg_1.order_price = trigger.leg_1.trigger_price;
    trigger.leg_1.quantity = 1;
    records.writer()->create(trigger, {}, {}, timeline.now()).value();
    process = std::make_unique<Process>(commons, "first", 1, [] {});
    heartbeats();
    run(std::chrono::seconds(30));
  }
  void run(base::Duration lasts) {
    const auto until = timeline.steady() + lasts;
    while (timeline.run_next(until)) {
    }
  }
  void heartbeats() {
    process->heartbeat();
    timeline.after(std::chrono::seconds(2), [this] { heartbeats(); });
  }
  Chance chance{7};
  Faults faults{chance};
  Timeline timeline{base::parse_rfc3339("2026-11-23T03:45:00Z").value()};
  Checks checks;
  Exchange exchange{timeline, chance, faults, checks};
  store::MemoryStore records;
  Commons commons{timeline, chance, faults, checks, exchange, records};
  std::unique_ptr<Process> process;
};

// Else a level that was reached in between would have to fire.
TEST_F(WorldProcess, HearsNothingFromTheMomentThatItsFeedIsCut) {
  const auto token = quoted[0].token;
  ASSERT_TRUE(process->hears(token));
  process->cut_feed();
  EXPECT_FALSE(process->hears(token)) << "before it has heard of that itself";
  run(std::chrono::seconds(30));
  EXPECT_TRUE(process->hears(token)) << "it has opened another connection";
}

class WorldChecks : public testing::Test {
 protected:
  WorldChecks() {
    checks.use_scope(key, scope);
    id.uuid.bytes.fill(7);
  }
  // Of the first fire.
  model::OrderRequest order(std::int32_t attempt_no) const {
    model::OrderRequest out;
    out.tag = oms::make_tag(key, scope, id, 1, attempt_no);
    return out;
  }
  // It leaves as it should: on record, under the lease of now.
  void leave(const model::OrderRequest& request, std::int32_t attempt_no) {
    record(attempt_no);
    checks.first_byte(request, sender);
  }
  void record(std::int32_t attempt_no) {
    model::Attempt attempt;
    attempt.tag = order(attempt_no).tag;
    attempt.trigger_id = id;
    attempt.fire_no = 1;
    attempt.attempt_no = attempt_no;
    attempt.state = model::AttemptState::forwarded;
    attempt.forwarded_at = sender.wall;
    attempt.lease_epoch = 3;
    checks.recorded(attempt);
  }
  void expect_violated(const char* rule) const {
    ASSERT_EQ(checks.violations().size(), 1U);
    EXPECT_EQ(checks.violations().front().rule, rule);
  }
  const oms::TagKey key;
  const oms::TagScope scope{"AB1234", {}};
  model::TriggerId id;
  Checks::Sender sender{.steady = {}, .wall = {}, .right = true, .newest_epoch = 3};
  Checks checks;
};

TEST_F(WorldChecks, SeeTwoOrdersOfOneFire) {
  checks.accepted(order(0));
  EXPECT_TRUE(checks.violations().empty());
  checks.accepted(order(1));
  expect_violated("I1");
}

TEST_F(WorldChecks, SeeAByteThatLeavesAfterStopWasAnswered) {
  leave(order(0), 0);
  EXPECT_TRUE(checks.violations().empty());
  checks.stop_answered();
  leave(order(1), 1);
  expect_violated("I4");
}

TEST_F(WorldChecks, SeeAByteThatLeavesAfterItsCancelWasAnswered) {
  checks.cancel_answered(id);
  leave(order(0), 0);
  expect_violated("I4");
}

TEST_F(WorldChecks, SeeAByteThatLeavesBeforeItIsOnRecord) {
  checks.first_byte(order(0), sender);
  expect_violated("durable");
}

TEST_F(WorldChecks, SeeAByteOfAFormerLease) {
  sender.newest_epoch = 4;
  leave(order(0), 0);
  expect_violated("lease");
}

TEST_F(WorldChecks, SeeAByteThatWasHeldUp) {
  record(0);
  sender.wall += std::chrono::milliseconds(2001);
  checks.first_byte(order(0), sender);
  expect_violated("late");
}

TEST_F(WorldChecks, SeeTheEleventhOrderOfASecond) {
  for (std::int32_t n = 0; n < 10; ++n) leave(order(n), n);
  EXPECT_TRUE(checks.violations().empty());
  leave(order(10), 10);
  expect_violated("rate");
}

TEST_F(WorldChecks, SeeAnAttemptUnderTheTagOfAnother) {
  model::Attempt attempt;
  attempt.tag = order(0).tag;
  attempt.trigger_id = id;
  attempt.fire_no = 1;
  attempt.attempt_no = 1;
  checks.recorded(attempt);
  expect_violated("tag");
}

model::Evidence evidence_of(const model::Tick& tick) {
  model::Evidence out;
  out.last_price = model::price_from_wire(tick.last, model::Segment::nse);
  out.exchange_time = tick.exchange_time;
  return out;
}

model::Tick packet(model::WirePrice last, std::uint32_t exchange_time) {
  model::Tick tick;
  tick.token = 408065;
  tick.last = last;
  tick.exchange_time = exchange_time;
  return tick;
}

TEST(WorldPrices, AllowAFireOnTheNewestPriceOfItsInstrumentAlone) {
  using std::chrono::seconds;
  PricesSeen seen;
  const auto first = packet(150'000, 100);
  const auto second = packet(150'500, 105);
  const auto mangled = packet(450'000, 0);
  seen.note(first, seconds(1), Told::of_now);
  seen.note(second, seconds(6), Told::of_now);
  seen.note(mangled, seconds(7), Told::made_up);
  EXPECT_EQ(seen.why_not(408065, evidence_of(second), seconds(6)), "");
  EXPECT_EQ(seen.why_not(408065, evidence_of(first), seconds(1)), "");
  EXPECT_EQ(seen.why_not(408065, evidence_of(first), seconds(7)), "");
  EXPECT_NE(seen.why_not(408065, evidence_of(first), seconds(9)), "");
  EXPECT_NE(seen.why_not(408065, evidence_of(mangled), seconds(7)), "");
  EXPECT_NE(seen.why_not(738561, evidence_of(second), seconds(6)), "");
  EXPECT_NE(seen.why_not(408065, evidence_of(second), seconds(90)), "");
}

TEST(WorldPrices, AreOverWithTheirConnection) {
  using std::chrono::seconds;
  PricesSeen seen;
  const auto price = packet(150'000, 100);
  seen.note(price, seconds(1), Told::of_now);
  EXPECT_EQ(seen.why_not(408065, evidence_of(price), seconds(3)), "");
  seen.lost(seconds(2));
  EXPECT_NE(seen.why_not(408065, evidence_of(price), seconds(3)), "");
}

// Its process slept between the decision and the claim, and the world went on.
TEST(WorldPrices, AreRememberedForAsLongAsAClaimMayWait) {
  using std::chrono::minutes;
  PricesSeen seen;
  const auto price = packet(150'000, 100);
  seen.note(price, minutes(1), Told::of_now);
  seen.note(packet(151'000, 100 + 40 * 60), minutes(41), Told::of_now);
  EXPECT_EQ(seen.why_not(408065, evidence_of(price), minutes(1)), "");
}

TEST(WorldPrices, AskOfAClockThatWasSetForAPriceThatWas) {
  PricesSeen seen;
  seen.note(packet(150'000, 100), std::chrono::seconds(1), Told::again);
  seen.note(packet(450'000, 0), std::chrono::seconds(2), Told::made_up);
  EXPECT_EQ(seen.why_not(408065, evidence_of(packet(150'000, 100)), {}), "");
  EXPECT_NE(seen.why_not(408065, evidence_of(packet(450'000, 0)), {}), "");
}

}  // namespace
}  // namespace hmt::world
