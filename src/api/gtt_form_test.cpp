#include "api/gtt_form.h"

#include <gtest/gtest.h>

#include "api/commands.h"
#include "api/json_writer.h"
#include "api/test_desk.h"

namespace hmt::api {
namespace {

using namespace std::chrono_literals;
using model::Direction;

const base::Instant now = *base::parse_rfc3339("2026-11-23T10:00:00+05:30");

std::string condition(const std::string& values, const std::string& last) {
  return R"({"exchange":"NSE","tradingsymbol":"INFY","trigger_values":)" + values +
         R"(,"last_price":)" + last + "}";
}

// An order with `more` behind its usual members.
std::string order(const std::string& side, const std::string& price, const std::string& more = "") {
  return R"({"exchange":"NSE","tradingsymbol":"INFY","transaction_type":")" + side +
         R"(","quantity":10,"order_type":"LIMIT","product":"CNC","price":)" + price + more + "}";
}

Form single(const std::string& side, const std::string& value, const std::string& last) {
  return {{"type", "single"},
          {"condition", condition("[" + value + "]", last)},
          {"orders", "[" + order(side, "1500") + "]"}};
}

Form two_leg(const std::string& side) {
  return {{"type", "two-leg"},
          {"condition", condition("[1490.5, 1640]", "1570.0")},
          {"orders", "[" + order(side, "1489") + "," + order(side, "1641.05") + "]"}};
}

Form with(Form form, const std::string& name, const std::string& value) {
  for (auto& field : form) {
    if (field.first == name) return field.second = value, form;
  }
  form.emplace_back(name, value);
  return form;
}

// What our own door makes of it.
model::Trigger placed(const Form& form) {
  const auto gtt = read_gtt(form, "");
  EXPECT_TRUE(gtt) << gtt.error().message;
  if (!gtt) return {};
  const auto draft = draft_new(creation_of(*gtt), *test::small_catalogue(), now);
  EXPECT_TRUE(draft) << draft.error().message;
  return draft ? draft->trigger : model::Trigger{};
}

std::string refusal(const Form& form) {
  const auto gtt = read_gtt(form, "");
  EXPECT_FALSE(gtt);
  return gtt ? "" : gtt.error().message;
}

TEST(GttForm, ASingleIsReachedFromTheSideOnWhichTheLastPriceStands) {
  EXPECT_EQ(placed(single("SELL", "1500", "1570")).direction, Direction::falling) << "a stop";
  EXPECT_EQ(placed(single("SELL", "1640", "1570")).direction, Direction::rising) << "a target";
  EXPECT_EQ(placed(single("BUY", "1500", "1570")).direction, Direction::falling) << "a dip";
  EXPECT_EQ(placed(single("BUY", "1640", "1570.05")).direction, Direction::rising) << "a breakout";
}

TEST(GttForm, TheStopOfASellTwoLegIsItsLowerValue) {
  const auto trigger = placed(two_leg("SELL"));
  EXPECT_EQ(trigger.condition, model::Condition::two_leg);
  EXPECT_EQ(trigger.leg_1.trigger_price.text(), "1490.50");
  EXPECT_EQ(trigger.leg_1.order_price->text(), "1489.00");
  EXPECT_EQ(direction_of(trigger, model::LegNumber::one), Direction::falling);
  EXPECT_EQ(trigger.leg_2->trigger_price.text(), "1640.00");
  EXPECT_EQ(trigger.leg_2->order_price->text(), "1641.05");
  EXPECT_EQ(direction_of(trigger, model::LegNumber::two), Direction::rising);
}

TEST(GttForm, TheStopOfABuyTwoLegIsItsUpperValue) {
  const auto trigger = placed(two_leg("BUY"));
  EXPECT_EQ(trigger.leg_1.trigger_price.text(), "1640.00");
  EXPECT_EQ(trigger.leg_1.order_price->text(), "1641.05");
  EXPECT_EQ(direction_of(trigger, model::LegNumber::one), Direction::rising);
  EXPECT_EQ(trigger.leg_2->trigger_price.text(), "1490.50");
  EXPECT_EQ(trigger.leg_2->order_price->text(), "1489.00");
  EXPECT_EQ(direction_of(trigger, model::LegNumber::two), Direction::falling);
}

