#include <gmock/gmock.h>

#include "gate/test_bench.h"

// The last hop: who passes, in which turn, and who is turned back.
namespace hmt::gate {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct GateTest : Bench {
  GateTest() { gate.open(1); }
  // As an engine that took the records over does with what it finds open.
  void submit_recovered(const std::string& tag, std::int64_t lease) {
    auto recovered = attempt(tag);
    recovered.lease_epoch = lease;
    gate.submit(recovered, model::Purpose::exit);
  }
};

TEST_F(GateTest, AQueuedAttemptIsMadeDurableAndThenSent) {
  journal.writes = false;
  submit("A");
  EXPECT_THAT(journal.written, ElementsAre("A"));
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told, IsEmpty());
  EXPECT_EQ(gate.in_flight(), 1U);
  journal.flush(true);
  EXPECT_THAT(gateway.left, ElementsAre("A"));
  EXPECT_THAT(observer.told, ElementsAre("forwarded A", "answered A"));
  EXPECT_EQ(gate.in_flight(), 0U);
}

TEST_F(GateTest, AnAttemptWithAPermitIsSentWithoutAnotherWrite) {
  ASSERT_TRUE(gate.reserve());
  gate.submit(permitted("A"), model::Purpose::exit);
  EXPECT_THAT(gateway.left, ElementsAre("A"));
  EXPECT_THAT(journal.written, IsEmpty());
}

TEST_F(GateTest, WhatTheJournalCannotWriteIsNotSent) {
  journal.writes = false;
  submit("A");
  journal.flush(false);
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told, ElementsAre("withdrawn A: The records could not be written"));
  EXPECT_EQ(gate.in_flight(), 0U);
}

TEST_F(GateTest, ATagPassesOnce) {
  submit("A");
  submit("A");
  gate.submit(permitted("A"), model::Purpose::exit);
  scheduler.advance(minutes(1));
  EXPECT_THAT(gateway.left, ElementsAre("A"));
}

TEST_F(GateTest, ATagThatWasTurnedBackDoesNotPassLater) {
  gate.shut("stopped");
  submit("A");
  gate.open(1);
  submit("A");
  EXPECT_THAT(gateway.left, IsEmpty());
}

// The lease was lost with the order waiting, what became of it could not be written, and the same
// process has the lease again.
TEST_F(GateTest, ATagThatWasTakenBackAndComesAgainIsToldSoAgain) {
  gate.shut("Another engine has taken over");
  submit("A");
  const auto before = std::ranges::count_if(
      observer.told, [](const auto& line) { return line.starts_with("withdrawn A"); });
  ASSERT_EQ(before, 1);
  gate.open(1);
  submit("A");
  EXPECT_EQ(observer.told.size(), 2U);
  EXPECT_TRUE(observer.told.back().starts_with("withdrawn A"));
  EXPECT_THAT(gateway.left, IsEmpty());
}

// Its record waits for a row that somebody holds, while the lease is lost and taken again.
TEST_F(GateTest, ATagThatIsRecoveredWhileItsRecordWaitsIsTakenBackForTheLeaseThatAskedLast) {
  journal.writes = false;
  submit("A");
  gate.shut("stopped");
  gate.open(2);
  submit_recovered("A", 2);
  EXPECT_THAT(observer.told, IsEmpty());
  journal.flush(false);
  EXPECT_THAT(observer.told, ElementsAre("withdrawn A: The records could not be written"));
  EXPECT_EQ(observer.told_of_lease, 2);
  EXPECT_THAT(gateway.left, IsEmpty());
}

TEST_F(GateTest, AWithdrawalThatWasToldUnderAFormerLeaseIsToldAgainUnderTheNext) {
  journal.writes = false;
  submit("A");
  gate.shut("stopped");
  journal.flush(false);
  EXPECT_EQ(observer.told_of_lease, 1);
  gate.open(2);
  submit_recovered("A", 2);
  EXPECT_EQ(observer.told.size(), 2U);
  EXPECT_EQ(observer.told_of_lease, 2);
}

