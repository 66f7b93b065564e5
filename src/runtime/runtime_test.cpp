#include <gmock/gmock.h>

#include "runtime/test_world.h"

// A fire from the tick to the broker's ledger, through everything that may go wrong on its way.
namespace hmt::runtime {
namespace {

using model::TriggerStatus;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

using Fire = World;

TEST_F(Fire, ATickBecomesOneOrderAndTheRowTellsOfIt) {
  live();
  create(stop_loss());
  tick_and_settle("1510");
  EXPECT_TRUE(watch().monitored);
  EXPECT_EQ(orders(), 0);
  tick_and_settle("1500");
  ASSERT_EQ(orders(), 1);
  EXPECT_EQ(ledger.orders.front().trading_symbol, "INFY");
  EXPECT_EQ(row().order_id, "ORDER-1");
  EXPECT_EQ(status(), TriggerStatus::triggered);
  EXPECT_EQ(watch().why_not, "It is not active");
  tick_and_settle("1400");
  pass(seconds(70));
  EXPECT_EQ(orders(), 1);
  EXPECT_EQ(row().order_status, "OPEN") << "read in the order book";
  EXPECT_EQ(standing().triggered_orders, 1);
}

TEST_F(Fire, OneFlushStandsBetweenTheTickAndTheOrder) {
  live();
  create(stop_loss());
  const auto writes = records.writes();
  tick("1500");
  while (ledger.owners.empty() && step()) {
  }
  EXPECT_EQ(orders(), 1);
  EXPECT_LE(records.writes(), writes + 1);
}

TEST_F(Fire, BeyondTheAccountsRateFiresWaitTheirTurnAndAreShown) {
  live();
  for (std::uint8_t n = 1; n <= 25; ++n) create(stop_loss(n));
  tick_and_settle("1500");
  EXPECT_EQ(ledger.orders.size(), 10U);
  EXPECT_EQ(standing().queued_orders, 15);
  pass(seconds(1));
  pass(seconds(2));
  EXPECT_EQ(ledger.orders.size(), 25U);
  EXPECT_EQ(standing().queued_orders, 0);
  for (std::uint8_t n = 1; n <= 25; ++n) EXPECT_EQ(orders(n), 1);
}

TEST_F(Fire, WhatWaitsBecauseTheDaysOrdersAreUsedUpIsToldAtOnceAndNotSentOnAnotherDay) {
  settings.gate.rate.per_day = 1;
  live();
  create(stop_loss(1));
  create(stop_loss(2));
  tick_and_settle("1500");
  ASSERT_EQ(ledger.orders.size(), 1U);
  const auto is_told = Contains(HasSubstr("orders of the day (HMT_ORDERS_PER_DAY) are used up: 1"));
  EXPECT_EQ(standing().status, EngineStatus::degraded);
  EXPECT_THAT(standing().reasons, is_told);
  const std::uint8_t waits = row(1).status == TriggerStatus::firing ? 1 : 2;
  EXPECT_EQ(status(waits), TriggerStatus::firing) << "a fire that waits is still a fire";

  life->clock.sleep(std::chrono::hours(15));
  pass(minutes(2));
  EXPECT_EQ(ledger.orders.size(), 1U);
  EXPECT_EQ(status(waits), TriggerStatus::active);
  EXPECT_THAT(standing().reasons, testing::Not(is_told));
  tick_and_settle("1500");
  EXPECT_EQ(ledger.orders.size(), 2U) << "its level holds on the next day";
}

TEST_F(Fire, WhatALifeBeforeHasSentCountsAgainstTheRate) {
  live();
  for (std::uint8_t n = 1; n <= 20; ++n) create(stop_loss(n));
  for (std::uint8_t n = 11; n <= 20; ++n) {
    auto lower = row(n);
    lower.leg_1.trigger_price = model::Price::from_rupees(1400);
    records.put_by_hand(lower, life->clock.now());
  }
  crash();
  live();
  tick_and_settle("1500");
  ASSERT_EQ(ledger.orders.size(), 10U);
  crash();
  live();
  tick_and_settle("1400");
  EXPECT_EQ(ledger.orders.size(), 10U);
  pass(seconds(2));
  EXPECT_EQ(ledger.orders.size(), 20U);
}

TEST_F(Fire, WhatThisLifeHasSentCountsOnceHoweverOftenItStarts) {
  live();
  for (std::uint8_t n = 1; n <= 6; ++n) create(stop_loss(n));
  tick_and_settle("1500");
  ASSERT_EQ(ledger.orders.size(), 6U);
  ASSERT_TRUE(stop());
  ASSERT_TRUE(start());
  for (std::uint8_t n = 11; n <= 14; ++n) create(stop_loss(n));
  tick_and_settle("1500");
  EXPECT_EQ(ledger.orders.size(), 10U);
}

TEST_F(Fire, AReplyThatIsLostIsLookedUpAndNotSentAgain) {  // H-b
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::takes_without_a_word;
  ledger.book_shows = false;
  tick_and_settle("1500");
  EXPECT_EQ(row().order_status, "UNKNOWN");
  pass(seconds(83));
  EXPECT_EQ(standing().unknown_orders, 1);
  EXPECT_EQ(status(), TriggerStatus::firing);
  ledger.book_shows = true;
  pass(seconds(2));
  EXPECT_EQ(status(), TriggerStatus::triggered);
  EXPECT_EQ(orders(), 1);
}

TEST_F(Fire, AnOrderThatNoBookEverShowsIsParkedForAPerson) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::takes_without_a_word;
  ledger.book_shows = false;
  tick_and_settle("1500");
  pass(seconds(300));
  EXPECT_EQ(status(), TriggerStatus::needs_attention);
  EXPECT_EQ(orders(), 1);
}

TEST_F(Fire, AnotherAccountsBookProvesNothing) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::takes_without_a_word;
  tick("1500");
  ledger.account = "ZZ9999";
  settle();
  for (auto& order : ledger.orders) order.account = "ZZ9999";
  pass(seconds(300));
  EXPECT_EQ(status(), TriggerStatus::firing);
}

