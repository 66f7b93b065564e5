#include <gmock/gmock.h>

#include "engine/test_desk.h"

// The order's own life after the broker has registered it.
namespace hmt::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct News : testing::Test {
  // A two-leg trigger whose stop-loss stands at the broker.
  void SetUp() override {
    desk.create(stop_and_target());
    tag = desk.fire("1500");
    desk.answer(tag, accepted(desk.order(tag, "").order_id));
  }
  TestDesk desk;
  model::OrderTag tag;
};

TEST_F(News, EachStatusIsShownInTheBrokersOwnWords) {
  for (const auto* status : {"VALIDATION PENDING", "OPEN PENDING", "OPEN"}) {
    desk.news(desk.order(tag, status));
    EXPECT_EQ(desk.row().order_status, status);
    EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  }
}

TEST(EarlyNews, AnOrderOfWhichTheStreamTellsBeforeTheAnswerIsFollowedByTheBook) {
  TestDesk desk;
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.news(desk.order(tag, "OPEN"));
  desk.answer(tag, accepted(desk.order(tag, "").order_id));
  desk.pass(std::chrono::seconds(5));
  EXPECT_EQ(desk.count<ReadBook>(), 1) << "the update that it is filled may be lost";
}

TEST_F(News, OtherLegsAreDroppedOnceTheOrderStandsAtTheExchange) {
  desk.news(desk.order(tag, "VALIDATION PENDING"));
  EXPECT_EQ(desk.row().leg_2->state, LegState::armed);
  desk.news(desk.order(tag, "OPEN"));
  EXPECT_EQ(desk.row().leg_2->state, LegState::dropped);
}

TEST_F(News, PartialFillsAddUpToACompleteOne) {
  desk.news(desk.filled(tag, 4, "OPEN"));
  EXPECT_EQ(desk.row().filled_quantity, 4);
  EXPECT_EQ(desk.row().average_price, rupees("1496.50"));
  EXPECT_EQ(desk.row().leg_2->state, LegState::dropped);
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  EXPECT_EQ(desk.row().filled_quantity, 10);
  EXPECT_EQ(desk.row().order_status, "COMPLETE");
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.trail().back().event, "order_filled");
  EXPECT_EQ(desk.attempt().filled_quantity, 10);
  EXPECT_THAT(desk.alarms(), IsEmpty());
}

TEST_F(News, ToldTwiceItIsWrittenOnce) {
  desk.news(desk.order(tag, "OPEN"));
  desk.news(desk.order(tag, "OPEN"));
  EXPECT_THAT(desk.last, IsEmpty());
}

TEST_F(News, OlderNewsThatComesLateTakesNothingBack) {
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  const auto row = desk.row();
  for (const auto& late :
       {desk.order(tag, "OPEN"), desk.filled(tag, 4, "OPEN"), desk.order(tag, "OPEN PENDING")}) {
    desk.news(late);
    EXPECT_EQ(desk.row(), row);
  }
}

TEST_F(News, ACancelledOrderRaisesAnAlarmWithWhatIsStillOpen) {
  desk.news(desk.filled(tag, 4, "OPEN"));
  desk.news(desk.filled(tag, 4, "CANCELLED"));
  const auto row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::triggered);
  EXPECT_EQ(row.order_status, "CANCELLED");
  EXPECT_EQ(row.filled_quantity, 4);
  EXPECT_EQ(row.error_message, "The order was cancelled");
  EXPECT_EQ(row.leg_2->state, LegState::dropped);
  const auto alarm = desk.trail(Severity::alarm).back();
  EXPECT_EQ(alarm.event, "order_cancelled");
  EXPECT_THAT(alarm.detail, testing::Contains(testing::Pair("not_filled", "6")));
}

TEST_F(News, AStopThatTheExchangeEndsUnfilledSaysThatTheTargetIsNotArmedAnyMore) {
  const auto is_told = testing::Contains(
      testing::Pair("not_protected",
                    "The target (leg 2) is not armed any more: this trigger does not protect the "
                    "position"));
  desk.news(desk.order(tag, "CANCELLED", "out of the execution range"));
  EXPECT_THAT(desk.trail(Severity::alarm).back().detail, is_told);
  EXPECT_EQ(desk.row().error_message, "out of the execution range");

  desk.create(stop_and_target(2));
  const auto rejected = desk.fire("1500");
  desk.news(desk.order(rejected, "OPEN"));
  desk.news(desk.order(rejected, "REJECTED", "Price band"));
  EXPECT_EQ(desk.alarms().back(), "order_rejected");
  EXPECT_THAT(desk.trail(Severity::alarm).back().detail, is_told);
}