TEST(GttForm, ValuesOnTheWrongSideOfTheLastPriceAreRefusedInKitesWords) {
  EXPECT_EQ(refusal(single("SELL", "1500.00", "1500")),
            "Trigger cannot be created with one of the trigger values equal to the last price.");
  EXPECT_EQ(refusal(with(two_leg("SELL"), "condition", condition("[1600,1640]", "1570"))),
            "Trigger cannot be created with the first trigger price more than the last price.");
  EXPECT_EQ(refusal(with(two_leg("SELL"), "condition", condition("[1490,1500]", "1570"))),
            "Trigger cannot be created with the second trigger price less than the last price.");
}

TEST(GttForm, EmptyMembersOfClientsThatSendAllOfThemAreNotRead) {
  const std::string all_of_them =
      R"(,"order_id":"","tags":null,"disclosed_quantity":0,"average_price":0.0,"modified":false,)"
      R"("meta":{},"order_timestamp":"0001-01-01T00:00:00Z","validity":"DAY","market_protection":0)";
  const auto form = with(single("SELL", "1500", "1570"), "orders",
                         "[" + order("SELL", "1499", all_of_them) + "]");
  EXPECT_EQ(placed(form).leg_1.order_price->text(), "1499.00");
}

TEST(GttForm, WhatTheOrderWouldLackIsRefusedByName) {
  for (const std::string more :
       {R"("validity":"IOC")", R"("variety":"iceberg")", R"("disclosed_quantity":5)",
        R"("trigger_price":1495)", R"("tag":"mine")", R"("trailing_points":3)"}) {
    const auto name = more.substr(1, more.find('"', 1) - 1);
    const auto orders = "[" + order("SELL", "1499", "," + more) + "]";
    EXPECT_EQ(refusal(with(single("SELL", "1500", "1570"), "orders", orders)),
              "HMT has no `" + name + "`: leave it out");
  }
  EXPECT_EQ(refusal(with(single("SELL", "1500", "1570"), "expires_at", "2027-01-01 00:00:00")),
            "HMT has no `expires_at`: leave it out");
}

TEST(GttForm, AMarketOrderHasToSayTheProtectionThatItGets) {
  const auto with_order = [](const std::string& text) {
    return with(single("SELL", "1500", "1570"), "orders", "[" + text + "]");
  };
  const auto market = [](const std::string& more) {
    return R"({"exchange":"NSE","tradingsymbol":"INFY","transaction_type":"SELL","quantity":1,)"
           R"("order_type":"MARKET","product":"MIS")" +
           more + "}";
  };
  EXPECT_FALSE(
      placed(with_order(market(R"(,"price":0,"market_protection":-1)"))).leg_1.order_price);
  for (const std::string more : {"", R"(,"market_protection":0)", R"(,"market_protection":2)"}) {
    EXPECT_NE(refusal(with_order(market(more))).find("market_protection"), std::string::npos);
  }
  EXPECT_EQ(refusal(with_order(market(R"(,"price":1499,"market_protection":-1)"))),
            "a MARKET order has no `price`");
}

TEST(GttForm, TwoOrdersAreOfOneSideAndOneInstrument) {
  EXPECT_NE(refusal(with(two_leg("SELL"), "orders",
                         "[" + order("SELL", "1489") + "," + order("BUY", "1641") + "]"))
                .find("both"),
            std::string::npos);
  auto other = order("SELL", "1489");
  other.replace(other.find("INFY"), 4, "TCS");
  EXPECT_NE(refusal(with(two_leg("SELL"), "orders", "[" + other + "," + other + "]"))
                .find("instrument of its condition"),
            std::string::npos);
}

TEST(GttForm, WhatIsMissingIsSaidAsKiteSaysIt) {
  for (const std::string name : {"type", "condition", "orders"}) {
    EXPECT_EQ(refusal(with(two_leg("SELL"), name, "")), "Missing or empty field `" + name + "`");
  }
  for (const std::string name : {"exchange", "tradingsymbol", "trigger_values", "last_price"}) {
    auto text = condition("[1490,1640]", "1570");
    text.replace(text.find(name), name.size(), "x" + name.substr(1));
    const auto why = refusal(with(two_leg("SELL"), "condition", text));
    EXPECT_TRUE(why.find(name) != std::string::npos ||
                why.find("x" + name.substr(1)) != std::string::npos)
        << why;
  }
}