// Its bytes are on their way when the lease is lost and taken again: the answer is still to come.
TEST_F(GateTest, ATagThatIsRecoveredWhileItIsSentIsAnsweredOnce) {
  gateway.lets_go = false;
  submit("A");
  gate.shut("Another engine has taken over");
  gate.open(2);
  submit_recovered("A", 2);
  EXPECT_THAT(observer.told, ElementsAre("forwarded A"));
  EXPECT_EQ(gateway.calls.size(), 1U);
  gateway.let_go();
  EXPECT_EQ(observer.told.size(), 2U);
  EXPECT_EQ(gate.in_flight(), 0U);
}

// ---- turns

TEST_F(GateTest, ExitsGoFirstThenTheOldest) {
  use_up_the_second();
  submit("entry1", model::Purpose::entry);
  scheduler.advance(milliseconds(1));
  submit("exit1", model::Purpose::exit);
  submit("entry2", model::Purpose::entry);
  scheduler.advance(milliseconds(1));
  submit("exit2", model::Purpose::exit);
  EXPECT_EQ(gate.queued(), 4U);
  EXPECT_THAT(gateway.left, IsEmpty());
  scheduler.advance(seconds(2));
  EXPECT_THAT(gateway.left, ElementsAre("exit1", "exit2", "entry1", "entry2"));
  EXPECT_EQ(gate.queued(), 0U);
}

TEST_F(GateTest, AnOlderFireThatIsSubmittedLaterStillGoesFirst) {
  use_up_the_second();
  auto older = attempt("older");
  scheduler.advance(milliseconds(5));
  submit("younger");
  gate.submit(older, model::Purpose::exit);
  scheduler.advance(seconds(2));
  EXPECT_THAT(gateway.left, ElementsAre("older", "younger"));
}

// It was refused for the rate, and waits its turn again.
TEST_F(GateTest, ARetryKeepsThePlaceOfItsFire) {
  use_up_the_second();
  auto retry = attempt("retry");
  scheduler.advance(milliseconds(5));
  submit("later");
  retry.created_at = scheduler.now();
  gate.submit(retry, model::Purpose::exit);
  scheduler.advance(seconds(2));
  EXPECT_THAT(gateway.left, ElementsAre("retry", "later"));
}

// Its record waited for a database that was away.
TEST_F(GateTest, WhatComesToWaitItsTurnTooLateIsTakenBack) {
  auto old = attempt("A");
  scheduler.advance(seconds(60));
  auto older = old;
  gate.submit(old, model::Purpose::exit);
  scheduler.advance(milliseconds(1));
  older.tag = "B";
  gate.submit(older, model::Purpose::exit);
  EXPECT_THAT(gateway.left, ElementsAre("A"));
  EXPECT_EQ(observer.told.back(),
            "withdrawn B: It was held up for too long to be sent on the price that it was decided "
            "on");
}

TEST_F(GateTest, NothingIsReservedAheadOfThoseThatWait) {
  use_up_the_second();
  submit("A");
  scheduler.advance(milliseconds(1000));
  EXPECT_FALSE(gate.reserve());
  scheduler.advance(milliseconds(1));
  EXPECT_THAT(gateway.left, ElementsAre("A"));
  EXPECT_TRUE(gate.reserve());
}

TEST_F(GateTest, APermitCountsFromTheFirstByteHoweverLongTheRecordTook) {
  while (gate.reserve()) {
  }
  std::vector<model::Attempt> claimed;
  for (int i = 0; i < 10; ++i) claimed.push_back(permitted("T" + std::to_string(i)));
  scheduler.advance(milliseconds(1501));
  EXPECT_FALSE(gate.reserve()) << "ten may leave at any moment";
  for (const auto& each : claimed) gate.submit(each, model::Purpose::exit);
  EXPECT_EQ(gateway.left.size(), 10U);
  scheduler.advance(milliseconds(1000));
  EXPECT_FALSE(gate.reserve());
  scheduler.advance(milliseconds(1));
  EXPECT_TRUE(gate.reserve());
}

