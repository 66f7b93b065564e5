#include <gmock/gmock.h>

#include "runtime/test_world.h"

// From nothing known to armed, and back.
namespace hmt::runtime {
namespace {

using model::TriggerStatus;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using StartUp = World;

TEST_F(StartUp, TakesItsStepsInOrderAndThenRuns) {
  live();
  EXPECT_THAT(ledger.asked, ElementsAre("profile", "instruments", "order_book"));
  EXPECT_THAT(events(), ElementsAre("lease_taken", "engine_started"));
  EXPECT_EQ(standing().status, EngineStatus::running);
  EXPECT_EQ(standing().lease_epoch, 1);
  EXPECT_EQ(life->runtime.catalogue()->size(), 1U);
}

TEST_F(StartUp, ArmsWhatTheRecordsHold) {
  live();
  create(stop_loss());
  crash();
  live();
  EXPECT_EQ(watch().why_not, "No price of it has come yet");
  tick_and_settle("1510");
  EXPECT_TRUE(watch().monitored);
  EXPECT_EQ(watch().last_price, model::Price::from_rupees(1510));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(StartUp, WithoutABrokerNothingIsArmedAndItSaysWhyAndTriesAgain) {
  live();
  create(stop_loss());
  crash();
  ledger.reachable = false;
  live();
  EXPECT_EQ(standing().status, EngineStatus::starting);
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("The broker cannot be reached")));
  EXPECT_THAT(watch().why_not, HasSubstr("The broker cannot be reached"));
  pass(seconds(60));
  const auto tries = std::ranges::count(ledger.asked, "profile");
  EXPECT_GE(tries, 8);
  EXPECT_LE(tries, 14);
  ledger.reachable = true;
  pass(seconds(10));
  EXPECT_EQ(standing().status, EngineStatus::running);
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(StartUp, ADeadSessionIsToldWithItsRemedy) {
  ledger.session_good = false;
  live();
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("log in to Kite for a new access token")));
  EXPECT_NE(standing().status, EngineStatus::running);
  ledger.session_good = true;
  pass(seconds(10));
  EXPECT_EQ(standing().status, EngineStatus::running);
}

TEST_F(StartUp, WithoutADatabaseNothingIsArmed) {
  records.fail_next_writes(1);
  live();
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("The database does not give the lease")));
  EXPECT_THAT(ledger.asked, IsEmpty());
  pass(seconds(10));
  EXPECT_EQ(standing().status, EngineStatus::running);
}

TEST_F(StartUp, ADatabaseThatWasAwayForAnHourIsMetWithinTwoSecondsOfItsReturn) {
  records.fail_next_writes(1'000'000);
  live();
  pass(std::chrono::hours(1));
  EXPECT_NE(standing().status, EngineStatus::running);
  records.fail_next_writes(0);
  pass(seconds(2));
  EXPECT_EQ(standing().status, EngineStatus::running);
}

// The lease was taken, and the login came an hour before the database did.
TEST_F(StartUp, ADatabaseThatWentAwayBeforeTheLoginIsMetWithinTwoSecondsOfItsReturn) {
  ledger.session_good = false;
  live();
  records.fail_next_writes(1'000'000);
  ledger.session_good = true;
  pass(std::chrono::hours(1));
  EXPECT_NE(standing().status, EngineStatus::running);
  records.fail_next_writes(0);
  pass(seconds(2));
  EXPECT_EQ(standing().status, EngineStatus::running);
}

TEST_F(StartUp, ADatabaseThatHiccupsAtTheStartCostsLessThanASecond) {
  records.fail_next_writes(2);
  live();
  pass(milliseconds(800));
  EXPECT_EQ(standing().status, EngineStatus::running);
}

TEST_F(StartUp, WithoutTheOrderBookNothingIsArmed) {
  live();
  create(stop_loss());
  crash();
  ledger.holds_books = true;
  live();
  tick_and_settle("1400");
  pass(seconds(3));
  EXPECT_EQ(standing().status, EngineStatus::starting);
  EXPECT_EQ(orders(), 0);
}

