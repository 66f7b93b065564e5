#include <gmock/gmock.h>

#include "engine/test_desk.h"
#include "oms/tag.h"

// What an earlier engine left behind, and orders that no record tells of.
namespace hmt::engine {
namespace {

using testing::IsEmpty;

// A second engine on the first one's records, begun as start-up does.
void take_over(TestDesk& desk) {
  auto settings = test_settings();
  settings.lease_epoch = desk.writer->take_lease("successor", desk.now).value();
  const auto left =
      store::whole_recovery(desk.records.reader_of(), base::trading_date(desk.now)).value();
  desk.restart(settings);
  for (const auto& won : left.winners) desk.step(GroupWon{won.group, won.winner});
  for (const auto& row : left.triggers) desk.step(TriggerChanged{row});
  for (const auto& attempt : left.attempts) {
    const auto row = std::ranges::find(left.triggers, attempt.trigger_id, &model::Trigger::id);
    ASSERT_NE(row, left.triggers.end());
    desk.step(AttemptRecovered{attempt, *row});
  }
  desk.step(Evaluation{true});
}

struct Recovery : testing::Test {
  TestDesk desk;
};

TEST_F(Recovery, AnArmedTriggerIsArmedAgain) {
  desk.create(stop_loss());
  take_over(desk);
  desk.fire();
}

TEST_F(Recovery, AClaimOfWhichNoByteLeftIsSentByTheSuccessorOnce) {
  desk.permits = false;
  desk.gate_keeps = true;  // it waits for its turn when the engine ends
  desk.create(stop_loss());
  desk.tick("1500");
  ASSERT_EQ(desk.attempt().state, AttemptState::queued);
  const auto tag = desk.attempt().tag;
  desk.gate_keeps = false;
  take_over(desk);
  ASSERT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.sent.back().tag, tag) << "the same attempt, not a new one";
  EXPECT_EQ(desk.sent.back().lease_epoch, 2);
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.answer(tag, accepted("1"));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
}

// A fire that waits for its turn when the engine ends.
void fire_and_wait(TestDesk& desk, const model::Trigger& trigger) {
  desk.permits = false;
  desk.gate_keeps = true;
  desk.create(trigger);
  desk.tick("1500");
  ASSERT_EQ(desk.attempt().state, AttemptState::queued);
  desk.permits = true;
  desk.gate_keeps = false;
}

// The price is looked at again before anything is sent.
void expect_armed_again(TestDesk& desk, const char* event) {
  desk.pass(seconds(0));
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  EXPECT_FALSE(desk.row().triggered_at);
  EXPECT_EQ(desk.trail().back().event, event);
  EXPECT_NE(desk.trail().back().detail.value_of("why"), "");
  EXPECT_TRUE(desk.is_armed());
  const auto before = desk.sent.size();
  desk.pass(minutes(5));
  desk.tick("1550");
  EXPECT_EQ(desk.sent.size(), before);
  desk.fire("1500");
  EXPECT_EQ(desk.sent.back().fire_no, 2);
}

TEST_F(Recovery, AFireThatWaitedForTooLongIsNotSentButArmedAgain) {
  fire_and_wait(desk, stop_loss());
  desk.now += seconds(61);
  take_over(desk);
  EXPECT_THAT(desk.sent, IsEmpty());
  expect_armed_again(desk, "not_sent");
  EXPECT_EQ(desk.attempts().front().state, AttemptState::withdrawn);
}

TEST_F(Recovery, AFireOfYesterdayThatNeverLeftIsArmedAgain) {
  fire_and_wait(desk, stop_loss());
  desk.now += std::chrono::hours(24);
  take_over(desk);
  EXPECT_THAT(desk.sent, IsEmpty());
  expect_armed_again(desk, "not_sent");
}

TEST_F(Recovery, AFireOfAMinuteAgoIsStillSent) {
  fire_and_wait(desk, stop_loss());
  desk.now += seconds(60);
  take_over(desk);
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(Recovery, ARetryThatIsOutOfDateIsNotMadeButTheTriggerArmedAgain) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  desk.now += seconds(61);
  take_over(desk);
  expect_armed_again(desk, "armed_again");
}

TEST_F(Recovery, ARetryOfYesterdayIsNotMadeButTheTriggerArmedAgain) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  desk.now += std::chrono::hours(24);
  take_over(desk);
  EXPECT_EQ(desk.sent.size(), 1U);
  expect_armed_again(desk, "armed_again");
}