TEST_F(GateTest, NothingIsReservedWhileTheQueueIsBeingServed) {
  use_up_the_second();
  submit("A");
  submit("B");
  gateway.during_place = [this] { EXPECT_EQ(gate.reserve(), gate.queued() == 0); };
  scheduler.advance(seconds(2));
  EXPECT_THAT(gateway.left, ElementsAre("A", "B"));
}

// ---- the switch (I4)

struct ShutGate : Bench {};

TEST_F(ShutGate, ANewGateIsShutUntilItIsOpened) {
  EXPECT_FALSE(gate.reserve());
  gate.submit(permitted("A"), model::Purpose::exit);
  submit("B");
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told, ElementsAre("withdrawn A: The engine is starting",
                                         "withdrawn B: The engine is starting"));
}

TEST_F(GateTest, OpeningOpensAConnectionAheadOfTheFirstOrder) {
  EXPECT_EQ(gateway.warmed, 1);
}

TEST_F(GateTest, WhatWaitsIsWithdrawnWhenTheGateShuts) {
  use_up_the_second();
  submit("A");
  submit("B");
  gate.shut("stopped by the operator");
  EXPECT_EQ(gate.queued(), 0U);
  EXPECT_THAT(observer.told, ElementsAre("withdrawn A: stopped by the operator",
                                         "withdrawn B: stopped by the operator"));
  gate.open(1);
  scheduler.advance(minutes(2));
  EXPECT_THAT(gateway.left, IsEmpty());
}

TEST_F(GateTest, NoFirstByteLeavesAfterShutEvenOfACallThatIsUnderWay) {
  gateway.lets_go = false;
  submit("A");
  ASSERT_EQ(gateway.calls.size(), 1U);
  gate.shut("stopped");
  gateway.let_go();
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told, ElementsAre("forwarded A", "withdrawn A: stopped"));
  EXPECT_EQ(gate.in_flight(), 0U);
}

TEST_F(GateTest, NoFirstByteLeavesAfterShutOfOneThatIsBeingWritten) {
  journal.writes = false;
  submit("A");
  gate.shut("stopped");
  journal.flush(true);
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told, ElementsAre("withdrawn A: stopped"));
}

TEST_F(GateTest, AfterOpeningAgainUnderANewLeaseTheOldOnesStayBack) {
  gateway.lets_go = false;
  submit("A");
  gate.shut("stopped");
  gate.open(2);
  gateway.let_go();
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told,
              ElementsAre("forwarded A", "withdrawn A: Another engine has taken over"));
}

TEST_F(GateTest, AnAnswerThatIsUnderWayWhenTheGateShutsStillCounts) {
  gateway.lets_go = false;
  submit("A");
  auto call = std::move(gateway.calls.front());
  ASSERT_TRUE(call.last_check());
  gate.shut("stopped");
  EXPECT_EQ(gate.in_flight(), 1U);
  call.done(accepted());
  EXPECT_THAT(observer.told, ElementsAre("forwarded A", "answered A"));
  EXPECT_EQ(gate.in_flight(), 0U);
}

// ---- lease and time to live

struct ForbiddenGate : Bench {
  ForbiddenGate() : Bench(forbidden_by(why)) { gate.open(1); }
  static Settings forbidden_by(const std::string& why) {
    Settings settings;
    settings.forbidden = [&why](const model::OrderRequest&) { return why; };
    return settings;
  }
  std::string why;
};

TEST_F(ForbiddenGate, WhatTheOwnerForbidsIsNotSentEvenAtTheLastMoment) {
  submit("A");
  EXPECT_THAT(gateway.left, ElementsAre("A"));
  why = "the lease is not fresh";
  submit("B");
  EXPECT_EQ(observer.told.back(), "withdrawn B: the lease is not fresh");

  why.clear();
  gateway.lets_go = false;
  submit("C");
  why = "the engine was stopped";
  gateway.let_go();
  EXPECT_EQ(observer.told.back(), "withdrawn C: the engine was stopped");
  EXPECT_THAT(gateway.left, ElementsAre("A"));
}

