#include <gmock/gmock.h>

#include "engine/test_desk.h"

// Unknown outcomes: looked up by tag, shown absent, parked or sent again; and orders that turn up
// where nobody expected one.
namespace hmt::engine {
namespace {

using testing::ElementsAre;

struct UnknownOutcome : testing::Test {
  void begin(model::OnUnknown choice) {
    auto row = stop_loss();
    row.on_unknown = choice;
    desk.create(row);
    tag = desk.fire();
    desk.answer(tag, no_answer());
  }
  void show_absent() {
    desk.book_is_readable = true;
    desk.pass(seconds(200));
    desk.book_is_readable = false;
  }
  TestDesk desk;
  model::OrderTag tag;
};

TEST_F(UnknownOutcome, AnOrderFoundInTheBookIsTheOrder) {
  begin(model::OnUnknown::park);
  desk.pass(seconds(83));
  desk.book({desk.order(tag, "OPEN")});
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().order_id, desk.order(tag, "").order_id);
  EXPECT_EQ(desk.row().order_status, "OPEN");
  EXPECT_EQ(desk.row().error_message, "");
  EXPECT_EQ(desk.attempt().state, AttemptState::placed);
  EXPECT_THAT(desk.alarms(), ElementsAre("order_unknown"));
  desk.book_is_readable = true;
  desk.pass(minutes(10));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered) << "once found it is not searched for";
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(UnknownOutcome, AnOrderUpdateFindsItToo) {
  begin(model::OnUnknown::park);
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().filled_quantity, 10);
}

TEST_F(UnknownOutcome, AbsenceIsNotShownBefore180SecondsHaveGone) {
  begin(model::OnUnknown::park);
  desk.book_is_readable = true;
  desk.pass(seconds(180));
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
  EXPECT_EQ(desk.row().order_status, "UNKNOWN");
  desk.pass(seconds(31));
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
}

TEST_F(UnknownOutcome, AReadingThatBeginsInTheFutureProvesNothing) {
  begin(model::OnUnknown::park);
  for (int i = 1; i < 9; ++i) desk.step(BookRead{desk.now + minutes(i), {}});
  EXPECT_EQ(desk.row().status, TriggerStatus::firing) << "the clock was set back since";
}

TEST_F(UnknownOutcome, TwoReadingsAreNotEnough) {
  begin(model::OnUnknown::park);
  desk.pass(seconds(170));
  desk.book();
  desk.pass(seconds(40));
  desk.book();
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
  desk.pass(seconds(30));
  desk.book();
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
}

TEST_F(UnknownOutcome, ReadingsThatFollowEachOtherCloselyAreOneReading) {
  begin(model::OnUnknown::park);
  desk.pass(seconds(181));
  for (int i = 0; i < 10; ++i) desk.book();
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
}

TEST_F(UnknownOutcome, ABookThatCannotBeReadProvesNothing) {
  begin(model::OnUnknown::park);
  desk.pass(std::chrono::hours(1));
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
}

TEST_F(UnknownOutcome, ShownAbsentItIsParkedWithAnAlarm) {
  begin(model::OnUnknown::park);
  show_absent();
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_EQ(desk.row().order_status, "UNKNOWN");
  EXPECT_THAT(desk.row().error_message, testing::HasSubstr("check before trading on"));
  EXPECT_EQ(desk.attempt().state, AttemptState::absent);
  EXPECT_THAT(desk.alarms(), ElementsAre("order_unknown", "order_absent"));
  desk.pass(std::chrono::hours(2));
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U) << "nothing is sent again";
}

TEST_F(UnknownOutcome, WhereTheOwnerChoseSoItIsSentAgainUnderANewTag) {
  begin(model::OnUnknown::retry);
  show_absent();
  ASSERT_EQ(desk.sent.size(), 2U);
  EXPECT_NE(desk.sent.back().tag, tag);
  EXPECT_EQ(desk.sent.back().attempt_no, 1);
  EXPECT_EQ(desk.sent.back().fire_no, 1);
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
  EXPECT_EQ(desk.attempts().front().state, AttemptState::absent);
  desk.answer(desk.sent.back().tag, accepted("2"));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().error_message, "");
}

TEST_F(UnknownOutcome, EvenThenNotMoreOftenThanRetriesAreAllowed) {
  begin(model::OnUnknown::retry);
  for (int i = 0; i < 5; ++i) {
    show_absent();
    desk.answer(desk.sent.back().tag, no_answer());
  }
  EXPECT_EQ(desk.sent.size(), 3U);
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
}