TEST_F(Fire, ARefusalFailsTheRowInTheBrokersWords) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::refuses;
  tick_and_settle("1500");
  EXPECT_EQ(status(), TriggerStatus::failed);
  EXPECT_EQ(row().error_message, "Insufficient funds");
  pass(seconds(1));
  EXPECT_EQ(standing().failed_orders, 1);
}

TEST_F(Fire, ABlockedAccountKeepsItsTriggersAndFiresOnceItIsFree) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::token_dead;
  tick_and_settle("1500");
  EXPECT_EQ(status(), TriggerStatus::active);
  EXPECT_EQ(standing().status, EngineStatus::degraded);
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("The broker takes no orders")));
  const auto tries = std::ranges::count(ledger.asked, "place");
  for (int i = 0; i < 20; ++i) tick_and_settle("1490");
  EXPECT_EQ(std::ranges::count(ledger.asked, "place"), tries) << "not at every tick";
  ledger.mood = Ledger::Mood::takes;
  pass(seconds(61));
  EXPECT_EQ(standing().status, EngineStatus::running);
  tick_and_settle("1490");
  EXPECT_EQ(orders(), 1);
}

TEST_F(Fire, ABlockedAccountIsAskedAgainAsSoonWhenTheClockIsSetBack) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::token_dead;
  tick_and_settle("1510", std::chrono::hours(1));
  pass(seconds(1));
  tick_and_settle("1500", std::chrono::hours(1));
  ledger.mood = Ledger::Mood::takes;
  life->clock.step_wall_clock(std::chrono::hours(-1));
  pass(seconds(61));
  tick_and_settle("1490");
  EXPECT_EQ(orders(), 1);
}

TEST_F(Fire, AnHourOldPriceIsNotTakenForThisMinutesWhenTheClockIsSetBack) {
  live();
  auto row = stop_loss();
  row.leg_1.trigger_price = model::Price::from_rupees(1200);
  create(row);
  tick_and_settle("1500", minutes(10));
  pass(seconds(1));
  tick_and_settle("1500", minutes(10));  // of long ago when the second is armed
  pass(minutes(10));
  life->clock.step_wall_clock(minutes(-10));
  create(stop_loss(2));
  EXPECT_EQ(ledger.orders.size(), 0U) << "nobody knows the price of now";
  tick_and_settle("1490");
  EXPECT_EQ(ledger.orders.size(), 1U);
}

TEST_F(Fire, ASessionThatDiesIsToldAtTheNextLookAndItsReturnToo) {
  live();
  create(stop_loss());
  tick_and_settle("1510");
  ledger.session_good = false;
  pass(seconds(31));
  EXPECT_THAT(watch().why_not, HasSubstr("The broker refuses the session"));
  EXPECT_THAT(events(), Contains("broker_session_refused"));
  ledger.session_good = true;
  pass(seconds(31));
  tick_and_settle("1510");
  EXPECT_TRUE(watch().monitored) << watch().why_not;
}

