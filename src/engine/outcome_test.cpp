#include <gmock/gmock.h>

#include "engine/test_desk.h"

// What the answers to a placement mean (contract 6, row by row).
namespace hmt::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

// ---- taken

TEST(Placed, TheRowSaysTriggeredAndTheBrokersWordAndNothingOfAFill) {  // H-d
  TestDesk desk;
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, accepted("151220000000000"));
  const auto row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::triggered);
  EXPECT_EQ(row.order_id, "151220000000000");
  EXPECT_EQ(row.order_status, "PUT ORDER REQ RECEIVED");
  EXPECT_EQ(row.filled_quantity, 0);
  EXPECT_EQ(row.average_price, std::nullopt);
  EXPECT_EQ(row.leg_1.state, LegState::fired);
  EXPECT_EQ(desk.attempt().state, AttemptState::placed);
  EXPECT_EQ(desk.attempt().order_id, "151220000000000");
  EXPECT_THAT(desk.alarms(), IsEmpty());
  EXPECT_EQ(desk.engine.counts().orders_placed, 1);
}

TEST(Placed, TheAnswerIsInTheTrailWithWhatItWasTakenFor) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_funds());
  const auto trail = desk.trail();
  const auto answered = std::ranges::find(trail, "broker_answered", &model::AuditEntry::event);
  ASSERT_NE(answered, trail.end());
  EXPECT_THAT(answered->detail,
              testing::IsSupersetOf(model::Detail{{"verdict", "refused"},
                                                  {"http_status", "400"},
                                                  {"error_type", "MarginException"},
                                                  {"message", "Insufficient funds"}}));
}

// ---- refused for good

TEST(Refused, ThereIsNoRetryAndTheRowHoldsTheBrokersWords) {
  TestDesk desk;
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, no_funds());
  desk.pass(minutes(30));
  const auto row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::failed);
  EXPECT_EQ(row.leg_1.state, LegState::failed);
  EXPECT_EQ(row.error_message, "Insufficient funds");
  EXPECT_EQ(desk.attempt().state, AttemptState::refused);
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_THAT(desk.alarms(), ElementsAre("order_refused"));
  EXPECT_EQ(desk.engine.counts().orders_failed, 1);
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST(Refused, ATwoLegsOtherLegStaysArmedAndFires) {  // H-e
  TestDesk desk;
  desk.create(stop_and_target());
  desk.answer(desk.fire("1500"), no_funds());
  auto row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::active);
  EXPECT_EQ(row.leg_1.state, LegState::failed);
  EXPECT_EQ(row.leg_2->state, LegState::armed);
  EXPECT_EQ(row.error_message, "Insufficient funds");
  EXPECT_TRUE(desk.is_armed());
  EXPECT_THAT(desk.alarms(), ElementsAre("order_refused"));

  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U) << "the refused leg fires no more";
  const auto target = desk.fire("1600");
  EXPECT_EQ(desk.sent.back().leg, model::LegNumber::two);
  EXPECT_EQ(desk.sent.back().fire_no, 2);
  desk.answer(target, accepted("2"));
  row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::triggered);
  EXPECT_EQ(row.leg_1.state, LegState::failed);
  EXPECT_EQ(row.leg_2->state, LegState::fired);
  EXPECT_EQ(row.order_id, "2");
  EXPECT_EQ(row.error_message, "");
}

TEST(Refused, WhenBothLegsAreRefusedTheTriggerHasFailed) {
  TestDesk desk;
  desk.create(stop_and_target());
  desk.answer(desk.fire("1600"), no_funds());
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  desk.answer(desk.fire("1500"), no_funds());
  EXPECT_EQ(desk.row().status, TriggerStatus::failed);
  EXPECT_FALSE(desk.is_armed());
}

// ---- known not placed

TEST(NotPlaced, IsSentAgainWithBackoffAndATagOfItsOwnAtMostSoOften) {
  TestDesk desk;
  desk.create(stop_loss());
  std::vector<model::OrderTag> tags{desk.fire()};
  desk.answer(tags.back(), no_connection());
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
  EXPECT_EQ(desk.row().error_message, "connection refused");
  desk.pass(milliseconds(999));
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.pass(milliseconds(1));
  ASSERT_EQ(desk.sent.size(), 2U);
  tags.push_back(desk.sent.back().tag);
  desk.answer(tags.back(), too_many());
  desk.pass(milliseconds(1999));
  EXPECT_EQ(desk.sent.size(), 2U);
  desk.pass(milliseconds(1));
  ASSERT_EQ(desk.sent.size(), 3U);
  tags.push_back(desk.sent.back().tag);
  desk.answer(tags.back(), no_connection());
  desk.pass(minutes(30));
  EXPECT_EQ(desk.sent.size(), 3U) << "max_retries is 2";

  EXPECT_EQ(desk.row().status, TriggerStatus::failed);
  EXPECT_THAT(desk.alarms(), ElementsAre("order_given_up"));
  std::ranges::sort(tags);
  EXPECT_EQ(std::ranges::unique(tags).size(), 0U);
  for (const auto& attempt : desk.attempts()) {
    EXPECT_EQ(attempt.state, AttemptState::not_placed);
    EXPECT_EQ(attempt.fire_no, 1);
    EXPECT_EQ(attempt.request.tag, attempt.tag);
  }
}