TEST_F(Recovery, AnOutOfDateRetryThatWasMadeArmsNothing) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  desk.pass(seconds(1));
  ASSERT_EQ(desk.sent.size(), 2U);
  desk.now += minutes(10);
  take_over(desk);
  desk.pass(seconds(1));
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
  EXPECT_FALSE(desk.is_armed());
}

TEST_F(Recovery, AFireThatTheBookShowsAfterAllIsNotArmedAgain) {
  fire_and_wait(desk, stop_loss());
  desk.now += minutes(10);
  take_over(desk);
  desk.book({desk.order(desk.attempt().tag, "OPEN")});
  desk.pass(seconds(1));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_FALSE(desk.is_armed());
}

TEST_F(Recovery, AMemberOfAGroupThatIsArmedAgainFreesTheOthers) {
  desk.create(in_group(stop_loss(2)));
  desk.step(Evaluation{false});
  auto other = desk.row(trigger_id(2));
  other.leg_1.trigger_price = rupees("1400");
  desk.edit(other);
  desk.step(Evaluation{true});
  fire_and_wait(desk, in_group(stop_loss(1)));
  desk.now += minutes(10);
  take_over(desk);
  EXPECT_FALSE(desk.is_armed(trigger_id(2)));
  desk.pass(seconds(0));
  EXPECT_TRUE(desk.is_armed(trigger_id(1)));
  EXPECT_TRUE(desk.is_armed(trigger_id(2)));
}

TEST_F(Recovery, WhatMayHaveLeftIsUnknownAndLookedUp) {  // H-a
  desk.create(stop_loss());
  const auto tag = desk.fire();
  take_over(desk);
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
  EXPECT_EQ(desk.row().order_status, "UNKNOWN");
  desk.tick("1400");
  desk.pass(minutes(1));
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.book({desk.order(tag, "OPEN")});
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(Recovery, UnknownStaysUnknownAndItsWindowBeginsAnew) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_answer());
  desk.book_is_readable = true;
  desk.pass(seconds(150));
  take_over(desk);
  desk.pass(seconds(150));
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
  desk.pass(seconds(100));
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
}

TEST_F(Recovery, ARetryThatWasPlannedIsMade) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  take_over(desk);
  desk.pass(seconds(0));
  ASSERT_EQ(desk.sent.size(), 2U);
  EXPECT_EQ(desk.sent.back().attempt_no, 1);
}

TEST_F(Recovery, ARetryThatWasMadeIsNotMadeAgain) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  desk.pass(seconds(1));
  ASSERT_EQ(desk.sent.size(), 2U);
  take_over(desk);
  desk.pass(minutes(2));
  EXPECT_EQ(desk.sent.size(), 2U);
  EXPECT_EQ(desk.row().order_status, "UNKNOWN");
}

TEST_F(Recovery, TheOrderInWhichAttemptsAreToldDoesNotMatter) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  desk.pass(seconds(1));
  desk.answer(desk.sent.back().tag, accepted("2"));
  auto attempts = desk.attempts();
  std::ranges::reverse(attempts);
  const auto row = desk.row();
  desk.restart(test_settings());
  for (const auto& attempt : attempts) desk.step(AttemptRecovered{attempt, row});
  desk.pass(minutes(1));
  EXPECT_EQ(desk.sent.size(), 2U);
}

TEST_F(Recovery, ARetryThatIsOnItsWayIsNotMadeAgainWhicheverAttemptIsToldFirst) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  desk.pass(seconds(1));
  ASSERT_EQ(desk.sent.size(), 2U);
  auto attempts = desk.attempts();
  std::ranges::reverse(attempts);
  const auto row = desk.row();
  ASSERT_EQ(row.status, TriggerStatus::firing);
  desk.restart(test_settings());
  for (const auto& attempt : attempts) desk.step(AttemptRecovered{attempt, row});
  desk.pass(minutes(1));
  EXPECT_EQ(desk.sent.size(), 2U);
}