TEST_F(News, ARejectionThatLeavesTheTargetArmedDoesNotSayThatItIsGone) {
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  EXPECT_EQ(desk.row().leg_2->state, LegState::armed);
  EXPECT_THAT(desk.trail(Severity::alarm).back().detail,
              testing::Not(testing::Contains(testing::Key("not_protected"))));
}

TEST(Answered, AnAnswerThatComesAfterTheFillIsOnRecordAllTheSame) {
  TestDesk desk;
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  const auto order = desk.filled(tag, 10, "COMPLETE");
  desk.news(order);
  EXPECT_FALSE(desk.attempt().answered_at);
  desk.answer(tag, accepted(order.order_id));
  EXPECT_TRUE(desk.attempt().answered_at);
  EXPECT_EQ(desk.trail().back().event, "broker_answered");
  EXPECT_EQ(desk.row().order_status, "COMPLETE");
}

TEST_F(News, TheReplyThatComesAfterTheNewsChangesNothing) {
  TestDesk other;
  other.create(stop_loss());
  const auto early = other.fire();
  other.news(other.filled(early, 10, "COMPLETE"));
  EXPECT_EQ(other.row().status, TriggerStatus::triggered);
  EXPECT_EQ(other.row().filled_quantity, 10);
  const auto row = other.row();
  other.answer(early, accepted("ORDER-10"));
  EXPECT_EQ(other.row(), row);
  other.answer(early, no_funds());
  EXPECT_EQ(other.row(), row);
}

TEST_F(News, OfAnOrderThatIsNotOursIsIgnored) {
  for (const auto* foreign : {"", "mine", "T0000000000000000000"}) {
    desk.news(desk.order("T0000000000000000000", "COMPLETE"));
    auto order = desk.order(tag, "COMPLETE");
    order.tag = foreign;
    order.order_id = "THEIRS";
    desk.news(order);
    EXPECT_THAT(desk.last, IsEmpty());
  }
}

// Whether the broker always gives our tag back is nowhere promised.
TEST_F(News, AnOrderWhoseNumberIsKnownIsFollowedWithoutItsTagAndThatIsAnAlarm) {
  auto order = desk.filled(tag, 10, "COMPLETE");
  order.tag = {};
  desk.book({order});
  desk.book({order});
  EXPECT_EQ(desk.row().order_status, "COMPLETE");
  EXPECT_EQ(desk.row().filled_quantity, 10);
  EXPECT_THAT(desk.alarms(), ElementsAre("order_without_our_tag"));
}

// ---- orders that hang

TEST_F(News, AnOrderThatDoesNotReachTheExchangeIsAnAlarmOnce) {
  desk.news(desk.order(tag, "VALIDATION PENDING"));
  desk.pass(seconds(29));
  EXPECT_THAT(desk.alarms(), IsEmpty());
  desk.pass(minutes(5));
  EXPECT_THAT(desk.alarms(), ElementsAre("order_hangs"));
}

TEST_F(News, ALimitOrderMayRestAtTheExchange) {
  desk.news(desk.filled(tag, 4, "OPEN"));
  desk.pass(minutes(5));
  EXPECT_THAT(desk.alarms(), IsEmpty());
}

TEST(MarketOrder, WhatIsNotFilledOfItIsAnAlarm) {
  TestDesk desk;
  auto row = stop_loss();
  row.leg_1.order_price.reset();
  desk.create(row);
  const auto tag = desk.fire();
  desk.answer(tag, accepted("ORDER-" + tag.text().substr(14, 2)));
  desk.news(desk.filled(tag, 4, "OPEN"));
  desk.pass(minutes(1));
  ASSERT_THAT(desk.alarms(), ElementsAre("order_hangs"));
  EXPECT_EQ(desk.trail(Severity::alarm).back().detail.value_of("not_filled"), "6");
}

// ---- rejected after it was taken

TEST_F(News, ARejectionIsShownAtOnceAndBelievedWhenTheBookSaysSo) {
  desk.news(desk.order(tag, "REJECTED", "Margin exceeds"));
  auto row = desk.row();
  EXPECT_EQ(row.order_status, "REJECTED");
  EXPECT_EQ(row.error_message, "Margin exceeds");
  EXPECT_EQ(row.status, TriggerStatus::triggered);
  EXPECT_FALSE(desk.is_armed()) << "not on the stream's word alone";
  EXPECT_THAT(desk.alarms(), ElementsAre("order_rejected"));
  EXPECT_EQ(desk.engine.next_wake(), desk.now) << "the book is wanted at once";

  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::active);
  EXPECT_EQ(row.leg_1.state, LegState::failed);
  EXPECT_EQ(row.leg_2->state, LegState::armed);
  EXPECT_EQ(row.error_message, "Margin exceeds");
  EXPECT_TRUE(desk.is_armed());
  desk.fire("1600");
  EXPECT_EQ(desk.sent.back().leg, model::LegNumber::two);
}