TEST_F(GateTest, AnAttemptThatDoesNotSaySinceWhenItMayLeaveIsNotSent) {
  auto out = permitted("A");
  out.forwarded_at.reset();
  gate.submit(out, model::Purpose::exit);
  EXPECT_THAT(gateway.left, IsEmpty());
}

TEST_F(GateTest, AConnectionThatCannotBeMadeIsAnAnswerAndNotAWithdrawal) {
  gateway.lets_go = false;
  submit("A");
  gateway.calls.front().done({.transport = model::Transport::not_sent,
                              .error_type = {},
                              .message = "connection refused",
                              .order_id = {}});
  EXPECT_THAT(observer.told, ElementsAre("forwarded A", "answered A"));
}

TEST_F(GateTest, ASecondAnswerToOneRequestIsPassedOver) {
  gateway.lets_go = false;
  submit("A");
  auto call = std::move(gateway.calls.front());
  call.done(accepted());
  call.done(too_many());
  EXPECT_THAT(observer.told, ElementsAre("forwarded A", "answered A"));
  EXPECT_EQ(gate.in_flight(), 0U);
}

TEST_F(GateTest, AnAttemptOfAnotherLeaseIsTurnedBack) {
  auto stale = permitted("A");
  stale.lease_epoch = 0;
  gate.submit(stale, model::Purpose::exit);
  EXPECT_THAT(observer.told, ElementsAre("withdrawn A: Another engine has taken over"));
}

TEST_F(GateTest, WhatWasHeldUpForLongerThanItLivesIsNotSent) {
  auto held = permitted("A");
  auto in_time = permitted("B");
  scheduler.advance(seconds(2));
  gate.submit(in_time, model::Purpose::exit);
  scheduler.advance(milliseconds(1));
  gate.submit(held, model::Purpose::exit);
  EXPECT_THAT(gateway.left, ElementsAre("B"));
  EXPECT_THAT(observer.told.back(), testing::HasSubstr("withdrawn A: It was held up for too long"));
}

TEST_F(GateTest, TimeInTheQueueDoesNotCount) {
  use_up_the_second();
  for (int i = 0; i < 25; ++i) submit("T" + std::to_string(10 + i));
  scheduler.advance(seconds(5));
  EXPECT_EQ(gateway.left.size(), 25U) << "a fire that has to wait its turn is still a fire";
}

TEST_F(GateTest, TimeInTheJournalCounts) {
  journal.writes = false;
  submit("A");
  scheduler.advance(seconds(3));
  journal.flush(true);
  EXPECT_THAT(gateway.left, IsEmpty());
}

TEST_F(GateTest, TheFirstByteIsLookedAtAgainForItsAge) {
  gateway.lets_go = false;
  submit("A");
  scheduler.advance(seconds(3));  // resolving a name, opening a connection
  gateway.let_go();
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told.back(), testing::HasSubstr("withdrawn A"));
}

TEST_F(GateTest, AWallClockThatWasSetBackDoesNotMakeAnOldAttemptYoung) {
  auto held = permitted("A");
  scheduler.advance(minutes(10));
  scheduler.step_wall_clock(-std::chrono::hours(1));
  gate.submit(held, model::Purpose::exit);
  EXPECT_THAT(gateway.left, IsEmpty());
}

// ---- the account's rate

TEST_F(GateTest, TenASecondAndNotOneMore) {
  for (int i = 0; i < 40; ++i) submit("T" + std::to_string(10 + i));
  EXPECT_EQ(gateway.left.size(), 10U);
  scheduler.advance(milliseconds(1000));
  EXPECT_EQ(gateway.left.size(), 10U);
  scheduler.advance(milliseconds(1));
  EXPECT_EQ(gateway.left.size(), 20U);
  scheduler.advance(milliseconds(2200));
  EXPECT_EQ(gateway.left.size(), 40U);
}