// ---- the database is away at the moment of firing

TEST_F(Fire, WithoutADatabaseTheFireIsHeldAndNoOrderLeaves) {
  live();
  create(stop_loss());
  records.fail_next_writes(1'000'000);
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 0);
  EXPECT_EQ(standing().status, EngineStatus::degraded);
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("The database cannot be written")));
  pass(seconds(1));
  records.fail_next_writes(0);
  life->runtime.commits().run_pending();
  settle();
  EXPECT_EQ(orders(), 1);
  EXPECT_EQ(standing().status, EngineStatus::running);
}

TEST_F(Fire, AfterALongOutageItIsDecidedAnewOnAFreshPrice) {
  live();
  create(stop_loss(1));
  create(stop_loss(2));
  records.fail_next_writes(1'000'000);
  tick_and_settle("1500");
  pass(seconds(30));
  records.fail_next_writes(0);
  life->runtime.commits().run_pending();
  settle();
  EXPECT_EQ(orders(1) + orders(2), 0) << "the price that it was decided on is half a minute old";
  EXPECT_EQ(status(1), TriggerStatus::active);
  tick_and_settle("1510");
  EXPECT_EQ(orders(1) + orders(2), 0);
  tick_and_settle("1499");
  EXPECT_EQ(orders(1), 1);
  EXPECT_EQ(orders(2), 1);
}

TEST_F(Fire, ACommitOfUnknownOutcomeIsRepeatedAndOneOrderLeaves) {
  live();
  create(stop_loss());
  records.lose_next_answers(1);
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 0) << "never on a guess";
  life->runtime.commits().run_pending();
  settle();
  EXPECT_EQ(orders(), 1);
  EXPECT_EQ(status(), TriggerStatus::triggered);
}

TEST_F(Fire, ANewTriggerIsNotHeldAgainstThePriceThatAnOlderOneFiredOn) {
  live();
  create(stop_loss());
  tick_and_settle("1490");
  ASSERT_EQ(orders(), 1);
  create(stop_loss(2));  // nobody has watched since: the price of a moment ago is nobody's
  EXPECT_EQ(orders(2), 0);
  EXPECT_EQ(watch(2).why_not, "No price of it has come yet");
  tick_and_settle("1490");
  EXPECT_EQ(orders(2), 1);
}

TEST_F(Fire, AFireThatLosesToAnEditComesBackToThePriceThatItFiredOn) {
  live();
  create(stop_loss());
  // The row moves on behind the engine's back, and its level holds all the same.
  auto edited = row();
  edited.leg_1.quantity = 20;
  records.put_by_hand(edited, life->clock.now());
  tick_and_settle("1490");
  ASSERT_EQ(ledger.orders.size(), 1U) << "and no second packet came";
  EXPECT_EQ(ledger.orders.front().quantity, 20);
}

TEST_F(Fire, ARowThatCouldNotBeReadAgainIsReadLater) {
  live();
  create(stop_loss());
  // The row moves on behind the engine's back: its claim is stale, and it has to read again.
  auto edited = row();
  edited.leg_1.trigger_price = model::Price::from_rupees(1450);
  records.put_by_hand(edited, life->clock.now());
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 0);
  tick_and_settle("1450");
  EXPECT_EQ(orders(), 1);
}

// ---- prices that come late

using LatePrices = World;

TEST_F(LatePrices, OfHalfAMinuteAgoFireNothingAndTheOneBeforeStandsNoMore) {
  live();
  create(stop_loss());
  tick_and_settle("1515");
  pass(seconds(30));
  tick_and_settle("1490", seconds(25));
  EXPECT_EQ(orders(), 0);
  auto above = stop_loss(2);
  above.leg_1.trigger_price = model::Price::from_rupees(1520);
  create(above);
  EXPECT_EQ(orders(2), 0) << "1515 is not the last price any more";
  tick_and_settle("1499");
  EXPECT_EQ(orders(), 1);
  EXPECT_EQ(orders(2), 1);
}