TEST_F(UnknownOutcome, ReadingsOfTheNextDaysBookProveNothing) {
  desk.now += std::chrono::hours(14) + minutes(28);  // 23:58 in India
  begin(model::OnUnknown::retry);
  desk.book_is_readable = true;
  desk.pass(seconds(400));
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_EQ(desk.alarms().back(), "parked");
}

TEST_F(UnknownOutcome, AParkedOrderIsNotSearchedForEachSecond) {
  begin(model::OnUnknown::park);
  show_absent();
  desk.pass(seconds(60));
  int readings = 0;
  for (int i = 0; i < 600; ++i) {
    desk.pass(seconds(1));
    readings += static_cast<int>(desk.count<ReadBook>());
    desk.last.clear();
  }
  EXPECT_LE(readings, 11);
}

// ---- late matches: the tag overrides what was believed

struct LateMatch : testing::Test {
  void expect_found(const model::OrderTag& tag) {
    EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
    EXPECT_EQ(desk.row().order_id, desk.order(tag, "").order_id);
    EXPECT_THAT(desk.row().error_message, testing::HasSubstr("check the position"));
    EXPECT_EQ(desk.row().leg_1.state, LegState::fired);
    EXPECT_EQ(desk.alarms().back(), "order_appeared_late");
    EXPECT_FALSE(desk.is_armed());
  }
  TestDesk desk;
};

TEST_F(LateMatch, AfterAbsence) {
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, no_answer());
  desk.book_is_readable = true;
  desk.pass(seconds(300));
  ASSERT_EQ(desk.row().status, TriggerStatus::needs_attention);
  desk.news(desk.order(tag, "OPEN"));
  expect_found(tag);
}

TEST_F(LateMatch, AfterARefusal) {
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, no_funds());
  desk.news(desk.order(tag, "OPEN"));
  expect_found(tag);
}

TEST_F(LateMatch, AfterARefusalTheOtherLegGoes) {
  desk.create(stop_and_target());
  const auto tag = desk.fire("1500");
  desk.answer(tag, no_funds());
  ASSERT_TRUE(desk.is_armed());
  desk.book({desk.order(tag, "OPEN")});
  expect_found(tag);
  EXPECT_EQ(desk.row().leg_2->state, LegState::dropped);
}