TEST_F(Recovery, TheOwnersChoiceIsNotForgottenBetweenAbsenceAndItsNewAttempt) {
  auto row = stop_loss();
  row.on_unknown = model::OnUnknown::retry;
  desk.create(row);
  desk.answer(desk.fire(), no_answer());
  desk.pass(seconds(60));
  desk.book();
  desk.pass(seconds(60));
  desk.book();
  desk.pass(seconds(70));
  desk.hold_commits = true;
  desk.book();
  desk.commit_one();  // absence is written, and the engine ends
  ASSERT_EQ(desk.attempt().state, AttemptState::absent);
  desk.hold_commits = false;
  take_over(desk);
  expect_armed_again(desk, "armed_again");  // the looking up has taken minutes
}

TEST_F(Recovery, TheOwnersChoiceIsNotForgottenOvernight) {
  auto row = stop_loss();
  row.on_unknown = model::OnUnknown::retry;
  desk.create(row);
  desk.answer(desk.fire(), no_answer());
  auto attempt = desk.attempt();
  attempt.state = AttemptState::absent;
  model::Record record;
  record.attempt = attempt;
  ASSERT_TRUE(desk.writer->record(1, {&record, 1}));
  desk.now += std::chrono::hours(24);
  take_over(desk);
  expect_armed_again(desk, "armed_again");
}

TEST_F(Recovery, APlacedOrderIsFollowedOn) {
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  desk.answer(tag, accepted("ORDER-10"));
  take_over(desk);
  EXPECT_EQ(desk.engine.next_wake(), desk.now) << "the book tells what was missed";
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  EXPECT_EQ(desk.row().order_status, "COMPLETE");
  EXPECT_EQ(desk.row().leg_2->state, LegState::dropped);
  EXPECT_THAT(desk.alarms(), IsEmpty());
}

TEST_F(Recovery, ARejectionThatTheBookHadNotConfirmedYetIsConfirmedByTheSuccessor) {
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  desk.answer(tag, accepted("ORDER-10"));
  desk.news(desk.order(tag, "REJECTED", "Margin exceeds"));
  take_over(desk);
  EXPECT_FALSE(desk.is_armed());
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  desk.fire("1600");
}

