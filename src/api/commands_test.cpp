#include "api/commands.h"

#include <gtest/gtest.h>

#include "api/test_desk.h"
#include "store/rules.h"

namespace hmt::api {
namespace {

using base::Price;
using model::LegState;

const auto now = *base::parse_rfc3339("2026-11-23T09:20:00+05:30");

std::string body(std::string_view changes, std::string_view without = {}) {
  std::string out;
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, std::string>>{{"instrument_token", "408065"},
                                                        {"condition_type", "\"single\""},
                                                        {"transaction_type", "\"SELL\""},
                                                        {"product_type_1", "\"CNC\""},
                                                        {"trigger_price_1", "1500"},
                                                        {"quantity_1", "10"}}) {
    const bool changed = changes.find("\"" + name + "\"") != std::string_view::npos;
    if (name != without && !changed) out += "\"" + name + "\":" + value + ",";
  }
  return "{" + out + std::string(changes.empty() ? "\"purpose\":null" : changes) + "}";
}

base::Result<Draft> draft(std::string_view text) {
  const auto json = read_json(text);
  if (!json) return std::unexpected(json.error());
  return draft_new(*json, *test::small_catalogue(), now);
}

std::string wrong_field(std::string_view text) {
  const auto made = draft(text);
  return made ? "none" : made.error().field;
}

TEST(NewTrigger, TheInstrumentIsFilledInFromItsToken) {
  const auto made = draft(body(""));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->trigger.trading_symbol, "INFY");
  EXPECT_EQ(made->trigger.exchange, model::Exchange::nse);
  EXPECT_EQ(made->trigger.leg_1.order_price, std::nullopt);
  EXPECT_FALSE(made->fire_if_crossed);
}