TEST_F(StartUp, AnOrderBookThatFailsIsAskedForAgainAndNothingElseIs) {
  live();
  create(stop_loss());
  crash();
  ledger.holds_books = true;
  live();
  ledger.holds_books = false;
  ledger.reachable = false;
  life->clock.post(std::move(ledger.held.front()));
  settle();
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("order book cannot be read")));
  ledger.reachable = true;
  ledger.asked.clear();
  pass(seconds(1));
  EXPECT_THAT(ledger.asked, ElementsAre("order_book"));
  EXPECT_THAT(standing().reasons, Not(Contains(HasSubstr("order book cannot be read"))));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(StartUp, ATriggerThatIsMadeMeanwhileIsArmedAfterwards) {
  ledger.holds_books = true;
  live();
  create(stop_loss());
  ledger.holds_books = false;
  life->clock.post(std::move(ledger.held.front()));
  settle();
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(StartUp, SwitchedOffByConfigurationItStaysOffAndSaysSo) {
  settings.configured.enabled = false;
  live();
  create(stop_loss());
  tick_and_settle("1400");
  EXPECT_EQ(standing().status, EngineStatus::stopped);
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("HMT_ENGINE_ENABLED=false")));
  EXPECT_THAT(watch().why_not, HasSubstr("HMT_ENGINE_ENABLED=false"));
  const auto started = start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, base::ErrorKind::refused);
  EXPECT_THAT(started.error().message, HasSubstr("HMT_ENGINE_ENABLED=false"));
  pass(minutes(2));
  EXPECT_EQ(orders(), 0);
}

TEST_F(StartUp, ATickerThatRefusesTheSessionIsToldAtOnce) {
  ticker_refuses = true;
  live();
  create(stop_loss());
  pass(seconds(1));
  EXPECT_EQ(standing().status, EngineStatus::degraded);
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("The broker refuses the session")));
  EXPECT_THAT(events(), Contains("broker_session_refused"));
}

// ---- stop and start

TEST_F(StartUp, StoppedNothingLeavesAndStartedAgainALevelStillBeyondFires) {
  live();
  create(stop_loss());
  const auto stopped = stop();
  ASSERT_TRUE(stopped);
  EXPECT_EQ(standing().status, EngineStatus::stopped);
  EXPECT_THAT(watch().why_not, HasSubstr("stopped"));
  tick_and_settle("1400");
  pass(minutes(1));
  EXPECT_EQ(orders(), 0);
  ASSERT_TRUE(start());
  EXPECT_EQ(standing().status, EngineStatus::running);
  EXPECT_EQ(standing().lease_epoch, 2);
  pass(seconds(1));
  tick_and_settle("1400");
  EXPECT_EQ(orders(), 1);
  EXPECT_EQ(status(), TriggerStatus::triggered);
}

TEST_F(StartUp, AStopOutlivesTheProcess) {
  live();
  create(stop_loss());
  ASSERT_TRUE(stop());
  crash();
  live();
  tick_and_settle("1400");
  EXPECT_EQ(standing().status, EngineStatus::stopped);
  EXPECT_EQ(orders(), 0);
}

TEST_F(StartUp, AStopWhoseRecordCannotBeWrittenStillShutsTheGateAndSaysThatItFailed) {
  live();
  create(stop_loss());
  records.fail_next_writes(1);
  const auto stopped = stop();
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message,
              HasSubstr("sends nothing more, but the stop is not on record"));
  tick_and_settle("1400");
  pass(seconds(5));
  EXPECT_EQ(orders(), 0);
}

TEST_F(StartUp, AStopWhoseAnswerWasLostMayBeOnRecordAndSaysSo) {
  live();
  records.lose_next_answers(1);
  const auto stopped = stop();
  ASSERT_FALSE(stopped);
  EXPECT_THAT(stopped.error().message, HasSubstr("whether the stop is on record is not known"));
}

TEST_F(StartUp, StartingARunningEngineChangesNothing) {
  live();
  const auto again = start();
  ASSERT_TRUE(again);
  EXPECT_EQ(*again, "Engine is running already");
  EXPECT_EQ(standing().lease_epoch, 1);
}

TEST_F(StartUp, AStopDuringStartUpEndsIt) {
  ledger.holds_books = true;
  live();
  ASSERT_TRUE(stop());
  for (auto& book : std::exchange(ledger.held, {})) life->clock.post(std::move(book));
  settle();
  pass(minutes(1));
  EXPECT_EQ(standing().status, EngineStatus::stopped);
}

// The order was forwarded, and nobody heard what became of it.
TEST_F(StartUp, AStopAtAnyMomentOfAStartLeavesNoOrderToItself) {
  for (int steps = 0; steps < 60; ++steps) {
    ledger = {};
    live();
    ASSERT_TRUE(start());
    const auto number = static_cast<std::uint8_t>(steps + 1);
    create(stop_loss(number));
    ledger.mood = Ledger::Mood::takes_without_a_word;
    tick("1500");
    while (orders(number) == 0) ASSERT_TRUE(step());
    crash();
    ledger.mood = Ledger::Mood::takes;
    begin();
    for (int i = 0; i < steps; ++i) step();
    ASSERT_TRUE(stop()) << "after " << steps << " steps";
    tick_and_settle("1500");
    pass(seconds(15));
    EXPECT_EQ(standing().status, EngineStatus::stopped) << "after " << steps << " steps";
    EXPECT_EQ(status(number), model::TriggerStatus::triggered) << "after " << steps << " steps";
    EXPECT_EQ(orders(number), 1);
    crash();
  }
}