TEST_F(LatePrices, ThatComeOldByThisHostsClockAreSaidToAndFireAllTheSame) {
  live();
  create(stop_loss());
  for (const auto* price : {"1510", "1509", "1508"}) {
    tick_and_settle(price, minutes(10));
    pass(seconds(1));
  }
  ASSERT_EQ(standing().reasons.size(), 1u);
  EXPECT_EQ(standing().reasons[0],
            "Prices come 600 s old by this host's clock: it is ahead of the exchange's, or the "
            "feed is late");
  EXPECT_EQ(standing().status, EngineStatus::degraded);
  EXPECT_TRUE(watch().monitored);
  tick_and_settle("1500", minutes(10));
  EXPECT_EQ(orders(), 1);
  pass(seconds(1));
  create(stop_loss(2));
  tick_and_settle("1510", seconds(15));
  EXPECT_TRUE(standing().reasons.empty());
}

// ---- sessions

using Sessions = World;

TEST_F(Sessions, TheExchangesThatAreOpenAreToldWithTheStanding) {
  settings.calendar = model::Calendar();
  settings.calendar.set_weekly(model::Exchange::nse, {{minutes(555), minutes(571)}});  // to 09:31
  settings.calendar.set_weekly(model::Exchange::mcx, {{minutes(540), minutes(1435)}});
  live();
  EXPECT_THAT(standing().open, ElementsAre(model::Exchange::nse, model::Exchange::mcx));
  pass(seconds(70));
  EXPECT_THAT(standing().open, ElementsAre(model::Exchange::mcx));
}

// ---- what is armed is held against the price that stands

using PriceThatStands = World;

TEST_F(PriceThatStands, AfterTheCloseNothingFiresOnTheLastPriceOfTheDay) {
  settings.calendar = model::Calendar();
  settings.calendar.set_weekly(model::Exchange::nse, {{minutes(555), minutes(571)}});  // to 09:31
  live();
  auto far = stop_loss(9);
  far.leg_1.trigger_price = model::Price::from_rupees(1000);
  create(far);
  pass(seconds(45));
  tick_and_settle("1490");
  create(stop_loss());
  EXPECT_EQ(orders(), 1) << "15 s before the close";
  pass(seconds(25));
  create(stop_loss(2));
  EXPECT_EQ(orders(2), 0) << "10 s after it";
  EXPECT_EQ(status(2), model::TriggerStatus::active);
}

// The broker would refuse it, and the stop would be lost for good.
TEST_F(PriceThatStands, AnOrderThatIsDueAgainAfterTheCloseIsNotSentAndItsTriggerIsArmedAgain) {
  settings.calendar = model::Calendar();
  settings.calendar.set_weekly(model::Exchange::nse, {{minutes(555), minutes(571)}});  // to 09:31
  settings.engine.retry_backoff = seconds(10);
  live();
  create(stop_loss());
  pass(seconds(55));
  ledger.mood = Ledger::Mood::too_many;
  tick_and_settle("1490");
  ledger.mood = Ledger::Mood::takes;
  EXPECT_EQ(status(), model::TriggerStatus::firing);
  pass(seconds(15));
  EXPECT_EQ(orders(), 0);
  EXPECT_EQ(status(), model::TriggerStatus::active);
  EXPECT_THAT(row().error_message, HasSubstr("NSE has closed since"));
}

// Its broker refuses the session of an order, and nobody trades the instrument afterwards.
struct BlockedAtItsLevel : World {
  BlockedAtItsLevel() {
    live();
    create(stop_loss());
    auto far = stop_loss(9);  // keeps the instrument subscribed
    far.leg_1.trigger_price = model::Price::from_rupees(1000);
    create(far);
    ledger.mood = Ledger::Mood::token_dead;
    tick_and_settle("1500");
    ledger.mood = Ledger::Mood::takes;
    EXPECT_EQ(orders(), 0);
    EXPECT_EQ(status(), TriggerStatus::active);
  }
};

TEST_F(BlockedAtItsLevel, AStopIsNotLeftToTheNextPacketWhenTheAccountIsAskedAgain) {
  pass(seconds(40));
  EXPECT_EQ(orders(), 1);
}

TEST_F(BlockedAtItsLevel, AStopIsNotLeftToTheNextPacketByAStart) {
  EXPECT_TRUE(start());
  EXPECT_EQ(orders(), 1);
}

TEST_F(BlockedAtItsLevel, ThePriceOfBeforeAGapIsNoReasonToFire) {
  for (const auto& line : std::vector(life->lines))
    if (line->observer) line->observer->on_closed(broker::StreamEnd::lost, "reset");
  settle();
  EXPECT_TRUE(start());
  EXPECT_EQ(orders(), 0);
  tick_and_settle("1499");
  EXPECT_EQ(orders(), 1);
}