TEST_F(News, ARejectionThatTheBookTellsFirstIsBelieved) {
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  EXPECT_TRUE(desk.is_armed());
}

TEST_F(News, ALateOrderThatIsRejectedArmsNothingOfATriggerThatWasCancelled) {
  TestDesk other;
  other.create(stop_and_target());
  const auto refused = other.fire("1500");
  other.answer(refused, no_funds());
  ASSERT_TRUE(other.is_armed()) << "the target";
  other.cancel(trigger_id(1));
  other.news(other.order(refused, "OPEN PENDING"));
  EXPECT_EQ(other.row().status, TriggerStatus::triggered) << "the order is there, and told";
  other.book({other.order(refused, "REJECTED", "Margin exceeds")});
  EXPECT_NE(other.row().status, TriggerStatus::active);
  other.tick("1600");
  EXPECT_EQ(other.sent.size(), 1U);
}

TEST_F(News, ARejectionThatTheBookKeepsTellingIsHandledOnce) {
  const auto rejected = desk.order(tag, "REJECTED", "Margin exceeds");
  desk.book({rejected});
  const auto row = desk.row();
  desk.book({rejected});
  desk.news(rejected);
  desk.book({rejected});
  EXPECT_EQ(desk.row(), row);
  EXPECT_EQ(desk.engine.counts().orders_failed, 1);
}

TEST_F(News, AStreamThatIsContradictedByTheBookArmsNothing) {
  desk.news(desk.order(tag, "REJECTED", "Margin exceeds"));
  desk.book({desk.filled(tag, 10, "COMPLETE")});
  const auto row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::triggered);
  EXPECT_EQ(row.order_status, "COMPLETE");
  EXPECT_EQ(row.filled_quantity, 10);
  EXPECT_FALSE(desk.is_armed());
}

// The reading had begun before the broker rejected it.
TEST_F(News, ABookThatStillShowsTheOrderAsOpenConfirmsNoRejection) {
  desk.news(desk.order(tag, "REJECTED", "Margin exceeds"));
  desk.book({desk.order(tag, "OPEN")});
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_FALSE(desk.is_armed());
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  EXPECT_TRUE(desk.is_armed());
}

TEST_F(News, ARejectionThatTheBookHasNotConfirmedIsLookedUpEachSecond) {
  desk.news(desk.order(tag, "REJECTED", "Margin exceeds"));
  desk.step(ClockAdvanced{});
  EXPECT_EQ(desk.engine.next_wake(), desk.now + seconds(1));
}

TEST_F(News, AContradictionOfTheBooksOwnIsNotReadOverAndOver) {
  desk.book_is_readable = true;
  desk.at_broker = {desk.filled(tag, 10, "COMPLETE")};
  desk.pass(seconds(10));
  ASSERT_EQ(desk.row().order_status, "COMPLETE");
  desk.at_broker = {desk.order(tag, "REJECTED", "Margin exceeds")};
  int readings = 0;
  for (const auto until = desk.now + minutes(5); readings < 1000; ++readings) {
    const auto due = desk.engine.next_wake();
    if (!due || *due > until) break;
    desk.now = std::max(desk.now, *due);
    desk.step(ClockAdvanced{});
  }
  EXPECT_LT(readings, 10);
}

