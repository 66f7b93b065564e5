#include "oms/request.h"

#include <gtest/gtest.h>
#include <limits>

namespace hmt::oms {
namespace {

using namespace std::chrono_literals;
using model::LegNumber;
using model::Price;

model::Trigger two_leg_sell() {
  model::Trigger trigger;
  trigger.exchange = model::Exchange::nfo;
  trigger.trading_symbol = "NIFTY26NOV26000CE";
  trigger.side = model::Side::sell;
  trigger.condition = model::Condition::two_leg;
  trigger.leg_1 = {.product = model::Product::nrml,
                   .trigger_price = Price::from_rupees(100),
                   .order_price = std::nullopt,
                   .quantity = 75};
  trigger.leg_2 = model::Leg{.product = model::Product::mis,
                             .trigger_price = Price::from_rupees(200),
                             .order_price = Price::from_rupees(199),
                             .quantity = 150};
  return trigger;
}

TEST(Request, WithAnOrderPriceItIsALimitOrderAtThatPrice) {
  const auto request = request_for(two_leg_sell(), LegNumber::two, "T2");
  EXPECT_EQ(request.type, model::OrderType::limit);
  EXPECT_EQ(request.price, Price::from_rupees(199));
  EXPECT_FALSE(request.market_protection);
  EXPECT_EQ(request.product, model::Product::mis);
  EXPECT_EQ(request.quantity, 150);
}

TEST(Request, WithoutAnOrderPriceItIsAMarketOrderWithProtection) {
  const auto request = request_for(two_leg_sell(), LegNumber::one, "T1");
  EXPECT_EQ(request.type, model::OrderType::market);
  EXPECT_EQ(request.price, std::nullopt);
  EXPECT_TRUE(request.market_protection);
  EXPECT_EQ(request.product, model::Product::nrml);
  EXPECT_EQ(request.quantity, 75);
}

TEST(Request, ItCarriesTheTriggersInstrumentSideAndTheTag) {
  const auto request = request_for(two_leg_sell(), LegNumber::one, "T1");
  EXPECT_EQ(request.exchange, model::Exchange::nfo);
  EXPECT_EQ(request.trading_symbol, "NIFTY26NOV26000CE");
  EXPECT_EQ(request.side, model::Side::sell);
  EXPECT_EQ(request.tag, "T1");
}

TEST(RetryDelay, DoublesEachTime) {
  EXPECT_EQ(retry_delay(1s, 1), 1s);
  EXPECT_EQ(retry_delay(1s, 2), 2s);
  EXPECT_EQ(retry_delay(1s, 3), 4s);
  EXPECT_EQ(retry_delay(250ms, 3), 1s);
}

TEST(RetryDelay, IsNeverLongerThanAMinuteUnlessTheBaseIs) {
  EXPECT_EQ(retry_delay(1s, 7), 1min);
  EXPECT_EQ(retry_delay(1s, std::numeric_limits<int>::max()), 1min);
  EXPECT_EQ(retry_delay(90s, 5), 90s);
}

TEST(RetryDelay, IsNeverNegative) {
  EXPECT_EQ(retry_delay(0s, 5), 0s);
  EXPECT_EQ(retry_delay(-1s, 5), 0s);
  EXPECT_EQ(retry_delay(1s, 0), 1s);
  EXPECT_EQ(retry_delay(1s, -5), 1s);
  EXPECT_EQ(retry_delay(base::Duration::max(), 3), base::Duration::max());
}

}  // namespace
}  // namespace hmt::oms