TEST(NewTrigger, TheTokenIsFilledInFromExchangeAndSymbol) {
  const auto made =
      draft(body(R"("exchange":"NSE","trading_symbol":"RELIANCE")", "instrument_token"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->trigger.instrument_token, test::reliance);
}

TEST(NewTrigger, PricesMayBeTextOrNumbersAndStayExact) {
  const auto made = draft(
      body(R"("instrument_token":412675,"trigger_price_1":"83.0025","order_price_1":83.005)"));
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_EQ(made->trigger.leg_1.trigger_price, *Price::parse("83.0025"));
  EXPECT_EQ(made->trigger.leg_1.order_price, *Price::parse("83.005"));
}

TEST(NewTrigger, ATwoLegHasBothLegs) {
  const auto made = draft(body(
      R"("condition_type":"two-leg","product_type_2":"MIS","trigger_price_2":1700,"quantity_2":5)"));
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(made->trigger.leg_2);
  EXPECT_EQ(made->trigger.leg_2->product, model::Product::mis);
}

TEST(NewTrigger, EachMissingFieldIsNamed) {
  for (const std::string name : {"condition_type", "transaction_type", "product_type_1",
                                 "trigger_price_1", "quantity_1", "instrument_token"}) {
    EXPECT_EQ(wrong_field(body("", name)), name);
  }
  const std::string two = R"("condition_type":"two-leg")";
  EXPECT_EQ(wrong_field(body(two)), "product_type_2");
  EXPECT_EQ(wrong_field(body(two + R"(,"product_type_2":"CNC")")), "trigger_price_2");
  EXPECT_EQ(wrong_field(body(two + R"(,"product_type_2":"CNC","trigger_price_2":1700)")),
            "quantity_2");
  EXPECT_EQ(wrong_field(body(R"("trading_symbol":"INFY")", "instrument_token")), "exchange");
}

struct Wrong {
  std::string changes;
  std::string field;
};

TEST(NewTrigger, EachWrongFieldIsNamed) {
  for (const auto& [changes, field] : std::vector<Wrong>{
           {R"("instrument_token":999)", "instrument_token"},
           {R"("instrument_token":"408065")", "instrument_token"},
           {R"("instrument_token":4294967296)", "instrument_token"},
           {R"("instrument_token":-1)", "instrument_token"},
           {R"("instrument_token":408065.0)", "instrument_token"},
           {R"("instrument_token":256265)", "trading_symbol"},
           {R"("exchange":"BSE")", "instrument_token"},
           {R"("trading_symbol":"RELIANCE")", "instrument_token"},
           {R"("exchange":"nse")", "exchange"},
           {R"("exchange":null)", "exchange"},
           {R"("trading_symbol":7)", "trading_symbol"},
           {R"("condition_type":"oco")", "condition_type"},
           {R"("condition_type":null)", "condition_type"},
           {R"("transaction_type":"buy")", "transaction_type"},
           {R"("transaction_type":1)", "transaction_type"},
           {R"("product_type_1":"XYZ")", "product_type_1"},
           {R"("product_type_1":null)", "product_type_1"},
           {R"("trigger_price_1":0)", "trigger_price_1"},
           {R"("trigger_price_1":-5)", "trigger_price_1"},
           {R"("trigger_price_1":1e3)", "trigger_price_1"},
           {R"("trigger_price_1":true)", "trigger_price_1"},
           {R"("trigger_price_1":"15 00")", "trigger_price_1"},
           {R"("trigger_price_1":1500.001)", "trigger_price_1"},
           {R"("trigger_price_1":100000001)", "trigger_price_1"},
           {R"("trigger_price_1":null)", "trigger_price_1"},
           {R"("order_price_1":1499.99)", "order_price_1"},
           {R"("order_price_1":[])", "order_price_1"},
           {R"("quantity_1":0)", "quantity_1"},
           {R"("quantity_1":1.5)", "quantity_1"},
           {R"("quantity_1":"10")", "quantity_1"},
           {R"("quantity_1":10000001)", "quantity_1"},
           {R"("quantity_1":99999999999999999999)", "quantity_1"},
           {R"("product_type_2":"CNC")", "product_type_2"},
           {R"("trigger_price_2":1700)", "trigger_price_2"},
           {R"("order_price_2":1700)", "order_price_2"},
           {R"("quantity_2":1)", "quantity_2"},
           {R"("direction":"up")", "direction"},
           {R"("on_unknown":"pray")", "on_unknown"},
           {R"("on_unknown":null)", "on_unknown"},
           {R"("purpose":"fun")", "purpose"},
           {R"("parent_id":"7")", "parent_id"},
           {R"("broker_connection_id":null)", "broker_connection_id"},
           {R"("expires_at":"tomorrow")", "expires_at"},
           {R"("expires_at":"2026-11-23T09:20:00+05:30")", "expires_at"},
           {R"("fire_if_crossed":1)", "fire_if_crossed"},
           {R"("id":"6f1d2c3b-0a49-4e58-9c77-0123456789ab")", "id"},
           {R"("user_id":"6f1d2c3b-0a49-4e58-9c77-0123456789ab")", "user_id"},
           {R"("status":"active")", "status"},
           {R"("version":3)", "version"},
           {R"("triger_price_1":1)", "triger_price_1"},
       }) {
    EXPECT_EQ(wrong_field(body(changes)), field) << changes;
  }
}

TEST(NewTrigger, ABodyIsAnObject) {
  for (const std::string_view text : {"[]", "7", "null", "\"x\""}) {
    EXPECT_FALSE(draft(text)) << text;
  }
}

model::Trigger two_leg() {
  auto made = draft(body(
      R"("condition_type":"two-leg","product_type_2":"CNC","trigger_price_2":1700,"quantity_2":10)"));
  return made->trigger;
}

base::Result<Draft> change(const model::Trigger& current, std::string_view text) {
  return draft_edit(*read_json(text), current, *test::small_catalogue(), now);
}

TEST(EditedTrigger, WhatIsLeftOutStays) {
  const auto made = change(two_leg(), R"({"trigger_price_2":1750})");
  ASSERT_TRUE(made) << made.error().message;
  auto expected = two_leg();
  expected.leg_2->trigger_price = Price::from_rupees(1750);
  EXPECT_EQ(made->trigger, expected);
}

TEST(EditedTrigger, TheInstrumentCannotBeChanged) {
  for (const std::string_view name :
       {"instrument_token", "exchange", "trading_symbol", "parent_id", "broker_connection_id"}) {
    const auto made = change(two_leg(), "{\"" + std::string(name) + "\":1}");
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().field, name);
  }
}

TEST(EditedTrigger, NullTakesTheLimitAway) {
  auto current = two_leg();
  current.leg_1.order_price = Price::from_rupees(1490);
  const auto made = change(current, R"({"order_price_1":null})");
  ASSERT_TRUE(made);
  EXPECT_EQ(made->trigger.leg_1.order_price, std::nullopt);
}