// The first byte of so many leaves now; their answers are outstanding.
std::vector<HeldGateway::Call> leave(HeldGateway& gateway, std::size_t count) {
  std::vector<HeldGateway::Call> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(std::move(gateway.calls.front()));
    gateway.calls.pop_front();
    EXPECT_TRUE(out.back().last_check());
  }
  return out;
}

TEST_F(GateTest, TheNextTenLeaveASecondAfterTheAnswersOfTheFirst) {
  gateway.lets_go = false;
  for (int i = 0; i < 20; ++i) submit("T" + std::to_string(10 + i));
  auto first = leave(gateway, 10);
  scheduler.advance(milliseconds(30));
  for (auto& call : first)
    call.done({.transport = model::Transport::answered,
               .http_status = 400,
               .error_type = {},
               .message = {},
               .order_id = {}});
  scheduler.advance(milliseconds(1000));
  EXPECT_TRUE(gateway.calls.empty()) << "the broker may have counted them as late as they answered";
  scheduler.advance(milliseconds(1));
  EXPECT_EQ(gateway.calls.size(), 10U);
}

TEST_F(GateTest, OnAWireThatIsEvenTheNextTenLeaveASecondAfterTheFirst) {
  gateway.lets_go = false;
  for (int i = 0; i < 20; ++i) submit("T" + std::to_string(10 + i));
  auto first = leave(gateway, 10);
  scheduler.advance(milliseconds(30));
  for (auto& call : first) call.done(accepted());
  scheduler.advance(milliseconds(970));
  EXPECT_TRUE(gateway.calls.empty());
  scheduler.advance(milliseconds(1));
  EXPECT_EQ(gateway.calls.size(), 10U);
}

TEST_F(GateTest, AConnectionThatBreaksIsNoAnswerThatTheOrderArrived) {
  gateway.lets_go = false;
  for (int i = 0; i < 20; ++i) submit("T" + std::to_string(10 + i));
  auto first = leave(gateway, 10);
  for (auto& call : first) call.done({.error_type = {}, .message = "reset", .order_id = {}});
  scheduler.advance(milliseconds(1500));
  EXPECT_TRUE(gateway.calls.empty()) << "it may be on its way still";
  scheduler.advance(milliseconds(1));
  EXPECT_EQ(gateway.calls.size(), 10U);
}

TEST_F(GateTest, PermitsAndTheQueueShareOneRate) {
  for (int i = 0; i < 4; ++i) ASSERT_TRUE(gate.reserve());
  for (int i = 0; i < 10; ++i) submit("T" + std::to_string(10 + i));
  EXPECT_EQ(gateway.left.size(), 6U);
  EXPECT_FALSE(gate.reserve());
}

TEST_F(GateTest, AWallClockThatStepsNeitherFreesNorFreezesOrders) {
  for (int i = 0; i < 20; ++i) submit("T" + std::to_string(10 + i));
  scheduler.step_wall_clock(std::chrono::hours(1));
  submit("later");
  EXPECT_EQ(gateway.left.size(), 10U);
  scheduler.step_wall_clock(-std::chrono::hours(2));
  scheduler.advance(milliseconds(1001));
  EXPECT_EQ(gateway.left.size(), 20U);
}

struct NarrowGate : Bench {
  NarrowGate() : Bench(settings()) { gate.open(1); }
  static Settings settings() {
    Settings out;
    out.rate = {.per_second = 2,
                .per_minute = 3,
                .per_day = 5,
                .on_its_way_max = {},
                .margin_per_mille = 0};
    return out;
  }
};

TEST_F(NarrowGate, TheMinuteAndTheDayAreKeptToo) {
  for (int i = 0; i < 8; ++i) submit("T" + std::to_string(i));
  EXPECT_EQ(gateway.left.size(), 2U);
  scheduler.advance(seconds(1));
  EXPECT_EQ(gateway.left.size(), 3U);
  scheduler.advance(seconds(58));
  EXPECT_EQ(gateway.left.size(), 3U);
  scheduler.advance(seconds(1));
  EXPECT_EQ(gateway.left.size(), 5U);
  scheduler.advance(std::chrono::hours(12));
  EXPECT_EQ(gateway.left.size(), 5U) << "the day's orders are used up";
  EXPECT_EQ(gate.queued(), 3U);
}

