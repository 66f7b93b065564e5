#include <gmock/gmock.h>

#include "engine/test_desk.h"

// Which triggers stand armed, and when they stop to.
namespace hmt::engine {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Arming, AnActiveTriggerIsArmedAtItsVersionAndItsPricesAreWanted) {
  TestDesk desk;
  const auto row = desk.create(stop_loss());
  ASSERT_NE(desk.first<Watch>(), nullptr);
  EXPECT_EQ(desk.first<Watch>()->token, infy);
  ASSERT_NE(desk.first<Armed>(), nullptr);
  EXPECT_EQ(desk.first<Armed>()->version, row.version);
  EXPECT_EQ(desk.engine.armed_version(row.id), row.version);
  EXPECT_EQ(desk.engine.counts().armed, 1);
}

TEST(Arming, ASecondTriggerOnTheInstrumentWantsNoSecondSubscription) {
  TestDesk desk;
  desk.create(stop_loss(1));
  desk.create(stop_loss(2));
  EXPECT_EQ(desk.count<Watch>(), 0);
  desk.cancel(trigger_id(1));
  EXPECT_EQ(desk.count<Unwatch>(), 0);
  EXPECT_EQ(desk.count<Disarmed>(), 1);
  desk.cancel(trigger_id(2));
  EXPECT_EQ(desk.count<Unwatch>(), 1);
}

TEST(Arming, AnEditedTriggerFiresAtItsNewLevelOnly) {
  TestDesk desk;
  auto row = desk.create(stop_loss());
  row.leg_1.trigger_price = rupees("1400");
  desk.edit(row);
  desk.tick("1450");
  EXPECT_THAT(desk.sent, IsEmpty());
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST(Arming, ACancelledTriggerNeverFires) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.cancel(trigger_id(1));
  desk.tick("1400");
  EXPECT_EQ(desk.count<MakeClaim>(), 0);
}

TEST(Arming, ARemovedRowIsDisarmed) {
  TestDesk desk;
  const auto row = desk.create(stop_loss());
  desk.step(TriggerRemoved{row.id});
  EXPECT_FALSE(desk.is_armed());
  desk.tick("1400");
  EXPECT_EQ(desk.count<MakeClaim>(), 0);
}

TEST(Arming, OlderNewsOfARowChangesNothing) {
  TestDesk desk;
  const auto first = desk.create(stop_loss());
  auto second = first;
  second.leg_1.trigger_price = rupees("1400");
  desk.edit(second);
  desk.step(TriggerChanged{first});
  EXPECT_EQ(desk.engine.armed_version(first.id), first.version + 1);
  desk.tick("1450");
  EXPECT_THAT(desk.sent, IsEmpty());
}

TEST(Arming, ATriggerThatTheBookCannotHoldRaisesAnAlarm) {
  auto settings = test_settings();
  settings.limits.triggers_max = 1;
  TestDesk desk(settings);
  desk.create(stop_loss(1));
  desk.create(stop_loss(2));
  EXPECT_FALSE(desk.is_armed(trigger_id(2)));
  EXPECT_THAT(desk.alarms(), ElementsAre("not_armed"));
}

TEST(Arming, ATriggerWithoutAnArmedLegIsNotShownAsMonitored) {
  TestDesk desk;
  auto row = stop_loss();
  row.leg_1.state = LegState::failed;
  desk.records.put_by_hand(row, desk.now);
  desk.step(TriggerChanged{row});
  EXPECT_EQ(desk.count<Armed>(), 0);
  EXPECT_EQ(desk.count<Watch>(), 0);
  EXPECT_THAT(desk.alarms(), ElementsAre("not_armed"));
  EXPECT_FALSE(desk.is_armed());
}

TEST(Arming, AnEditThatLeavesNoLegArmedTakesTheTriggerOut) {
  TestDesk desk;
  auto row = desk.create(stop_loss());
  row.leg_1.state = LegState::fired;
  ++row.version;
  desk.step(TriggerChanged{row});
  EXPECT_EQ(desk.count<Disarmed>(), 1);
  EXPECT_EQ(desk.count<Armed>(), 0);
  EXPECT_EQ(desk.count<Unwatch>(), 1);
}

// ---- expiry (contract 4: expires_at)

