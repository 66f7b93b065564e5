#include "trigger/rule.h"

#include <gtest/gtest.h>

namespace hmt::trigger {
namespace {

using model::Condition;
using model::Direction;
using model::LegNumber;
using model::LegState;
using model::Price;
using model::Side;

Price rupees(std::string_view text) {
  return Price::parse(text).value();
}

model::Trigger single(Side side, std::string_view level) {
  model::Trigger trigger;
  trigger.side = side;
  trigger.leg_1.trigger_price = rupees(level);
  trigger.leg_1.quantity = 1;
  return trigger;
}

model::Trigger two_leg(Side side, std::string_view stop, std::string_view target) {
  auto trigger = single(side, stop);
  trigger.condition = Condition::two_leg;
  trigger.leg_2 = trigger.leg_1;
  trigger.leg_2->trigger_price = rupees(target);
  return trigger;
}

TEST(Rule, TellsInATradersWordsWhyItFired) {
  EXPECT_EQ(rule_text(two_leg(Side::sell, "1500", "1600"), LegNumber::one, rupees("1499.95")),
            "SELL leg 1: LTP 1499.95 <= 1500.00");
  EXPECT_EQ(rule_text(two_leg(Side::sell, "1500", "1600"), LegNumber::two, rupees("1600.05")),
            "SELL leg 2: LTP 1600.05 >= 1600.00");
  EXPECT_EQ(rule_text(single(Side::buy, "83.0025"), LegNumber::one, rupees("83.005")),
            "BUY leg 1: LTP 83.005 >= 83.0025");
}

TEST(Rule, AnExplicitDirectionIsInTheWordsToo) {
  auto dip = single(Side::buy, "1500");
  dip.direction = Direction::falling;
  EXPECT_EQ(rule_text(dip, LegNumber::one, rupees("1499")), "BUY leg 1: LTP 1499.00 <= 1500.00");
}

TEST(Rule, ALegThatIsNoLongerArmedDoesNotFire) {
  auto trigger = two_leg(Side::sell, "1500", "1600");
  EXPECT_EQ(leg_fired_by(trigger, rupees("1400")), LegNumber::one);
  trigger.leg_1.state = LegState::failed;
  EXPECT_EQ(leg_fired_by(trigger, rupees("1400")), std::nullopt);
  EXPECT_EQ(leg_fired_by(trigger, rupees("1600")), LegNumber::two);
}

TEST(Rule, ASingleTriggerHasNoSecondLeg) {
  const auto trigger = single(Side::sell, "1500");
  EXPECT_FALSE(leg_holds(trigger, LegNumber::two, rupees("1600")));
}

TEST(Rule, ZeroIsNoPrice) {
  EXPECT_FALSE(leg_holds(single(Side::sell, "1500"), LegNumber::one, Price{}));
  EXPECT_EQ(leg_fired_by(single(Side::sell, "1500"), Price{}), std::nullopt);
}

}  // namespace
}  // namespace hmt::trigger