TEST_F(NarrowGate, WhatStillWaitsWhenItsDayEndsIsNeverSent) {
  for (int i = 0; i < 7; ++i) submit("T" + std::to_string(i));
  EXPECT_FALSE(gate.is_day_used_up()) << "it is the second that is used up";
  scheduler.advance(minutes(2));
  ASSERT_EQ(gateway.left.size(), 5U);
  EXPECT_TRUE(gate.is_day_used_up());
  observer.told.clear();
  scheduler.advance(std::chrono::hours(15));
  EXPECT_EQ(gateway.left.size(), 5U);
  EXPECT_THAT(observer.told,
              ElementsAre("withdrawn T5: It waited past the end of its trading day",
                          "withdrawn T6: It waited past the end of its trading day"));
  EXPECT_EQ(gate.queued(), 0U);
  EXPECT_FALSE(gate.is_day_used_up());
  submit("NEXT");
  EXPECT_EQ(gateway.left.back(), "NEXT") << "the next day has orders of its own";
}

TEST_F(GateTest, AnOrderThatIsHeldUpOverMidnightIsNotSent) {
  gateway.lets_go = false;
  scheduler.advance(std::chrono::hours(14) + minutes(29) + seconds(59));  // 23:59:59 in India
  gate.submit(permitted("A"), model::Purpose::exit);
  scheduler.advance(milliseconds(1500));
  gateway.let_go();
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told,
              ElementsAre("forwarded A", "withdrawn A: It waited past the end of its trading day"));
}

TEST_F(NarrowGate, WhatWasSentBeforeARestartCounts) {
  const auto now = scheduler.now();
  gate.restore_rate({now - seconds(2), now - std::chrono::hours(1), now - std::chrono::hours(2),
                     now - std::chrono::hours(3)});
  EXPECT_TRUE(gate.reserve());
  EXPECT_FALSE(gate.reserve());
  scheduler.advance(seconds(5));
  EXPECT_FALSE(gate.reserve()) << "five a day: four before, one now";
}

TEST_F(GateTest, TooManyFromTheBrokerHoldsTheWholeAccount) {
  gateway.lets_go = false;
  submit("A");
  gateway.let_go(too_many());
  gateway.lets_go = true;
  EXPECT_THAT(observer.told, ElementsAre("forwarded A", "answered A"));
  submit("B");
  EXPECT_FALSE(gate.reserve());
  scheduler.advance(milliseconds(9999));
  EXPECT_THAT(gateway.left, ElementsAre("A"));
  scheduler.advance(milliseconds(1));
  EXPECT_THAT(gateway.left, ElementsAre("A", "B"));
}

// ---- what comes after the end

TEST(GateEnd, AnswersThatComeAfterTheGateIsGoneAreIgnored) {
  agent::ManualScheduler scheduler{monday_morning()};
  HeldGateway gateway;
  TestJournal journal;
  TestObserver observer;
  gateway.lets_go = false;
  {
    Gate gate(scheduler, gateway, journal, observer, {});
    gate.open(1);
    model::Attempt attempt;
    attempt.tag = "A";
    attempt.lease_epoch = 1;
    attempt.created_at = scheduler.now();
    attempt.trading_date = base::trading_date(scheduler.now());
    gate.submit(attempt, model::Purpose::exit);
    journal.writes = false;
    attempt.tag = "B";
    gate.submit(attempt, model::Purpose::exit);
    while (gate.reserve()) {
    }
    attempt.tag = "C";
    gate.submit(attempt, model::Purpose::exit);
  }
  gateway.let_go();
  journal.flush(true);
  scheduler.advance(minutes(1));
  EXPECT_THAT(gateway.left, IsEmpty());
  EXPECT_THAT(observer.told, ElementsAre("forwarded A"));
}

}  // namespace
}  // namespace hmt::gate