TEST_F(LateMatch, AfterAWithdrawal) {
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.step(AttemptWithdrawn{tag, 1, "held up for too long"});
  ASSERT_TRUE(desk.is_armed());
  desk.news(desk.order(tag, "OPEN"));
  expect_found(tag);
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(LateMatch, WhileARetryWaitsThereIsNoRetry) {
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, no_connection());
  desk.news(desk.order(tag, "OPEN"));
  expect_found(tag);
  desk.pass(minutes(1));
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST_F(LateMatch, OfAnEarlierAttemptStopsTheRetriesOfTheLater) {
  desk.create(stop_loss());
  const auto first = desk.fire();
  desk.answer(first, no_connection());
  desk.pass(seconds(1));
  ASSERT_EQ(desk.sent.size(), 2U);
  desk.answer(desk.sent.back().tag, no_connection());
  desk.news(desk.order(first, "OPEN"));
  expect_found(first);
  desk.pass(minutes(1));
  EXPECT_EQ(desk.sent.size(), 2U);
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
}

TEST_F(LateMatch, TheRowThatWasEditedSinceKeepsItsEdit) {
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.step(AttemptWithdrawn{tag, 1, "held up"});
  auto edited = desk.row();
  edited.leg_1.trigger_price = rupees("1400");
  desk.edit(edited);
  desk.news(desk.order(tag, "OPEN"));
  expect_found(tag);
  EXPECT_EQ(desk.row().leg_1.trigger_price, rupees("1400"));
}

// ---- two orders of one trigger

struct TwoOrders : testing::Test {
  // Two attempts of one fire: the first was shown absent, the second is on its way.
  void SetUp() override {
    auto row = stop_loss();
    row.on_unknown = model::OnUnknown::retry;
    desk.create(row);
    first = desk.fire();
    desk.answer(first, no_answer());
    desk.book_is_readable = true;
    desk.pass(seconds(200));
    desk.book_is_readable = false;
    ASSERT_EQ(desk.sent.size(), 2U);
    second = desk.sent.back().tag;
  }
  void expect_attention() {
    EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
    EXPECT_THAT(desk.row().error_message, testing::HasSubstr("Two orders"));
    EXPECT_FALSE(desk.is_armed());
  }
  TestDesk desk;
  model::OrderTag first;
  model::OrderTag second;
};

TEST_F(TwoOrders, TheSecondTakenThenTheFirstFound) {
  desk.answer(second, accepted("2"));
  desk.book({desk.order(first, "OPEN")});
  expect_attention();
  EXPECT_EQ(desk.alarms().back(), "order_appeared_late");
}

TEST_F(TwoOrders, TheFirstFoundThenTheSecondTaken) {
  desk.book({desk.order(first, "OPEN")});
  expect_attention();
  const auto alarms = desk.alarms().size();
  desk.answer(second, accepted("2"));
  expect_attention();
  EXPECT_EQ(desk.alarms().size(), alarms + 1) << "now it is certain";
}

TEST_F(TwoOrders, FillsOfEitherDoNotHideTheAlarm) {
  desk.answer(second, accepted(desk.order(second, "").order_id));
  desk.book({desk.order(first, "OPEN")});
  desk.news(desk.filled(second, 10, "COMPLETE"));
  expect_attention();
  desk.news(desk.filled(first, 10, "COMPLETE"));
  expect_attention();
}

TEST_F(TwoOrders, TheFirstFoundAndTheSecondRefusedLeavesTheFirst) {
  desk.book({desk.order(first, "OPEN")});
  desk.answer(second, no_funds());
  EXPECT_EQ(desk.row().order_id, desk.order(first, "").order_id);
  EXPECT_NE(desk.row().status, TriggerStatus::failed);
  EXPECT_NE(desk.row().status, TriggerStatus::active);
  EXPECT_FALSE(desk.is_armed());
  EXPECT_EQ(desk.attempts().back().state, AttemptState::refused);
}

TEST_F(TwoOrders, TheFirstFoundAndTheSecondNotPlacedEndsTheRetries) {
  desk.book({desk.order(first, "OPEN")});
  desk.answer(second, no_connection());
  desk.pass(minutes(5));
  EXPECT_EQ(desk.sent.size(), 2U);
  EXPECT_FALSE(desk.is_armed());
}

TEST_F(TwoOrders, TheFirstFoundAndTheSecondWithdrawnArmsNothing) {
  desk.book({desk.order(first, "OPEN")});
  desk.step(AttemptWithdrawn{second, 1, "The engine is stopped"});
  EXPECT_FALSE(desk.is_armed());
  EXPECT_NE(desk.row().status, TriggerStatus::active);
}

TEST_F(TwoOrders, TheFirstFoundAndTheSecondBlockedArmsNothing) {
  desk.book({desk.order(first, "OPEN")});
  desk.answer(second, error_answer(403, "TokenException", "Incorrect access_token"));
  EXPECT_FALSE(desk.is_armed());
  EXPECT_EQ(desk.count<AccountBlocked>(), 1);
}

TEST_F(TwoOrders, TheFirstFoundAndTheSecondUnknownIsNotSentAThirdTime) {
  desk.book({desk.order(first, "OPEN")});
  desk.answer(second, no_answer());
  desk.book_is_readable = true;
  desk.pass(seconds(300));
  EXPECT_EQ(desk.sent.size(), 2U);
  expect_attention();
}

TEST_F(TwoOrders, AFirstThatWasRejectedIsNoOrder) {
  desk.answer(second, accepted("2"));
  desk.book({desk.order(first, "REJECTED", "Margin exceeds")});
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().order_id, "2");
}

TEST(TwoFires, AnOrderThatWasWithdrawnAndOneThatFollowedAreTwo) {
  TestDesk desk;
  desk.create(stop_loss());
  const auto first = desk.fire();
  desk.step(AttemptWithdrawn{first, 1, "held up"});
  const auto second = desk.fire();
  desk.answer(second, accepted("2"));
  desk.book({desk.order(first, "OPEN")});
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_THAT(desk.row().error_message, testing::HasSubstr("Two orders"));
}

// ---- the book is read

TEST(BookReading, IsAskedForMoreOftenTheLessIsKnown) {
  TestDesk desk;
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, no_answer());
  EXPECT_EQ(desk.engine.next_wake(), desk.now);
  desk.pass(seconds(0));
  EXPECT_EQ(desk.engine.next_wake(), desk.now + seconds(1));
  desk.news(desk.order(tag, "OPEN"));
  desk.pass(seconds(1));
  EXPECT_EQ(desk.engine.next_wake(), desk.now + seconds(5));
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  desk.pass(seconds(5));
  EXPECT_EQ(desk.engine.next_wake(), desk.now + seconds(60));
}

TEST(BookReading, FlightsAreForgottenOnTheNextDayAndTheirNewsWithThem) {
  TestDesk desk;
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, accepted(desk.order(tag, "").order_id));
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  desk.pass(std::chrono::hours(20));
  EXPECT_EQ(desk.engine.flight(tag), nullptr);
}

// ---- a night falls