TEST(GttForm, DoubtfulShapesAreRefused) {
  const auto good = two_leg("SELL");
  for (const auto& [name, value] : Form{{"type", "three-leg"},
                                        {"type", "SINGLE"},
                                        {"condition", "{"},
                                        {"condition", "[]"},
                                        {"condition", condition("[1490]", "1570")},
                                        {"condition", condition("[1490,1600,1640]", "1570")},
                                        {"condition", condition("[\"1490\",1640]", "1570")},
                                        {"condition", condition("[1490,1640]", "\"1570\"")},
                                        {"condition", condition("[1490,1640]", "null")},
                                        {"condition", condition("{}", "1570")},
                                        {"orders", "{}"},
                                        {"orders", "[]"},
                                        {"orders", "[1,2]"},
                                        {"orders", "[" + order("SELL", "1489") + "]"},
                                        {"trigger_id", "7"}}) {
    EXPECT_NE(refusal(with(good, name, value)), "") << name << " " << value;
  }
  auto twice = good;
  twice.emplace_back("type", "two-leg");
  EXPECT_EQ(refusal(twice), "`type` is given twice");
}

TEST(GttForm, AModificationKeepsTheInstrument) {
  const auto standing = placed(two_leg("SELL"));
  const auto same = read_gtt(two_leg("BUY"), "7");
  EXPECT_TRUE(change_of(*same, standing));
  auto other = standing;
  other.trading_symbol = "RELIANCE";
  EXPECT_NE(change_of(*same, other).error().message.find("cannot be changed"), std::string::npos);
}

TEST(GttForm, AQuoteBeyondTheLevelTurnsNoStopRound) {
  const auto stop = placed(single("SELL", "1500", "1570"));
  const auto raised = read_gtt(single("SELL", "1510", "1570"), "7");
  EXPECT_TRUE(change_of(*raised, stop));
  for (const std::string level : {"1500", "1510"}) {
    const auto beyond = read_gtt(single("SELL", level, "1490"), "7");
    ASSERT_TRUE(beyond);
    EXPECT_EQ(change_of(*beyond, stop).error().message.find("Trigger already met."), 0U) << level;
  }
}

TEST(GttForm, ATwoLegBecomesASingleWithTheDirectionOfItsLastPrice) {
  const auto standing = placed(two_leg("SELL"));
  const auto gtt = read_gtt(with(single("SELL", "1640", "1570"), "trigger_id", "7"), "7");
  ASSERT_TRUE(gtt) << gtt.error().message;
  const auto draft =
      draft_edit(*change_of(*gtt, standing), standing, *test::small_catalogue(), now);
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_EQ(draft->trigger.condition, model::Condition::single);
  EXPECT_EQ(draft->trigger.direction, Direction::rising);
  EXPECT_FALSE(draft->trigger.leg_2);
}

TEST(GttForm, ASingleBecomesATwoLegWhoseLegsHaveDirectionsOfTheirOwn) {
  const auto standing = placed(single("SELL", "1640", "1570"));
  const auto gtt = read_gtt(two_leg("SELL"), "7");
  const auto draft =
      draft_edit(*change_of(*gtt, standing), standing, *test::small_catalogue(), now);
  ASSERT_TRUE(draft) << draft.error().message;
  EXPECT_FALSE(draft->trigger.direction);
  EXPECT_TRUE(draft->trigger.leg_2);
}

TEST(GttForm, ItLastsAYearAndNotPastItsContract) {
  EXPECT_EQ(base::to_broker_time(gtt_expiry(nullptr, now)), "2027-11-23 10:00:00");
  const auto leap = *base::parse_rfc3339("2028-02-29T10:00:00+05:30");
  EXPECT_EQ(base::to_broker_time(gtt_expiry(nullptr, leap)), "2029-02-28 10:00:00");
  model::Instrument future;
  future.expiry = base::trading_date(now + 24h * 30);
  EXPECT_EQ(base::to_broker_time(gtt_expiry(&future, now)), "2026-12-24 00:00:00");
}

}  // namespace
}  // namespace hmt::api