// Found by the simulated world, seeds 33 and 64.
TEST_F(Recovery, ACancelledTriggerIsNotArmedAgainByARejectionOfBefore) {
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  desk.answer(tag, accepted("ORDER-10"));
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  ASSERT_TRUE(desk.is_armed()) << "the target";
  desk.cancel(trigger_id(1));
  take_over(desk);
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  EXPECT_EQ(desk.row().status, TriggerStatus::cancelled);
  desk.tick("1600");
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(Recovery, AGroupWhoseWinnerTheRecordsDoNotNameIsReleasedAllTheSame) {
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  const auto tag = desk.fire("1500");
  const auto fired = desk.row(desk.sent.back().trigger_id);
  desk.restart(test_settings());
  desk.step(Evaluation{true});
  desk.step(AttemptRecovered{desk.attempt(fired.id), fired});
  desk.answer(tag, no_funds());
  EXPECT_EQ(desk.row(fired.id).status, TriggerStatus::failed);
}

TEST_F(Recovery, ARejectionThatWasConfirmedIsNotTakenTwice) {
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  desk.answer(tag, accepted("ORDER-10"));
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  take_over(desk);
  EXPECT_TRUE(desk.is_armed());
  const auto second = desk.fire("1600");
  desk.answer(second, accepted("ORDER-20"));
  const auto row = desk.row();
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds: in more words")});
  EXPECT_EQ(desk.row(), row);
}

TEST_F(Recovery, NewsOfAnEarlierFireDoesNotTouchTheOneThatIsOnItsWay) {
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  desk.answer(tag, accepted("ORDER-10"));
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  const auto second = desk.fire("1600");
  desk.answer(second, accepted("ORDER-20"));
  take_over(desk);
  const auto row = desk.row();
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds: in more words")});
  EXPECT_EQ(desk.row(), row);
}

TEST_F(Recovery, RefusedWithdrawnAndParkedOnesAreLeftAlone) {
  desk.create(stop_loss(1));
  desk.answer(desk.fire(), no_funds());
  desk.create(stop_loss(2));
  desk.step(AttemptWithdrawn{desk.fire(), 1, "held up"});
  const auto before = desk.sent.size();
  take_over(desk);
  desk.pass(minutes(2));
  EXPECT_EQ(desk.sent.size(), before);
  EXPECT_EQ(desk.row(trigger_id(1)).status, TriggerStatus::failed);
  EXPECT_TRUE(desk.is_armed(trigger_id(2)));
}

TEST_F(Recovery, AQueuedAttemptWhoseRowHasMovedOnIsNotSent) {
  desk.permits = false;
  desk.gate_keeps = true;
  desk.create(stop_loss());
  desk.tick("1500");
  auto attempt = desk.attempt();
  auto row = desk.row();
  row.status = TriggerStatus::active;
  desk.gate_keeps = false;
  desk.restart(test_settings());
  desk.step(AttemptRecovered{attempt, row});
  EXPECT_THAT(desk.sent, IsEmpty());
  EXPECT_EQ(desk.attempt().state, AttemptState::withdrawn);
}

TEST_F(Recovery, WhatAnEarlierDayLeftUnresolvedIsParkedForAPerson) {
  desk.create(stop_loss());
  desk.fire();
  desk.now += std::chrono::hours(24);
  take_over(desk);
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_EQ(desk.alarms().back(), "parked");
  const auto alarms = desk.alarms().size();
  take_over(desk);
  EXPECT_EQ(desk.alarms().size(), alarms) << "a person was told once";
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(Recovery, ADayOrderThatRestedOverTheNightIsUnknownAndSaidOnce) {
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  desk.answer(tag, accepted(desk.order(tag, "").order_id));
  desk.news(desk.filled(tag, 4, "OPEN"));
  desk.now += std::chrono::hours(24);
  for (int starts = 0; starts < 3; ++starts) {
    take_over(desk);
    desk.book({});
    EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
    EXPECT_EQ(desk.row().order_status, "UNKNOWN");
    EXPECT_EQ(desk.row().filled_quantity, 4) << "what is known stays";
    EXPECT_EQ(desk.alarms(), std::vector<std::string>{"order_end_not_seen"});
    EXPECT_FALSE(desk.is_armed());
  }
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(Recovery, ADayOrderThatTheBookStillTellsOfAfterTheNightIsFollowedOn) {
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  desk.answer(tag, accepted(desk.order(tag, "").order_id));
  desk.news(desk.order(tag, "OPEN"));
  desk.now += std::chrono::hours(24);
  take_over(desk);
  desk.book({desk.order(tag, "CANCELLED")});
  EXPECT_EQ(desk.row().order_status, "CANCELLED");
  EXPECT_EQ(desk.alarms(), std::vector<std::string>{"order_cancelled"});
}

TEST_F(Recovery, WhatIsParkedOfAnEarlierDayIsNotSearchedForInTodaysBook) {
  desk.create(stop_loss(1));
  desk.fire();
  desk.now += std::chrono::hours(24);
  take_over(desk);
  desk.create(stop_loss(2));
  const auto tag = desk.fire();
  desk.answer(tag, accepted(desk.order(tag, "").order_id));
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  desk.pass(seconds(5));
  int readings = 0;
  for (int i = 0; i < 600; ++i) {
    desk.last.clear();
    desk.pass(seconds(1));
    readings += static_cast<int>(desk.count<ReadBook>());
  }
  EXPECT_LE(readings, 11);
}

TEST_F(Recovery, AGroupThatWasWonStaysHeldAndIsFreedByARefusal) {
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.tick("1500");
  const auto tag = desk.sent.back().tag;
  take_over(desk);
  EXPECT_FALSE(desk.is_armed(trigger_id(2)));
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  EXPECT_TRUE(desk.is_armed(trigger_id(2)));
}

// ---- orphans: an older copy of the records was restored

model::OrderTag tag_of(const TestDesk& desk, int fire_no, int attempt_no = 0) {
  return oms::make_tag(test_settings().tag_key, {"AB1234", base::trading_date(desk.now)},
                       trigger_id(1), fire_no, attempt_no);
}

TEST_F(Recovery, AnOrderOfOursThatNoRecordTellsOfMeansThatItsTriggerHasFired) {
  desk.create(stop_loss());
  const auto tag = tag_of(desk, 1);
  desk.book({desk.order(tag, "OPEN")});
  EXPECT_FALSE(desk.is_armed());
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().order_id, desk.order(tag, "").order_id);
  EXPECT_EQ(desk.attempt().tag, tag);
  EXPECT_EQ(desk.attempt().fire_no, 1);
  EXPECT_EQ(desk.attempt().state, AttemptState::placed);
  desk.tick("1400");
  EXPECT_THAT(desk.sent, IsEmpty());
}

TEST_F(Recovery, AnOrphanHoldsItsGroup) {
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.book({desk.order(tag_of(desk, 1), "OPEN PENDING")});
  EXPECT_FALSE(desk.is_armed(trigger_id(2)));
  desk.book({desk.order(tag_of(desk, 1), "OPEN")});
  EXPECT_EQ(desk.row(trigger_id(2)).status, TriggerStatus::cancelled);
}

TEST_F(Recovery, AfterAnOrphanThatWasRejectedTheNextFireHasATagOfItsOwn) {
  desk.create(stop_and_target());
  desk.book({desk.order(tag_of(desk, 1), "REJECTED", "Margin exceeds")});
  ASSERT_TRUE(desk.is_armed());
  const auto tag = desk.fire("1600");
  EXPECT_EQ(tag, tag_of(desk, 2));
  desk.answer(tag, accepted("2"));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
}

TEST_F(Recovery, AnOrphansFireNumberIsTheNextOneThatItsTagCanMean) {
  auto row = desk.create(stop_loss());
  row.fire_no = 40;
  ++row.version;
  desk.step(TriggerChanged{row});
  desk.book({desk.order(tag_of(desk, 41), "OPEN")});
  EXPECT_EQ(desk.attempt().fire_no, 41);
}

TEST_F(Recovery, AnOrphanWithoutAQuantityHasItsLegs) {
  desk.create(stop_loss());
  auto order = desk.order(tag_of(desk, 1), "OPEN");
  order.quantity = 0;
  desk.news(order);
  EXPECT_EQ(desk.attempt().request.quantity, 10);
}

TEST_F(Recovery, AnOrderOfOursWhoseTriggerNobodyKnowsIsOneAlarm) {
  const auto tag = tag_of(desk, 1);
  for (int i = 0; i < 3; ++i) desk.book({desk.order(tag, "OPEN")});
  ASSERT_THAT(desk.alarms(), testing::ElementsAre("order_without_trigger"));
  const auto alarm = desk.trail(Severity::alarm).front();
  EXPECT_EQ(alarm.tag, tag);
  EXPECT_FALSE(alarm.trigger_id);
  desk.book({desk.order(tag, "OPEN"), desk.order(tag_of(desk, 2), "OPEN")});
  EXPECT_EQ(desk.alarms().size(), 2U) << "each of them once";
}

TEST_F(Recovery, AnUnknownOrderOfATriggerThatHasFiredIsAnAlarm) {
  desk.create(stop_loss());
  desk.answer(desk.fire(), accepted("ORDER-10"));
  desk.book({desk.order(tag_of(desk, 1), "OPEN"), desk.order(tag_of(desk, 2), "OPEN")});
  ASSERT_THAT(desk.alarms(), testing::ElementsAre("order_without_trigger"));
  EXPECT_EQ(desk.trail(Severity::alarm).front().trigger_id, trigger_id(1));
}

TEST_F(Recovery, AnotherDaysTagOrAnotherAccountsIsNotOurs) {
  desk.create(stop_loss());
  const auto yesterday = base::trading_date(desk.now - std::chrono::hours(24));
  const auto key = test_settings().tag_key;
  desk.book(
      {desk.order(oms::make_tag(key, {"AB1234", yesterday}, trigger_id(1), 1, 0), "OPEN"),
       desk.order(oms::make_tag(key, {"ZZ9999", base::trading_date(desk.now)}, trigger_id(1), 1, 0),
                  "OPEN")});
  EXPECT_THAT(desk.last, IsEmpty());
  EXPECT_TRUE(desk.is_armed());
}

}  // namespace
}  // namespace hmt::engine