TEST(Expiry, ATriggerExpiresAtItsTimeAndSaysSo) {
  TestDesk desk;
  auto row = stop_loss();
  row.expires_at = desk.now + minutes(5);
  desk.create(row);
  EXPECT_EQ(desk.engine.next_wake(), row.expires_at);
  desk.pass(minutes(5) - milliseconds(1));
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  desk.pass(milliseconds(1));
  EXPECT_EQ(desk.row().status, TriggerStatus::expired);
  EXPECT_FALSE(desk.is_armed());
  EXPECT_EQ(desk.trail().back().event, "expired");
}

TEST(Expiry, ATickBeforeExpiryFiresAndOneAtExpiryDoesNot) {
  TestDesk desk;
  auto row = stop_loss(1);
  row.expires_at = desk.now + seconds(10);
  desk.create(row);
  auto later = stop_loss(2);
  later.leg_1.trigger_price = rupees("1400");
  later.expires_at = desk.now + seconds(10);
  desk.create(later);
  desk.now += seconds(10) - milliseconds(1);
  desk.tick("1500");
  EXPECT_EQ(desk.sent.size(), 1U);
  desk.now += milliseconds(1);  // nobody has woken the engine yet
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
  EXPECT_EQ(desk.row(trigger_id(2)).status, TriggerStatus::expired);
}

TEST(Expiry, ATriggerThatComesExpiredNeverFires) {
  TestDesk desk;
  auto row = stop_loss();
  row.expires_at = desk.now - seconds(1);
  desk.create(row);
  desk.tick("1400");
  EXPECT_THAT(desk.sent, IsEmpty());
  EXPECT_EQ(desk.row().status, TriggerStatus::expired);
}

TEST(Expiry, AnEditTakesTheFormerExpiryAway) {
  TestDesk desk;
  auto row = stop_loss();
  row.expires_at = desk.now + seconds(10);
  auto edited = desk.create(row);
  edited.expires_at.reset();
  desk.edit(edited);
  desk.pass(minutes(1));
  EXPECT_EQ(desk.row().status, TriggerStatus::active);
  EXPECT_TRUE(desk.is_armed());
}

TEST(Expiry, SeveralThatExpireOnOneTickAllExpireAndNoneFires) {
  TestDesk desk;
  for (std::uint8_t n = 1; n <= 3; ++n) {
    auto row = stop_loss(n);
    row.expires_at = desk.now + seconds(1);
    desk.create(row);
  }
  desk.now += seconds(1);
  desk.tick("1400");
  EXPECT_THAT(desk.sent, IsEmpty());
  for (std::uint8_t n = 1; n <= 3; ++n)
    EXPECT_EQ(desk.row(trigger_id(n)).status, TriggerStatus::expired);
}

// ---- evaluation

TEST(Evaluation, SwitchedOffNothingFiresAndOnAgainALevelStillBeyondFires) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.step(Evaluation{false});
  desk.tick("1400");
  EXPECT_EQ(desk.count<MakeClaim>(), 0);
  EXPECT_TRUE(desk.is_armed());
  desk.step(Evaluation{true});
  desk.tick("1400");
  EXPECT_EQ(desk.sent.size(), 1U);
}

TEST(Evaluation, SwitchedOnAgainAfterThePriceCameBackNothingFires) {
  TestDesk desk;
  desk.create(stop_loss());
  desk.step(Evaluation{false});
  desk.tick("1400");
  desk.step(Evaluation{true});
  desk.tick("1550");
  EXPECT_THAT(desk.sent, IsEmpty());
}

TEST(Evaluation, ANewEngineEvaluatesNothingBeforeItIsTold) {
  Engine engine(test_settings());
  std::vector<Effect> effects;
  engine.on(TriggerChanged{stop_loss()}, monday_morning(), effects);
  effects.clear();
  engine.on_tick(tick_of("1400"), monday_morning(), effects);
  EXPECT_THAT(effects, IsEmpty());
}

class NotFresh : public testing::TestWithParam<model::Freshness> {};

TEST_P(NotFresh, APriceThatIsNotFreshNeverFires) {
  TestDesk desk;
  desk.create(stop_loss());
  auto tick = tick_of("1400");
  tick.freshness = GetParam();
  desk.step(tick);
  EXPECT_THAT(desk.last, IsEmpty());
  EXPECT_TRUE(desk.is_armed());
  EXPECT_EQ(desk.engine.counts().stale_ticks, 1);
}

INSTANTIATE_TEST_SUITE_P(Every, NotFresh,
                         testing::Values(model::Freshness::no_time, model::Freshness::cached,
                                         model::Freshness::out_of_session,
                                         model::Freshness::out_of_order, model::Freshness::no_price,
                                         model::Freshness::late));

}  // namespace
}  // namespace hmt::engine