// A copy of the records sent it too, and its order took the holding.
TEST_F(News, ARejectionArmsNothingOnTopOfASecondOrderOfTheTag) {
  desk.news(desk.order(tag, "REJECTED", "Insufficient holdings"));
  auto second = desk.filled(tag, 10, "COMPLETE");
  second.order_id = "another";
  desk.book({desk.order(tag, "REJECTED", "Insufficient holdings"), second});
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_FALSE(desk.is_armed());
  desk.tick("1600");
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(News, TwoOrdersOfOneTagAreAnAlarmAndNeedAPerson) {
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  auto second = desk.filled(tag, 10, "COMPLETE");
  second.order_id = "another";
  desk.book({desk.filled(tag, 10, "COMPLETE"), second});
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_THAT(desk.row().error_message, testing::HasSubstr("another"));
  EXPECT_EQ(desk.alarms().back(), "second_order");
  const auto told = desk.alarms().size();
  desk.book({desk.filled(tag, 10, "COMPLETE"), second});
  EXPECT_EQ(desk.alarms().size(), told) << "told once";
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
}

TEST_F(News, AContradictionOfTheStreamIsLookedUpAtOnce) {
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  desk.book_is_readable = true;
  desk.at_broker = {desk.filled(tag, 10, "COMPLETE")};
  desk.pass(seconds(10));
  desk.news(desk.order(tag, "REJECTED", "Margin exceeds"));
  EXPECT_EQ(desk.engine.next_wake(), desk.now);
}

TEST_F(News, ASecondWordOnAnEndedOrderDoesNotTouchTheLegThatFiredSince) {
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  const auto target = desk.fire("1600");
  desk.answer(target, accepted("2"));
  const auto row = desk.row();
  // The same order, worded at more length.
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds: available 100.00, required 15000.00")});
  EXPECT_EQ(desk.row(), row);
  EXPECT_FALSE(desk.is_armed());
  EXPECT_EQ(desk.attempts().front().message, "Margin exceeds: available 100.00, required 15000.00");
}

TEST_F(News, ARejectedOrderThatWasFilledAfterAllIsAnAlarm) {
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  const auto target = desk.fire("1600");
  desk.answer(target, accepted("2"));
  desk.book({desk.filled(tag, 10, "COMPLETE")});
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_EQ(desk.alarms().back(), "order_appeared_late");
}

TEST_F(News, ARejectedOrderThatWasFilledAfterAllTakesTheOtherLegOut) {
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  EXPECT_TRUE(desk.is_armed());
  desk.book({desk.filled(tag, 10, "COMPLETE")});
  EXPECT_FALSE(desk.is_armed());
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().leg_1.state, LegState::fired);
  EXPECT_EQ(desk.row().leg_2->state, LegState::dropped);
  EXPECT_EQ(desk.alarms().back(), "order_appeared_late");
}

TEST(RejectedSingle, StaysTriggeredWithTheBrokersWordAndOneAlarmOfEachSource) {
  TestDesk desk;
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, accepted("ORDER-10"));
  const auto rejected = desk.order(tag, "REJECTED", "Margin exceeds");
  for (int i = 0; i < 3; ++i) desk.book({rejected});
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().order_status, "REJECTED");
  EXPECT_EQ(desk.row().error_message, "Margin exceeds");
  EXPECT_THAT(desk.alarms(), ElementsAre("order_rejected"));
  EXPECT_EQ(desk.engine.counts().orders_failed, 1);
  EXPECT_FALSE(desk.is_armed());
}

TEST(RejectedWinner, TheGroupIsFreeAgain) {
  TestDesk desk;
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.tick("1500");
  const auto tag = desk.sent.back().tag;
  desk.answer(tag, accepted("ORDER-10"));
  desk.news(desk.order(tag, "REJECTED", "Margin exceeds"));
  EXPECT_FALSE(desk.is_armed(trigger_id(2)));
  desk.book({desk.order(tag, "REJECTED", "Margin exceeds")});
  EXPECT_EQ(desk.row(trigger_id(1)).status, TriggerStatus::failed);
  EXPECT_TRUE(desk.is_armed(trigger_id(2)));
}

TEST(RejectedWinner, AGroupThatASiblingHasWonSinceIsNotFreedByLateNewsOfTheFirst) {
  TestDesk desk;
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.create(in_group(stop_loss(3)));
  desk.tick("1500");
  const auto first = desk.sent.back().tag;
  desk.answer(first, accepted("ORDER-10"));
  desk.book({desk.order(first, "REJECTED", "Margin")});
  desk.tick("1500");
  ASSERT_EQ(desk.sent.size(), 2U);
  desk.answer(desk.sent.back().tag, no_answer());
  desk.book({desk.order(first, "REJECTED", "Margin exceeds, in more words")});
  EXPECT_FALSE(desk.is_armed(trigger_id(3)));
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 2U);
}

TEST(RejectedWinner, ALateOrderThatIsRejectedDoesNotFreeTheGroupThatASiblingHasWon) {
  TestDesk desk;
  for (std::uint8_t n = 1; n <= 3; ++n) desk.create(in_group(stop_loss(n)));
  desk.tick("1500");
  const auto first = desk.sent.back().tag;
  desk.step(AttemptWithdrawn{first, 1, "held up"});
  desk.cancel(trigger_id(1));
  desk.tick("1500");
  ASSERT_EQ(desk.sent.size(), 2U);
  desk.answer(desk.sent.back().tag, no_answer());
  desk.news(desk.order(first, "OPEN PENDING"));
  desk.book({desk.order(first, "REJECTED", "Margin exceeds")});
  EXPECT_FALSE(desk.is_armed(trigger_id(3)));
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 2U);
}

}  // namespace
}  // namespace hmt::engine