TEST_F(PriceThatStands, WhatCameBackWhileTheEngineWasStoppedDoesNotFireAtItsStart) {
  live();
  create(stop_loss());
  EXPECT_TRUE(stop());
  tick_and_settle("1490");
  tick_and_settle("1510");
  EXPECT_TRUE(start());
  EXPECT_EQ(orders(), 0);
}

// ---- a wall clock that is set

// An order that the broker took without a word, and does not show, may still turn up for a while.
struct ClockSet : World, testing::WithParamInterface<int> {
  ClockSet() {
    live();
    auto row = stop_loss();
    row.on_unknown = model::OnUnknown::retry;
    create(row);
    ledger.mood = Ledger::Mood::takes_without_a_word;
    ledger.book_shows = false;
    tick_and_settle("1500");
    ledger.mood = Ledger::Mood::takes;
  }
};

TEST_P(ClockSet, AnOrderIsShownAbsentAsSoonAsEverAndNoSooner) {
  pass(seconds(35));
  life->clock.step_wall_clock(seconds(GetParam()));
  pass(seconds(130));
  EXPECT_EQ(orders(), 1) << "it may still arrive";
  pass(seconds(60));
  EXPECT_EQ(orders(), 2) << "nobody waits an hour";
  const auto told =
      records.reader()->audit({.trigger = {}, .after = 0, .before = {}, .limit = 99}, {});
  EXPECT_EQ(std::ranges::count(*told, std::string("clock_stepped"),
                               [](const auto& line) { return line.entry.event; }),
            std::abs(GetParam()) < 1 ? 0 : 1);
}

INSTANTIATE_TEST_SUITE_P(By, ClockSet, testing::Values(-3600, -60, -2, 0, 2, 60, 3600));

// ---- crashes (H-a): a life ends between any two of its steps

// Kills the first life after `steps` steps of a fire, and lets a second one bring it to an end.
// Returns whether the first one was still at work.
bool fire_with_crash_after(World& world, int steps, model::OnUnknown choice, Ledger::Mood mood) {
  world.live();
  auto row = World::stop_loss();
  row.on_unknown = choice;
  world.create(row);
  world.ledger.mood = mood;
  world.tick("1500");
  const bool at_work = world.settle(steps) == steps;
  world.crash();
  world.ledger.mood = Ledger::Mood::takes;
  world.live();
  for (int i = 0; i < 300; ++i) {
    world.tick_and_settle("1499");
    world.pass(seconds(1));
  }
  return at_work;
}

struct CrashedWorld final : World {
  void TestBody() override {}
};

void crash_everywhere(model::OnUnknown choice, Ledger::Mood mood) {
  int steps = 0;
  for (bool at_work = true; at_work && !testing::Test::HasFailure(); ++steps) {
    SCOPED_TRACE("killed after step " + std::to_string(steps));
    ASSERT_LT(steps, 200);
    CrashedWorld world;
    at_work = fire_with_crash_after(world, steps, choice, mood);
    if (choice == model::OnUnknown::retry || world.orders() == 1) {
      EXPECT_EQ(world.orders(), 1);
      EXPECT_EQ(world.status(), TriggerStatus::triggered);
      EXPECT_EQ(world.row().order_id, world.ledger.orders.back().order_id);
    } else {
      EXPECT_EQ(world.orders(), 0);
      EXPECT_EQ(world.status(), TriggerStatus::needs_attention) << "never silently lost";
    }
  }
  EXPECT_GT(steps, 8) << "the fire has more steps than that";
}

TEST(CrashAtEveryStep, LeavesExactlyOneOrderWhereTheOwnerWantsItTriedAgain) {
  crash_everywhere(model::OnUnknown::retry, Ledger::Mood::takes);
}

TEST(CrashAtEveryStep, LeavesOneOrderOrAPersonWhoWasTold) {
  crash_everywhere(model::OnUnknown::park, Ledger::Mood::takes);
}

TEST(CrashAtEveryStep, AlsoWhenTheReplyIsLost) {
  crash_everywhere(model::OnUnknown::retry, Ledger::Mood::takes_without_a_word);
}