TEST(EditedTrigger, ATwoLegBecomesSingleAndLosesItsSecondLeg) {
  const auto made = change(two_leg(), R"({"condition_type":"single"})");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_FALSE(made->trigger.leg_2);
}

TEST(EditedTrigger, AFailedLegIsArmedAgainOnlyWhenItIsChanged) {
  auto current = two_leg();
  current.leg_1.state = LegState::failed;
  EXPECT_EQ(change(current, R"({"trigger_price_2":1750})")->trigger.leg_1.state, LegState::failed);
  EXPECT_EQ(change(current, R"({"quantity_1":5})")->trigger.leg_1.state, LegState::armed);
}

// What the store keeps of an edit, whatever it changes: a trigger that could never fire is none.
TEST(EditedTrigger, NoEditLeavesATriggerWithoutAnArmedLeg) {
  auto single = draft(body(""))->trigger;
  single.leg_1.state = LegState::failed;
  auto stop_failed = two_leg();
  stop_failed.leg_1.state = LegState::failed;
  auto target_failed = two_leg();
  target_failed.leg_2->state = LegState::failed;
  auto both_failed = stop_failed;
  both_failed.leg_2->state = LegState::failed;
  const auto has_armed = [](const model::Trigger& row) {
    return row.leg_1.state == LegState::armed || (row.leg_2 && row.leg_2->state == LegState::armed);
  };
  for (const auto& current : {single, stop_failed, target_failed, both_failed}) {
    for (const std::string_view text :
         {R"({})", R"({"condition_type":"single"})", R"({"transaction_type":"BUY"})",
          R"({"direction":">="})", R"({"direction":null})", R"({"expires_at":null})",
          R"({"purpose":"exit"})", R"({"condition_type":"single","direction":"<="})",
          R"({"condition_type":"single","transaction_type":"BUY"})", R"({"quantity_1":20})",
          R"({"condition_type":"single","quantity_1":20})", R"({"on_unknown":"retry"})"}) {
      const auto made = change(current, text);
      if (!made) {
        EXPECT_NE(made.error().field, "") << text;
        continue;
      }
      auto stored = current;
      store::apply_edit(stored, made->trigger, now);
      EXPECT_TRUE(has_armed(stored)) << text;
      EXPECT_EQ(stored.leg_1.state, made->trigger.leg_1.state) << text;
      if (stored.leg_2) EXPECT_EQ(stored.leg_2->state, made->trigger.leg_2->state) << text;
    }
  }
}

TEST(EditedTrigger, AStopAboveItsTargetIsRefused) {
  const auto made = change(two_leg(), R"({"trigger_price_1":1800})");
  ASSERT_FALSE(made);
  EXPECT_EQ(made.error().field, "trigger_price_1");
}

TEST(CrossedLevel, ASellStopAtOrAboveTheLastPriceIsCrossed) {
  const auto trigger = two_leg();  // 1500 and 1700
  const auto at = [&](int rupees) {
    return crossed_field(trigger, nullptr, Price::from_rupees(rupees)).value_or("none");
  };
  EXPECT_EQ(at(1499), "trigger_price_1");
  EXPECT_EQ(at(1500), "trigger_price_1");
  EXPECT_EQ(at(1501), "none");
  EXPECT_EQ(at(1699), "none");
  EXPECT_EQ(at(1700), "trigger_price_2");
}

TEST(CrossedLevel, ADirectionTurnsItRound) {
  auto trigger = draft(body(R"("direction":">=")"))->trigger;
  EXPECT_TRUE(crossed_field(trigger, nullptr, Price::from_rupees(1500)));
  EXPECT_FALSE(crossed_field(trigger, nullptr, Price::from_rupees(1499)));
}

TEST(CrossedLevel, AnEditThatDoesNotTouchTheLevelIsNotAskedAboutIt) {
  const auto before = two_leg();
  auto after = before;
  after.leg_1.quantity = 20;
  EXPECT_FALSE(crossed_field(after, &before, Price::from_rupees(1400)));
  after.leg_1.trigger_price = Price::from_rupees(1490);
  EXPECT_TRUE(crossed_field(after, &before, Price::from_rupees(1400)));
}

}  // namespace
}  // namespace hmt::api