TEST(NotPlaced, ARetryThatIsTakenIsATriggeredTriggerWithoutAnError) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  desk.pass(seconds(1));
  ASSERT_EQ(desk.sent.size(), 2U);
  desk.answer(desk.sent.back().tag, accepted("2"));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
  EXPECT_EQ(desk.row().error_message, "");
  EXPECT_THAT(desk.alarms(), IsEmpty());
}

TEST(NotPlaced, WithoutRetriesItFailsAtOnce) {
  auto settings = test_settings();
  settings.max_retries = 0;
  TestDesk desk(settings);
  desk.create(stop_loss());
  desk.answer(desk.fire(), no_connection());
  EXPECT_EQ(desk.row().status, TriggerStatus::failed);
}

TEST(NotPlaced, ATwoLegThatIsGivenUpKeepsItsOtherLeg) {
  auto settings = test_settings();
  settings.max_retries = 0;
  TestDesk desk(settings);
  desk.create(stop_and_target());
  desk.answer(desk.fire("1500"), no_connection());
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  EXPECT_EQ(desk.row().leg_1.state, LegState::failed);
  desk.fire("1600");
}

// ---- blocked account

TEST(Blocked, TheTriggerIsArmedAgainAndNothingFiresUntilAPersonActed) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.answer(desk.fire(), error_answer(403, "TokenException", "Incorrect access_token"));
  ASSERT_NE(desk.first<AccountBlocked>(), nullptr);
  EXPECT_EQ(desk.first<AccountBlocked>()->why, "Incorrect access_token");
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  EXPECT_EQ(desk.row().triggered_at, std::nullopt);
  EXPECT_EQ(desk.row().error_message, "Incorrect access_token");
  EXPECT_TRUE(desk.is_armed());
  EXPECT_FALSE(desk.engine.is_evaluating());
  EXPECT_THAT(desk.alarms(), ElementsAre("account_blocked"));
  desk.tick("1490");
  desk.pass(minutes(5));
  EXPECT_EQ(desk.sent.size(), 1U);

  desk.step(Evaluation{true});
  const auto again = desk.fire("1490");
  EXPECT_EQ(desk.sent.back().fire_no, 2);
  desk.answer(again, accepted("2"));
  EXPECT_EQ(desk.row().status, TriggerStatus::triggered);
}

// ---- withdrawn by the gate

TEST(Withdrawn, WhatProvablyWasNotSentIsArmedAgain) {
  TestDesk desk;
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.gate_is_open = false;
  desk.tick("1500");
  EXPECT_THAT(desk.sent, IsEmpty());
  const auto row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::active);
  EXPECT_EQ(row.triggered_leg, std::nullopt);
  EXPECT_EQ(row.error_message, "The engine is stopped");
  EXPECT_EQ(desk.attempt().state, AttemptState::withdrawn);
  EXPECT_TRUE(desk.is_armed(trigger_id(1)));
  EXPECT_TRUE(desk.is_armed(trigger_id(2))) << "its group is free again";
  EXPECT_EQ(desk.engine.next_wake(), std::nullopt);

  desk.gate_is_open = true;
  desk.cancel(trigger_id(2));
  desk.tick("1500");
  ASSERT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.sent.back().fire_no, 2) << "a tag is used once";
}

TEST(Withdrawn, AfterTheAnswerItMeansNothing) {
  TestDesk desk;
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, accepted("1"));
  desk.step(AttemptWithdrawn{tag, 1, "late"});
  EXPECT_THAT(desk.last, IsEmpty());
}

// ---- unknown

struct Unclear {
  const char* name;
  model::PlaceAnswer answer;
};

class UnclearAnswer : public testing::TestWithParam<Unclear> {};

TEST_P(UnclearAnswer, IsNeverSentAgainOnItsOwn) {  // H-b
  TestDesk desk;
  desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.answer(tag, GetParam().answer);
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
  EXPECT_EQ(desk.row().order_status, "UNKNOWN");
  EXPECT_THAT(desk.alarms(), ElementsAre("order_unknown"));
  EXPECT_EQ(desk.attempt().state, AttemptState::unknown);
  EXPECT_EQ(desk.engine.counts().unknown, 1);
  desk.pass(std::chrono::hours(2));  // and no reading of the book comes
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.row().status, TriggerStatus::firing);
}

INSTANTIATE_TEST_SUITE_P(
    Every, UnclearAnswer,
    testing::Values(Unclear{"time_out_or_reset", no_answer()},
                    Unclear{"five_hundred", error_answer(502, "", "Bad gateway")},
                    Unclear{"the_400_that_timed_out",
                            error_answer(400, "OrderException",
                                         "Order request timed out. Please check the "
                                         "order book and confirm before placing again.")},
                    Unclear{"a_200_without_an_id", accepted("")}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Unknown, ThreeSecondsWithoutAnAnswerTheBookIsRead) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.fire();
  desk.pass(milliseconds(2999));
  EXPECT_EQ(desk.count<ReadBook>(), 0);
  desk.pass(milliseconds(1));
  EXPECT_EQ(desk.count<ReadBook>(), 1);
  desk.pass(seconds(1));
  EXPECT_EQ(desk.count<ReadBook>(), 1) << "each second while it is not resolved";
}

TEST(Unknown, ItsGroupStaysHeld) {
  TestDesk desk;
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.tick("1500");
  desk.answer(desk.sent.back().tag, no_answer());
  EXPECT_FALSE(desk.is_armed(trigger_id(2)));
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
}

}  // namespace
}  // namespace hmt::engine