// The thread was held up before the first byte: the broker counts it from then.
TEST_F(StartUp, AnOrderThatLeftLateCountsFromThenForTheRateOfTheNextLife) {
  settings.gate.rate = {.per_second = 1};
  live();
  create(stop_loss(1));
  auto second = stop_loss(2);
  second.leg_1.trigger_price = model::Price::from_rupees(1400);
  create(second);
  ledger.mood = Ledger::Mood::slow;
  tick_and_settle("1500");
  pass(milliseconds(1500));
  std::exchange(ledger.held, {}).front()();
  ASSERT_EQ(orders(1), 1);
  crash();
  ledger.mood = Ledger::Mood::takes;
  live();
  tick_and_settle("1400");
  pass(milliseconds(500));
  EXPECT_EQ(orders(2), 0) << "within the same second";
  pass(seconds(3));
  EXPECT_EQ(orders(2), 1);
}

TEST_F(StartUp, ATriggerThatIsMadeWhileTheEngineStartsAgainIsArmed) {
  live();
  ASSERT_TRUE(stop());
  ledger.holds_books = true;
  ASSERT_TRUE(start());
  create(stop_loss());
  ledger.holds_books = false;
  life->clock.post(std::move(ledger.held.front()));
  settle();
  pass(seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

TEST_F(StartUp, AnAccountThatWasOnItsWayWhenTheEngineIsStartedSaysNothingOfThatStart) {
  live();
  ASSERT_TRUE(stop());
  for (int steps = 0; steps < 40; ++steps) {
    crash();
    ledger.holds_books = true;
    live();  // switched off, and on its way to that as far as the order book
    ASSERT_EQ(ledger.held.size(), 1U);
    life->runtime.start({}, [](const base::Result<std::string>&) {});
    settle(steps);
    life->clock.post(std::move(ledger.held.front()));
    ledger.held.pop_front();
    settle();
    EXPECT_EQ(standing().status, EngineStatus::starting) << "after " << steps << " steps";
    ASSERT_TRUE(stop());
  }
}

TEST_F(StartUp, AnAnswerThatComesWhileTheEngineStartsAgainIsNotLost) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::slow;
  tick_and_settle("1500");
  ASSERT_EQ(ledger.held.size(), 1U);
  ASSERT_TRUE(stop());
  ledger.holds_books = true;
  ASSERT_TRUE(start());
  life->clock.post(std::move(ledger.held.front()));  // the placement reaches its last check
  ledger.held.pop_front();
  ledger.holds_books = false;
  ledger.mood = Ledger::Mood::takes;
  life->clock.post(std::move(ledger.held.front()));
  ledger.held.pop_front();
  settle();
  EXPECT_EQ(orders(), 0) << "it was stopped before its first byte";
  EXPECT_EQ(status(), TriggerStatus::active);
  pass(seconds(1));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

// ---- a day that the calendar calls closed

TEST_F(StartUp, AnExchangeThatTradesWithoutASessionOfTheCalendarIsTold) {
  settings.calendar = model::Calendar();
  live();
  create(stop_loss());
  for (int packet = 0; packet < 20; ++packet) {
    tick_and_settle("1400");
    pass(seconds(4));
  }
  EXPECT_EQ(orders(), 0);
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("NSE trades, though the calendar")));
  EXPECT_EQ(standing().status, EngineStatus::degraded);
  EXPECT_THAT(watch().why_not, HasSubstr("Its exchange is closed"));
  pass(minutes(11));
  EXPECT_THAT(standing().reasons, Not(Contains(HasSubstr("NSE trades"))));
}

// ---- the end

TEST_F(StartUp, AnEngineThatLostTheLeaseTellsItsOwnerAndSendsNothing) {
  live();
  create(stop_loss());
  ASSERT_TRUE(records.writer()->take_lease("rival", life->clock.now()));
  tick_and_settle("1400");
  pass(seconds(5));
  EXPECT_EQ(orders(), 0);
  EXPECT_GE(life->fenced, 1);
  EXPECT_EQ(standing().status, EngineStatus::stopped);
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("Another engine holds the lease")));
}

TEST_F(StartUp, ADrainStopsTakingTicksAndWaitsForTheAnswersThatAreUnderWay) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::slow;
  tick_and_settle("1500");
  bool drained = false;
  life->runtime.drain(seconds(9), [&] { drained = true; });
  pass(seconds(1));
  EXPECT_FALSE(drained);
  ledger.mood = Ledger::Mood::takes;
  life->clock.post(std::move(ledger.held.front()));
  pass(seconds(1));
  EXPECT_TRUE(drained);
}