TEST(CrashAtEveryStep, OfManyFiresThatWaitForTheRateEachIsOneOrder) {
  for (int steps = 0; steps < 120 && !testing::Test::HasFailure(); steps += 7) {
    SCOPED_TRACE("killed after step " + std::to_string(steps));
    CrashedWorld world;
    world.live();
    for (std::uint8_t n = 1; n <= 15; ++n) {
      auto row = World::stop_loss(n);
      row.on_unknown = model::OnUnknown::retry;
      world.create(row);
    }
    world.tick("1500");
    world.settle(steps);
    world.crash();
    world.live();
    for (int i = 0; i < 260; ++i) {
      world.tick_and_settle("1499");
      world.pass(seconds(1));
    }
    for (std::uint8_t n = 1; n <= 15; ++n) {
      EXPECT_EQ(world.orders(n), 1) << "trigger " << int{n};
      EXPECT_EQ(world.status(n), TriggerStatus::triggered);
    }
  }
}

// Somebody's transaction holds the rows for a while: people's stop and start, and the lease with
// them, overtake what the engine wrote before. Two fires of one group were under way, the second
// of another trigger waits for its turn.
void overtaken(World& world, int begun_for, int held_for) {
  world.settings.gate.rate = {.per_second = 1, .on_its_way_max = {}, .margin_per_mille = 0};
  world.live();
  world.create(World::stop_loss(1));
  for (std::uint8_t n = 2; n <= 3; ++n) {
    auto row = World::stop_loss(n);
    row.parent_id = model::GroupId{World::id(9).uuid};
    world.create(row);
  }
  world.tick("1500");
  world.settle();
  world.crash();
  world.begin();
  world.settle(begun_for);
  world.records.hold_rows(true);
  world.settle();
  world.stop();
  world.life->runtime.start({}, [](const auto&) {});
  world.settle(held_for);
  world.records.hold_rows(false);
  world.life->runtime.commits().run_pending();
  for (int i = 0; i < 20; ++i) {
    world.tick_and_settle("1499");
    world.pass(seconds(1));
  }
}

TEST(OvertakenAtEveryStep, AFireIsStillOneOrderAndOneOfItsGroup) {
  for (int begun_for = 0; begun_for < 40 && !testing::Test::HasFailure(); ++begun_for) {
    for (int held_for = 0; held_for < 30 && !testing::Test::HasFailure(); ++held_for) {
      SCOPED_TRACE("after step " + std::to_string(begun_for) + ", held for " +
                   std::to_string(held_for));
      CrashedWorld world;
      overtaken(world, begun_for, held_for);
      EXPECT_EQ(world.orders(1), 1);
      EXPECT_EQ(world.orders(2) + world.orders(3), 1) << "one of the group";
    }
  }
}

TEST(CrashAtEveryStep, TwiceInARow) {
  for (int steps = 0; steps < 20 && !testing::Test::HasFailure(); ++steps) {
    SCOPED_TRACE("killed after step " + std::to_string(steps));
    CrashedWorld world;
    world.live();
    auto row = World::stop_loss();
    row.on_unknown = model::OnUnknown::retry;
    world.create(row);
    world.tick("1500");
    world.settle(steps);
    world.crash();
    world.begin();
    world.settle(2 * steps);  // in the middle of its recovery
    world.crash();
    world.live();
    for (int i = 0; i < 300; ++i) {
      world.tick_and_settle("1499");
      world.pass(seconds(1));
    }
    EXPECT_EQ(world.orders(), 1);
    EXPECT_EQ(world.status(), TriggerStatus::triggered);
  }
}

// An older copy of the records comes back: what the broker has, its tag proves.
TEST_F(Fire, AnOrderOfOursThatTheRecordsDoNotKnowTakesItsTriggerOut) {
  live();
  create(stop_loss());
  const auto armed = row();
  tick_and_settle("1500");
  ASSERT_EQ(orders(), 1);
  crash();
  store::MemoryStore older;
  older.put_by_hand(armed, now);
  Life restored(older, ledger, settings, now, false);
  life.reset();
  restored.runtime.launch();
  for (int i = 0; i < 10'000; ++i) {
    if (!restored.clock.run_one() && restored.runtime.commits().size() == 0) break;
    restored.runtime.commits().run_pending();
  }
  const auto found = older.reader()->trigger(id(), {}).value();
  EXPECT_EQ(found.status, TriggerStatus::triggered);
  EXPECT_EQ(found.order_id, "ORDER-1");
}

}  // namespace
}  // namespace hmt::runtime
