#include <gmock/gmock.h>

#include "engine/test_desk.h"
#include "oms/tag.h"

// From a price to a claim (contract 5).
namespace hmt::engine {
namespace {

using model::Direction;
using model::LegNumber;
using model::Side;
using testing::IsEmpty;

// ---- contract 5, cell by cell: below, at and above the level

struct Quadrant {
  const char* name;
  Side side;
  std::optional<Direction> direction;
  bool fires_below;
  bool fires_above;
};

class SingleTrigger : public testing::TestWithParam<Quadrant> {};

TEST_P(SingleTrigger, FiresOnItsSideAndOnEquality) {
  const auto& quadrant = GetParam();
  const auto fires_at = [&](const char* price) {
    TestDesk desk;
    auto row = stop_loss();
    row.side = quadrant.side;
    row.direction = quadrant.direction;
    desk.create(row);
    desk.tick(price);
    return desk.sent.size() == 1;
  };
  EXPECT_EQ(fires_at("1499.95"), quadrant.fires_below);
  EXPECT_TRUE(fires_at("1500"));
  EXPECT_EQ(fires_at("1500.05"), quadrant.fires_above);
}

INSTANTIATE_TEST_SUITE_P(
    Quadrants, SingleTrigger,
    testing::Values(Quadrant{"buy_a_breakout", Side::buy, {}, false, true},
                    Quadrant{"sell_a_stop_loss", Side::sell, {}, true, false},
                    Quadrant{"buy_a_dip", Side::buy, Direction::falling, true, false},
                    Quadrant{"sell_a_target", Side::sell, Direction::rising, false, true},
                    Quadrant{"buy_rising_as_said", Side::buy, Direction::rising, false, true},
                    Quadrant{"sell_falling_as_said", Side::sell, Direction::falling, true, false}),
    [](const auto& info) { return std::string(info.param.name); });

std::optional<LegNumber> leg_fired(Side side, const char* stop, const char* target,
                                   const char* price) {
  TestDesk desk;
  auto row = stop_and_target();
  row.side = side;
  row.leg_1.trigger_price = rupees(stop);
  row.leg_2->trigger_price = rupees(target);
  desk.create(row);
  desk.tick(price);
  if (desk.sent.empty()) return std::nullopt;
  return desk.sent.front().leg;
}

TEST(TwoLegTrigger, ASellFiresItsStopWhenItFallsAndItsTargetWhenItRises) {
  EXPECT_EQ(leg_fired(Side::sell, "1500", "1600", "1500.05"), std::nullopt);
  EXPECT_EQ(leg_fired(Side::sell, "1500", "1600", "1500"), LegNumber::one);
  EXPECT_EQ(leg_fired(Side::sell, "1500", "1600", "1599.95"), std::nullopt);
  EXPECT_EQ(leg_fired(Side::sell, "1500", "1600", "1600"), LegNumber::two);
}

TEST(TwoLegTrigger, ABuyFiresItsStopWhenItRisesAndItsTargetWhenItFalls) {
  EXPECT_EQ(leg_fired(Side::buy, "1600", "1500", "1599.95"), std::nullopt);
  EXPECT_EQ(leg_fired(Side::buy, "1600", "1500", "1600"), LegNumber::one);
  EXPECT_EQ(leg_fired(Side::buy, "1600", "1500", "1500.05"), std::nullopt);
  EXPECT_EQ(leg_fired(Side::buy, "1600", "1500", "1500"), LegNumber::two);
}

TEST(TwoLegTrigger, LegOneWinsWhenBothHold) {
  EXPECT_EQ(leg_fired(Side::sell, "1500", "1400", "1450"), LegNumber::one);
}

// ---- the request (H-f)

TEST(Request, ALimitOrderGoesOutAtTheOrderPriceOfItsLeg) {
  TestDesk desk;
  auto row = stop_and_target();
  row.leg_2->order_price = rupees("1598");
  row.leg_2->quantity = 25;
  row.leg_2->product = model::Product::mis;
  desk.create(row);
  const auto tag = desk.fire("1600");
  const auto& request = desk.sent.back().request;
  EXPECT_EQ(request.type, model::OrderType::limit);
  EXPECT_EQ(request.price, rupees("1598"));
  EXPECT_FALSE(request.market_protection);
  EXPECT_EQ(request.quantity, 25);
  EXPECT_EQ(request.product, model::Product::mis);
  EXPECT_EQ(request.side, Side::sell);
  EXPECT_EQ(request.trading_symbol, "INFY");
  EXPECT_EQ(request.tag, tag);
  EXPECT_EQ(tag.text().size(), 20U);
}

TEST(Request, WithoutAnOrderPriceItIsAMarketOrderWithProtection) {
  TestDesk desk;
  auto row = stop_loss();
  row.leg_1.order_price.reset();
  desk.create(row);
  desk.fire();
  const auto& request = desk.sent.back().request;
  EXPECT_EQ(request.type, model::OrderType::market);
  EXPECT_EQ(request.price, std::nullopt);
  EXPECT_TRUE(request.market_protection);
}

TEST(Request, ExitsAreToldFromEntries) {
  TestDesk desk;
  auto entry = stop_loss(1);
  entry.side = Side::buy;
  desk.create(entry);
  desk.tick("1500");
  EXPECT_EQ(desk.first<MakeClaim>()->purpose, model::Purpose::entry);
  desk.create(stop_loss(2));
  desk.tick("1500");
  EXPECT_EQ(desk.first<MakeClaim>()->purpose, model::Purpose::exit);
}

// ---- the claim

TEST(Claim, SaysWhatWasSeenAndWhichRuleItMet) {
  TestDesk desk;
  const auto row = desk.create(stop_loss());
  auto tick = tick_of("1499.95");
  tick.exchange_time = 1'795'000'000;
  tick.last_trade_time = 1'794'999'999;
  tick.connection_epoch = 3;
  tick.first_of_epoch = true;
  tick.received_at = desk.now - milliseconds(2);
  desk.step(tick);
  ASSERT_NE(desk.first<MakeClaim>(), nullptr);
  const auto& claim = desk.first<MakeClaim>()->claim;
  EXPECT_EQ(claim.version, row.version);
  EXPECT_EQ(claim.group, std::nullopt);
  const auto& attempt = claim.attempt;
  EXPECT_EQ(attempt.trigger_id, row.id);
  EXPECT_EQ(attempt.user_id, row.user_id);
  EXPECT_EQ(attempt.connection_id, row.broker_connection_id);
  EXPECT_EQ(attempt.fire_no, 1);
  EXPECT_EQ(attempt.attempt_no, 0);
  EXPECT_EQ(attempt.lease_epoch, 1);
  EXPECT_EQ(attempt.trading_date, base::trading_date(desk.now));
  EXPECT_EQ(attempt.created_at, desk.now);
  const auto settings = test_settings();
  EXPECT_EQ(attempt.tag,
            oms::make_tag(settings.tag_key, {"AB1234", attempt.trading_date}, row.id, 1, 0));
  EXPECT_EQ(attempt.evidence.rule, "SELL leg 1: LTP 1499.95 <= 1500.00");
  EXPECT_EQ(attempt.evidence.last_price, rupees("1499.95"));
  EXPECT_EQ(attempt.evidence.exchange_time, tick.exchange_time);
  EXPECT_EQ(attempt.evidence.last_trade_time, tick.last_trade_time);
  EXPECT_EQ(attempt.evidence.connection_epoch, 3U);
  EXPECT_TRUE(attempt.evidence.after_gap);
  EXPECT_EQ(attempt.evidence.received_at, tick.received_at);
}

TEST(Claim, MakesTheRowFiringWithWhatTriggeredIt) {
  TestDesk desk;
  desk.create(stop_and_target());
  desk.fire("1610");
  const auto row = desk.row();
  EXPECT_EQ(row.status, TriggerStatus::firing);
  EXPECT_EQ(row.triggered_leg, LegNumber::two);
  EXPECT_EQ(row.triggered_price, rupees("1610"));
  EXPECT_EQ(row.triggered_at, desk.now);
  EXPECT_EQ(row.fire_no, 1);
  EXPECT_FALSE(desk.is_armed());
}

TEST(Claim, OneArmingFiresOnceHoweverManyPricesFollow) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.fire("1500");
  for (const auto* price : {"1499", "1501", "1400", "1500"}) desk.tick(price);
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST(Claim, AfterCrossingAndComingBackBetweenTwoTicksOnlyWhatWasSeenCounts) {
  TestDesk desk;
  desk.create(stop_loss());
  for (const auto* price : {"1510", "1500.05", "1520", "1500.05"}) desk.tick(price);
  EXPECT_THAT(desk.sent, IsEmpty());
  desk.tick("1499.95");
  EXPECT_EQ(desk.sent.size(), 1U);
}

// Of the only trigger: decided, and not durable yet.
model::OrderTag claim_that_waits(TestDesk& desk) {
  desk.create(stop_loss());
  desk.hold_commits = true;
  desk.tick("1500");
  return desk.first<MakeClaim>()->claim.attempt.tag;
}

TEST(Claim, NothingOfItIsKnownToTheGateBeforeItIsDurable) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.hold_commits = true;
  desk.tick("1500");
  desk.pass(seconds(30));
  EXPECT_THAT(desk.sent, IsEmpty());
  desk.hold_commits = false;
  desk.commit();
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST(Claim, WhileItIsNotDurableTheOrdersNewsIsNotBelieved) {
  TestDesk desk;
  const auto tag = claim_that_waits(desk);
  desk.news(desk.order(tag, "COMPLETE"));
  EXPECT_THAT(desk.last, IsEmpty());
}

// ---- claims that are lost

TEST(LostClaim, AnEditDuringTheFireFiresOnceAndTheEditedRowIsArmed) {  // H-c
  TestDesk desk;
  const auto row = desk.create(stop_loss());
  auto edited = row;
  edited.leg_1.trigger_price = rupees("1450");
  edited = desk.edit_silently(edited);
  desk.hold_commits = true;
  desk.tick("1500");                  // fires at the version that it knows
  desk.step(TriggerChanged{edited});  // the news of the edit
  EXPECT_FALSE(desk.is_armed()) << "nothing is armed while the claim is open";
  desk.hold_commits = false;
  desk.commit();
  EXPECT_THAT(desk.sent, IsEmpty());
  EXPECT_EQ(desk.engine.armed_version(row.id), edited.version);
  desk.tick("1460");
  EXPECT_THAT(desk.sent, IsEmpty());
  desk.fire("1450");
}

TEST(LostClaim, AStaleClaimReadsTheRowAgainWhenNoNewsCame) {
  TestDesk desk;
  auto edited = desk.create(stop_loss());
  edited.leg_1.trigger_price = rupees("1450");
  edited = desk.edit_silently(edited);
  desk.tick("1500");
  EXPECT_EQ(desk.count<Reread>(), 1);
  EXPECT_THAT(desk.sent, IsEmpty());
  EXPECT_EQ(desk.engine.armed_version(edited.id), edited.version);
}

TEST(LostClaim, ACancelThatCameFirstWins) {
  TestDesk desk;
  const auto row = desk.create(stop_loss());
  ASSERT_TRUE(desk.writer->cancel(row.id, {}, store::Actor{}, nullptr, desk.now));
  desk.tick("1500");
  EXPECT_THAT(desk.sent, IsEmpty());
  EXPECT_FALSE(desk.is_armed());
  EXPECT_EQ(desk.row().status, TriggerStatus::cancelled);
}

TEST(LostClaim, ARowThatWasEditedAndThenDeletedDuringTheFireIsNotArmed) {
  TestDesk desk;
  auto edited = desk.create(stop_loss());
  edited = desk.edit_silently(edited);
  desk.records.delete_by_hand(edited.id, desk.now);
  desk.hold_commits = true;
  desk.tick("1500");
  desk.step(TriggerChanged{edited});
  desk.step(TriggerRemoved{edited.id});
  desk.hold_commits = false;
  desk.commit();
  EXPECT_FALSE(desk.is_armed());
}

TEST(LostClaim, AClaimThatCannotBeWrittenIsNotMadeOverAndOver) {
  TestDesk desk;
  auto row = desk.create(stop_loss());
  desk.hold_commits = true;
  desk.tick("1500");
  const auto tag = desk.first<MakeClaim>()->claim.attempt.tag;
  desk.step(ClaimSettled{tag, 1, ClaimVerdict::stale});
  desk.step(TriggerChanged{row});  // as it was
  EXPECT_FALSE(desk.is_armed());
  ASSERT_NE(desk.first<Write>(), nullptr);
  EXPECT_EQ(desk.first<Write>()->record.audit.front().event, "not_armed");
  ++row.version;
  desk.step(TriggerChanged{row});
  EXPECT_TRUE(desk.is_armed());
}

TEST(LostClaim, WhenTheEngineIsSwitchedOffTheTriggerStaysArmed) {
  TestDesk desk;
  desk.create(stop_loss());
  ASSERT_TRUE(desk.writer->set_stopped(true, "maintenance", store::Actor{}, desk.now));
  desk.tick("1500");
  EXPECT_THAT(desk.sent, IsEmpty());
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  EXPECT_TRUE(desk.is_armed());
}

TEST(LostClaim, AnEngineThatLostTheLeaseEnds) {
  TestDesk desk;
  desk.create(stop_loss(1));
  desk.create(stop_loss(2));
  ASSERT_TRUE(desk.records.writer()->take_lease("rival", desk.now));
  desk.tick("1500");
  EXPECT_GE(desk.count<Fenced>(), 1);
  EXPECT_FALSE(desk.engine.is_evaluating());
  EXPECT_THAT(desk.sent, IsEmpty());
}

TEST(LostClaim, WhatIsHeardOfAFormerLeasesClaimIsNotBelieved) {
  TestDesk desk;
  const auto tag = claim_that_waits(desk);
  desk.step(ClaimSettled{tag, 0, ClaimVerdict::stale});
  EXPECT_THAT(desk.last, IsEmpty());
  ASSERT_NE(desk.engine.flight(tag), nullptr);
  EXPECT_TRUE(desk.engine.flight(tag)->claiming);
  desk.step(ClaimSettled{tag, 1, ClaimVerdict::won});
  EXPECT_FALSE(desk.engine.flight(tag)->claiming);
}

TEST(LostClaim, AnAnswerThatGotLostIsTheSameClaimWhenRepeated) {
  TestDesk desk;
  const auto tag = claim_that_waits(desk);
  desk.step(ClaimSettled{tag, 1, ClaimVerdict::repeated});
  EXPECT_THAT(desk.last, IsEmpty());
  desk.step(AttemptForwarded{tag});
  desk.step(AttemptAnswered{tag, accepted("1")});
  EXPECT_EQ(desk.engine.flight(tag)->attempt.state, AttemptState::placed);
}

TEST(Claim, NewsOfTheRowThatIsAsOldAsTheClaimDoesNotArmItAgain) {
  TestDesk desk;
  const auto row = desk.create(stop_loss());
  const auto tag = desk.fire();
  desk.step(TriggerChanged{row});  // told twice, and late
  EXPECT_FALSE(desk.is_armed());
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.engine.flight(tag)->attempt.state, AttemptState::forwarded);
}

// ---- groups: rows that share a parent_id

// ---- a trigger whose orders never leave

TEST(Often, NoTagIsUsedTwiceInADay) {
  TestDesk desk;
  desk.gate_is_open = false;
  desk.create(stop_loss());
  for (int i = 0; i < 40; ++i) desk.tick("1500");
  EXPECT_EQ(desk.attempts().size(), 32U);
  EXPECT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_THAT(desk.row().error_message, testing::HasSubstr("32 times today"));
  EXPECT_EQ(desk.row().fire_no, 32);
  EXPECT_FALSE(desk.is_armed());
  ASSERT_EQ(desk.trail(Severity::alarm).size(), 1U);
  EXPECT_EQ(desk.trail(Severity::alarm).front().event, "fired_too_often");
}

TEST(Often, TheNextDayItMayFireAgain) {
  TestDesk desk;
  desk.gate_is_open = false;
  desk.create(stop_loss());
  for (int i = 0; i < 32; ++i) desk.tick("1500");
  desk.now += std::chrono::hours(24);
  desk.gate_is_open = true;
  desk.fire();
  EXPECT_EQ(desk.sent.back().fire_no, 33);
}

TEST(Often, ItsGroupIsNotHeldByIt) {
  TestDesk desk;
  desk.gate_is_open = false;
  auto other = in_group(stop_loss(2));
  other.leg_1.trigger_price = rupees("1400");
  desk.create(other);
  desk.create(in_group(stop_loss(1)));
  for (int i = 0; i < 33; ++i) desk.tick("1500");
  ASSERT_EQ(desk.row().status, TriggerStatus::needs_attention);
  EXPECT_TRUE(desk.is_armed(trigger_id(2)));
}

TEST(Group, TheFirstToFireHoldsItsSiblings) {
  TestDesk desk;
  desk.create(in_group(stop_loss(1)));
  auto target = in_group(stop_loss(2));
  target.direction = Direction::rising;
  target.leg_1.trigger_price = rupees("1600");
  desk.create(target);
  desk.fire("1500");
  EXPECT_FALSE(desk.is_armed(trigger_id(2)));
  EXPECT_EQ(desk.row(trigger_id(2)).status, TriggerStatus::active);
  desk.tick("1600");
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST(Group, TwoMembersOnOneTickSendOneOrder) {
  TestDesk desk;
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.tick("1500");
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.row(trigger_id(2)).status, TriggerStatus::active);
}

TEST(Group, SiblingsGoWhenTheOrderStandsAtTheExchangeAndNotBefore) {
  TestDesk desk;
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.tick("1500");
  const auto tag = desk.sent.back().tag;
  desk.answer(tag, accepted("1"));
  EXPECT_EQ(desk.row(trigger_id(2)).status, TriggerStatus::active);
  auto open = desk.order(tag, "OPEN");
  open.order_id = "1";
  desk.news(open);
  EXPECT_EQ(desk.row(trigger_id(2)).status, TriggerStatus::cancelled);
}

TEST(Group, SiblingsFireAgainWhenTheWinnerIsRefused) {
  TestDesk desk;
  desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.tick("1500");
  desk.answer(desk.sent.back().tag, no_funds());
  EXPECT_EQ(desk.row(trigger_id(1)).status, TriggerStatus::failed);
  EXPECT_TRUE(desk.is_armed(trigger_id(2)));
  desk.tick("1500");
  EXPECT_EQ(desk.sent.size(), 2U);
  EXPECT_EQ(desk.sent.back().trigger_id, trigger_id(2));
}

TEST(Group, AGroupThatAnotherHasWonIsNotFired) {
  TestDesk desk;
  const auto row = desk.create(in_group(stop_loss(1)));
  desk.create(in_group(stop_loss(2)));
  desk.hold_commits = true;
  desk.tick("1500");
  const auto tag = desk.first<MakeClaim>()->claim.attempt.tag;
  desk.step(ClaimSettled{tag, 1, ClaimVerdict::group_taken});
  EXPECT_EQ(desk.count<Reread>(), 1);
  desk.step(TriggerChanged{row});
  EXPECT_FALSE(desk.is_armed(trigger_id(1)));
  EXPECT_FALSE(desk.is_armed(trigger_id(2)));
}

TEST(Group, AStaleClaimGivesTheGroupBack) {
  TestDesk desk;
  auto first = desk.create(in_group(stop_loss(1)));
  auto second = in_group(stop_loss(2));
  second.leg_1.trigger_price = rupees("1450");
  desk.create(second);
  first.leg_1.trigger_price = rupees("1400");
  desk.edit_silently(first);
  desk.tick("1500");
  EXPECT_THAT(desk.sent, IsEmpty());
  EXPECT_TRUE(desk.is_armed(trigger_id(1)));
  EXPECT_TRUE(desk.is_armed(trigger_id(2)));
}

TEST(Group, AGroupThatWasWonBeforeThisEngineStartedStaysHeld) {
  TestDesk desk;
  desk.step(GroupWon{numbered<model::GroupId>(1), trigger_id(9)});
  desk.create(in_group(stop_loss(1)));
  EXPECT_FALSE(desk.is_armed(trigger_id(1)));
  desk.tick("1400");
  EXPECT_THAT(desk.sent, IsEmpty());
}

}  // namespace
}  // namespace hmt::engine
