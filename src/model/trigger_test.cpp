#include "model/trigger.h"

#include <functional>
#include <gtest/gtest.h>

namespace hmt::model {
namespace {

Price rupees(std::string_view text) {
  return Price::parse(text).value();
}

Instrument future() {
  Instrument out;
  out.token = 100U << 8 | static_cast<InstrumentToken>(Segment::nfo);
  out.exchange = Exchange::nfo;
  out.trading_symbol = "INFY26NOVFUT";
  out.segment = "NFO-FUT";
  out.tick_size = rupees("0.05");
  out.lot_size = 400;
  return out;
}

Trigger two_leg_sell() {
  Trigger trigger;
  trigger.trading_symbol = "INFY26NOVFUT";
  trigger.exchange = Exchange::nfo;
  trigger.instrument_token = future().token;
  trigger.condition = Condition::two_leg;
  trigger.side = Side::sell;
  trigger.leg_1 = {.product = Product::nrml,
                   .trigger_price = rupees("1500"),
                   .order_price = rupees("1499.95"),
                   .quantity = 400};
  trigger.leg_2 = trigger.leg_1;
  trigger.leg_2->trigger_price = rupees("1600");
  trigger.leg_2->order_price = std::nullopt;
  return trigger;
}

// The column that is refused after this change; "" when none is.
std::string refused(const std::function<void(Trigger&)>& change, bool instrument_known = true) {
  auto trigger = two_leg_sell();
  change(trigger);
  const auto instrument = future();
  const auto checked = check_trigger(trigger, instrument_known ? &instrument : nullptr);
  if (checked) return "";
  EXPECT_EQ(checked.error().kind, base::ErrorKind::invalid);
  EXPECT_FALSE(checked.error().message.empty());
  return checked.error().field;
}

void make_single(Trigger& trigger) {
  trigger.condition = Condition::single;
  trigger.leg_2.reset();
}

TEST(TriggerCheck, AGoodOneIsTakenWithAndWithoutItsInstrument) {
  const auto nothing = [](Trigger&) {};
  EXPECT_EQ(refused(nothing), "");
  EXPECT_EQ(refused(nothing, false), "");
  EXPECT_EQ(refused(make_single), "");
}

TEST(TriggerCheck, EachWrongFieldIsNamedByItsColumn) {
  EXPECT_EQ(refused([](Trigger& t) { t.trading_symbol.clear(); }), "trading_symbol");
  EXPECT_EQ(refused([](Trigger& t) { t.trading_symbol.assign(65, 'A'); }), "trading_symbol");
  EXPECT_EQ(refused([](Trigger& t) { t.instrument_token = 0x100; }), "instrument_token");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.trigger_price = Price{}; }), "trigger_price_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.trigger_price = rupees("-1"); }), "trigger_price_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.trigger_price = rupees("1500.005"); }),
            "trigger_price_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.order_price = Price{}; }), "order_price_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.order_price = rupees("1499.97"); }), "order_price_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.quantity = 0; }), "quantity_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.quantity = -400; }), "quantity_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.quantity = 10'000'001; }, false), "quantity_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.quantity = 401; }), "quantity_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_2->trigger_price = rupees("1600.001"); }),
            "trigger_price_2");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_2->order_price = rupees("-5"); }), "order_price_2");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_2->quantity = 0; }), "quantity_2");
}

TEST(TriggerCheck, ATriggerPriceNeedNotBeOnATickButOnTheWire) {
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.trigger_price = rupees("1500.01"); }), "");
}

TEST(TriggerCheck, WithoutTheInstrumentTicksAndLotsAreNotJudged) {
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.order_price = rupees("1499.97"); }, false), "");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_1.quantity = 401; }, false), "");
}

TEST(TriggerCheck, TheLegsOfATwoLegHaveToFitItsSide) {
  EXPECT_EQ(refused([](Trigger& t) { t.leg_2.reset(); }), "trigger_price_2");
  EXPECT_EQ(refused([](Trigger& t) { t.direction = Direction::rising; }), "direction");
  EXPECT_EQ(refused([](Trigger& t) { std::swap(t.leg_1, *t.leg_2); }), "trigger_price_1");
  EXPECT_EQ(refused([](Trigger& t) { t.leg_2->trigger_price = t.leg_1.trigger_price; }),
            "trigger_price_1");
  EXPECT_EQ(refused([](Trigger& t) { t.side = Side::buy; }), "trigger_price_1");
  EXPECT_EQ(refused([](Trigger& t) {
              t.side = Side::buy;
              std::swap(t.leg_1, *t.leg_2);
            }),
            "");
}

TEST(TriggerCheck, ASingleTriggerHasOneLegAndMayHaveADirection) {
  EXPECT_EQ(refused([](Trigger& t) { t.condition = Condition::single; }), "trigger_price_2");
  EXPECT_EQ(refused([](Trigger& t) {
              make_single(t);
              t.direction = Direction::rising;
            }),
            "");
}

TEST(TriggerCheck, AnIndexCannotBeTraded) {
  auto index = future();
  index.segment = "INDICES";
  const auto checked = check_trigger(two_leg_sell(), &index);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().field, "trading_symbol");
}

TEST(Direction, ContractFiveOneCellAtATime) {
  auto trigger = two_leg_sell();
  EXPECT_EQ(direction_of(trigger, LegNumber::one), Direction::falling);
  EXPECT_EQ(direction_of(trigger, LegNumber::two), Direction::rising);
  trigger.side = Side::buy;
  EXPECT_EQ(direction_of(trigger, LegNumber::one), Direction::rising);
  EXPECT_EQ(direction_of(trigger, LegNumber::two), Direction::falling);
  make_single(trigger);
  trigger.direction = Direction::falling;
  EXPECT_EQ(direction_of(trigger, LegNumber::one), Direction::falling) << "a dip is bought";
}

TEST(Purpose, ExitsAreTwoLegsAndSalesUnlessTheOwnerSaysOtherwise) {
  auto trigger = two_leg_sell();
  EXPECT_EQ(purpose_of(trigger), Purpose::exit);
  trigger.side = Side::buy;
  EXPECT_EQ(purpose_of(trigger), Purpose::exit);
  make_single(trigger);
  EXPECT_EQ(purpose_of(trigger), Purpose::entry);
  trigger.purpose = Purpose::exit;
  EXPECT_EQ(purpose_of(trigger), Purpose::exit) << "a short position is bought back";
}

}  // namespace
}  // namespace hmt::model