struct DayOrder : testing::Test {
  // A stop-loss that rests at the exchange.
  void SetUp() override {
    desk.create(stop_and_target());
    tag = desk.fire("1500");
    desk.answer(tag, accepted(desk.order(tag, "").order_id));
    desk.news(desk.order(tag, "OPEN"));
    desk.at_broker = {desk.order(tag, "OPEN")};
    desk.book_is_readable = true;
    desk.pass(std::chrono::hours(14));
  }
  TestDesk desk;
  model::OrderTag tag;
};

TEST_F(DayOrder, WhoseEndWasNotSeenIsUnknownOnTheNextDayAndSaidOnce) {
  EXPECT_THAT(desk.alarms(), ElementsAre()) << "its day is not over";
  desk.at_broker.clear();
  desk.pass(std::chrono::hours(6));
  ASSERT_THAT(desk.alarms(), ElementsAre("order_end_not_seen"));
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_EQ(desk.row().order_status, "UNKNOWN");
  EXPECT_THAT(desk.row().error_message, testing::HasSubstr("its end was not seen"));
  EXPECT_EQ(desk.row().leg_2->state, LegState::dropped);
  EXPECT_EQ(desk.attempt().order_status, "UNKNOWN");
  EXPECT_EQ(desk.attempt().state, AttemptState::placed) << "that the broker had it is known";
  const auto alarm = desk.trail(Severity::alarm).back();
  EXPECT_THAT(alarm.detail, testing::Contains(testing::Pair("order_status", "OPEN")));
  desk.pass(std::chrono::hours(48));
  EXPECT_THAT(desk.alarms(), ElementsAre("order_end_not_seen"));
  EXPECT_EQ(desk.engine.flight(tag), nullptr);
}

TEST_F(DayOrder, ThatTheBookOfTheNextDayStillTellsOfIsFollowedOn) {
  desk.pass(std::chrono::hours(6));
  EXPECT_EQ(desk.row().order_status, "OPEN");
  desk.at_broker = {desk.filled(tag, 0, "CANCELLED")};
  desk.pass(seconds(5));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().order_status, "CANCELLED");
  EXPECT_THAT(desk.alarms(), ElementsAre("order_cancelled"));
}

TEST_F(DayOrder, ThatIsHeardOfAfterAllTellsItsEnd) {
  desk.now += std::chrono::hours(6);
  desk.book({});
  ASSERT_EQ(desk.row().order_status, "UNKNOWN");
  desk.news(desk.filled(tag, 10, "COMPLETE"));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().order_status, "COMPLETE");
  EXPECT_EQ(desk.row().error_message, "");
}

TEST_F(DayOrder, WhoseRejectionNoBookConfirmedIsUnknownOnTheNextDay) {
  desk.create(stop_and_target(2));
  const auto second = desk.fire("1500");
  desk.book_is_readable = false;
  desk.news(desk.order(second, "REJECTED", "Margin exceeds"));
  ASSERT_EQ(desk.row(trigger_id(2)).leg_2->state, LegState::armed) << "the book has to agree";
  desk.at_broker.clear();
  desk.book_is_readable = true;
  desk.now += std::chrono::hours(6);
  desk.pass(minutes(2));
  EXPECT_EQ(desk.row(trigger_id(2)).status, TriggerStatus::needs_attention);
  EXPECT_EQ(desk.row(trigger_id(2)).order_status, "UNKNOWN");
  EXPECT_EQ(desk.engine.flight(second), nullptr);
}

TEST(FireThatWaits, PastTheEndOfItsDayIsArmedAgainWithAnAlarm) {
  TestDesk desk;
  desk.create(stop_loss(2));
  const auto filled = desk.fire("1500");
  desk.news(desk.filled(filled, 10, "COMPLETE"));  // so that the book is read each minute
  desk.at_broker = {desk.filled(filled, 10, "COMPLETE")};
  desk.book_is_readable = true;
  desk.create(stop_and_target());
  desk.permits = false;
  desk.gate_keeps = true;
  desk.tick("1500");
  const auto tag = desk.attempt().tag;
  desk.pass(std::chrono::hours(20));
  ASSERT_EQ(desk.row().status, TriggerStatus::firing);
  desk.step(AttemptWithdrawn{tag, 1, "It waited past the end of its trading day"});
  EXPECT_EQ(desk.attempt().state, AttemptState::withdrawn);
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  EXPECT_EQ(desk.row().error_message, "It waited past the end of its trading day");
  EXPECT_TRUE(desk.is_armed());
  EXPECT_THAT(desk.alarms(), ElementsAre("not_sent"));
  desk.permits = true;
  desk.gate_keeps = false;
  desk.fire("1600");
  EXPECT_EQ(desk.sent.back().fire_no, 2);
}

}  // namespace
}  // namespace hmt::engine