TEST_F(StartUp, ADrainHasAnEndEvenWhenNoAnswerComes) {
  live();
  create(stop_loss());
  ledger.mood = Ledger::Mood::slow;
  tick_and_settle("1500");
  bool drained = false;
  life->runtime.drain(seconds(9), [&] { drained = true; });
  pass(seconds(8));
  EXPECT_FALSE(drained);
  pass(seconds(2));
  EXPECT_TRUE(drained);
}

// ---- an instrument whose token has changed

TEST_F(StartUp, ATokenThatTheDaysListCorrectsIsWatchedUnderItsNewNumber) {
  live();
  auto row = stop_loss();
  row.instrument_token = 999 * 256 + 1;
  create(row);
  crash();
  live();
  EXPECT_EQ(this->row().instrument_token, infy);
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

// ---- a list of instruments that is not whole

TEST_F(StartUp, AStopWhoseInstrumentTheListLacksIsWatchedOnceALaterListHasIt) {
  live();
  create(stop_loss());
  crash();
  ledger.listed = {"TCS"};
  live();
  EXPECT_THAT(standing().reasons,
              Contains(HasSubstr("name an instrument that does not trade today")));
  ledger.listed = {"INFY", "TCS"};
  pass(minutes(11));
  EXPECT_THAT(standing().reasons, Not(Contains(HasSubstr("does not trade today"))));
  tick_and_settle("1500");
  EXPECT_EQ(orders(), 1);
}

// Its token may be another instrument's by now.
TEST_F(StartUp, AnEditOfAStopWhoseInstrumentIsGoneDoesNotArmIt) {
  live();
  create(stop_loss());
  crash();
  ledger.listed = {"TCS"};
  live();
  auto edited = row();
  edited.leg_1.trigger_price = model::Price::from_rupees(1505);
  bool done = false;
  life->runtime.edit(edited, edited.version, {}, {}, [&](const auto& written) {
    EXPECT_TRUE(written);
    done = true;
  });
  settle();
  ASSERT_TRUE(done);
  EXPECT_THAT(watch().why_not, HasSubstr("No instrument of its name trades today"));
  create(stop_loss(2));
  tick_and_settle("1500");
  pass(seconds(1));
  EXPECT_EQ(orders(), 0);
}

TEST_F(StartUp, WhatHasExpiredIsAskedForEverMoreRarely) {
  live();
  create(stop_loss());
  crash();
  ledger.listed = {"TCS"};
  live();
  ledger.asked.clear();
  pass(minutes(75));
  EXPECT_EQ(std::ranges::count(ledger.asked, "instruments"), 3) << "after 10, 20 and 40 minutes";
}

TEST_F(StartUp, WhatIsMissingFromYesterdaysListHidesTodaysFromNobody) {
  now = monday_morning() - minutes(100);
  live();
  create(stop_loss());
  crash();
  ledger.listed = {"TCS"};
  live();
  pass(minutes(38));  // at 08:28, when it was asked for again at eight and at twenty past
  ledger.listed = {"INFY", "TCS"};
  ledger.asked.clear();
  pass(minutes(1));
  EXPECT_THAT(ledger.asked, Not(Contains("instruments")));
  pass(minutes(2));
  EXPECT_EQ(std::ranges::count(ledger.asked, "instruments"), 1);
  EXPECT_EQ(watch().why_not, "No price of it has come yet");
}

TEST_F(StartUp, ATokenThatCouldNotBeCorrectedIsCorrectedSecondsLater) {
  now = monday_morning() - minutes(61);
  live();
  create(stop_loss());
  ledger.listed = {"TCS", "INFY"};  // INFY has the next token today
  records.fail_next_writes(3);
  pass(minutes(3));
  const auto row = records_reader->trigger(id(1), {}).value();
  EXPECT_EQ(row.instrument_token, infy + 256);
  EXPECT_EQ(watch().why_not, "No price of it has come yet");
}

TEST_F(StartUp, AListThatLostMostOfAnExchangeIsPutOffForThreeHours) {
  now = monday_morning() - minutes(90);
  ledger.listed = {"INFY", "TCS", "SBIN", "ITC"};
  live();
  ledger.listed = {"SBIN"};
  pass(minutes(40));  // the new list is asked for at half past eight
  EXPECT_THAT(standing().reasons, Contains(HasSubstr("lacks most of NSE")));
  EXPECT_EQ(life->runtime.catalogue()->size(), 4U);
  pass(std::chrono::hours(3));
  EXPECT_EQ(life->runtime.catalogue()->size(), 1U);
  EXPECT_THAT(standing().reasons, Not(Contains(HasSubstr("lacks most of NSE"))));
}

}  // namespace
}  // namespace hmt::runtime
