#include "sim/exchange.h"

#include <algorithm>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/instrument_list.h"

namespace hmt::sim {
namespace {

using model::OrderType;
using model::Product;
using model::Side;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

Price price(const char* text) {
  return *Price::parse(text);
}

constexpr Instant start{std::chrono::seconds(1'795'000'000)};

struct ExchangeTest : testing::Test {
  ExchangeTest() { exchange.add_user("AB1234", Price::from_rupees(1'000'000)); }

  Instant at(base::Duration after) const { return start + after; }
  const model::Instrument& infy() const { return *catalogue.find(408065); }
  void trade(const char* at_price, base::Duration after) {
    ASSERT_TRUE(prices.trade(infy(), price(at_price), at(after)));
    exchange.on_trade(infy(), at(after));
  }
  PlaceRequest limit(Side side, const char* at_price, std::int64_t quantity = 10) const {
    PlaceRequest out;
    out.trading_symbol = "INFY";
    out.side = side;
    out.quantity = quantity;
    out.price = price(at_price);
    out.tag = "TAG1";
    return out;
  }
  std::string place(const PlaceRequest& request, base::Duration after = 0ms) {
    const auto id = exchange.place("AB1234", request, at(after));
    EXPECT_TRUE(id) << id.error().message;
    return id.value_or("");
  }
  std::string refusal(const PlaceRequest& request) {
    const auto id = exchange.place("AB1234", request, at(0ms));
    EXPECT_FALSE(id);
    return id ? "" : id.error().error_type + ": " + id.error().message;
  }
  Order order(const std::string& id) const {
    const auto rows = exchange.history("AB1234", id);
    return rows ? rows->back() : Order{};
  }
  std::vector<std::string> statuses(const std::string& id) const {
    std::vector<std::string> out;
    const auto rows = exchange.history("AB1234", id);
    for (const Order& row : rows.value_or(std::vector<Order>{})) out.push_back(row.status);
    return out;
  }
  std::vector<std::string> told() {
    std::vector<std::string> out;
    for (const OrderUpdate& update : exchange.take_updates()) out.push_back(update.status);
    return out;
  }
  void change_rules(const std::function<void(ExchangeRules&)>& change) {
    ExchangeRules rules = exchange.rules();
    change(rules);
    exchange.set_rules(rules, at(0ms));
  }

  model::Catalogue catalogue{standard_instruments(base::trading_date(start))};
  Prices prices{catalogue, 1, start};
  Exchange exchange{ExchangeRules{}, prices};
};

TEST_F(ExchangeTest, ALimitOrderAtTheMarketRunsThroughEveryStatusToComplete) {
  trade("1500.00", 0ms);
  const auto id = place(limit(Side::buy, "1501.00"));
  EXPECT_THAT(statuses(id), ElementsAre("PUT ORDER REQ RECEIVED"));
  exchange.advance(at(1s));
  EXPECT_THAT(statuses(id), ElementsAre("PUT ORDER REQ RECEIVED", "VALIDATION PENDING",
                                        "OPEN PENDING", "OPEN", "COMPLETE"));
  EXPECT_EQ(order(id).average_price, price("1500.00"));
  EXPECT_EQ(order(id).filled_quantity, 10);
  EXPECT_EQ(order(id).exchange_order_id.size(), 16U);
  EXPECT_THAT(order(id).tags, ElementsAre("TAG1"));
  EXPECT_THAT(told(), ElementsAre("COMPLETE"));  // no word of the acceptance
  ASSERT_EQ(exchange.trades("AB1234").size(), 1U);
  EXPECT_EQ(exchange.trades("AB1234")[0].price, price("1500.00"));
}

TEST_F(ExchangeTest, AcceptanceAndFillTakeTheirDelays) {
  trade("1500.00", 0ms);
  const auto id = place(limit(Side::buy, "1501.00"));
  exchange.advance(at(39ms));
  EXPECT_EQ(order(id).status, "OPEN PENDING");
  exchange.advance(at(41ms));
  EXPECT_EQ(order(id).status, "OPEN");
  exchange.advance(at(78ms));
  EXPECT_EQ(order(id).status, "OPEN");
  exchange.advance(at(81ms));
  EXPECT_EQ(order(id).status, "COMPLETE");
}

struct MatchingCase {
  const char* name;
  Side side;
  const char* limit;
  const char* last;
  bool fills;
};

struct MatchingTable : ExchangeTest, testing::WithParamInterface<MatchingCase> {};

TEST_P(MatchingTable, FillsExactlyWhenTheLastPriceIsAtTheLimitOrBetter) {
  const auto& [name, side, limit_price, last, fills] = GetParam();
  trade("1500.00", 0ms);
  const auto id = place(limit(side, limit_price));
  exchange.advance(at(50ms));
  trade(last, 100ms);
  exchange.advance(at(1s));
  EXPECT_EQ(order(id).status, fills ? "COMPLETE" : "OPEN");
}

INSTANTIATE_TEST_SUITE_P(
    Exchange, MatchingTable,
    testing::Values(MatchingCase{"buy_above", Side::buy, "1490.00", "1490.10", false},
                    MatchingCase{"buy_at", Side::buy, "1490.00", "1490.00", true},
                    MatchingCase{"buy_below", Side::buy, "1490.00", "1489.90", true},
                    MatchingCase{"sell_below", Side::sell, "1510.00", "1509.90", false},
                    MatchingCase{"sell_at", Side::sell, "1510.00", "1510.00", true},
                    MatchingCase{"sell_above", Side::sell, "1510.00", "1510.10", true}),
    [](const auto& test) { return test.param.name; });

TEST_F(ExchangeTest, AStopLossWaitsForItsTriggerAndThenForItsLimit) {
  trade("1500.00", 0ms);
  PlaceRequest stop = limit(Side::sell, "1488.00");
  stop.type = OrderType::stop;
  stop.trigger_price = price("1490.00");
  const auto id = place(stop);
  exchange.advance(at(50ms));
  EXPECT_EQ(order(id).status, "TRIGGER PENDING");
  trade("1490.10", 100ms);
  EXPECT_EQ(order(id).status, "TRIGGER PENDING");
  trade("1485.00", 200ms);  // through the trigger and through the limit
  exchange.advance(at(1s));
  EXPECT_EQ(order(id).status, "OPEN");
  trade("1488.10", 2s);
  exchange.advance(at(3s));
  EXPECT_EQ(order(id).status, "COMPLETE");
  EXPECT_EQ(order(id).average_price, price("1488.10"));
  EXPECT_THAT(told(), ElementsAre("UPDATE", "COMPLETE"));
}

TEST_F(ExchangeTest, AStopMarketBecomesAProtectedLimitWhenItTriggers) {
  trade("1500.00", 0ms);
  PlaceRequest stop = limit(Side::buy, "0");
  stop.type = OrderType::stop_market;
  stop.trigger_price = price("1510.00");
  stop.market_protection = price("2");
  const auto id = place(stop);
  trade("1510.00", 100ms);
  exchange.advance(at(1s));
  EXPECT_EQ(order(id).status, "COMPLETE");
  EXPECT_EQ(order(id).terms.type, OrderType::limit);
  EXPECT_EQ(order(id).terms.price, price("1540.20"));
}

TEST_F(ExchangeTest, AMarketOrderIsShownAsALimitAtTheProtectedPrice) {
  trade("1500.00", 0ms);
  PlaceRequest market = limit(Side::sell, "0");
  market.type = OrderType::market;
  market.market_protection = price("-1");
  const auto id = place(market);
  exchange.advance(at(1s));
  EXPECT_EQ(order(id).terms.type, OrderType::limit);
  EXPECT_EQ(order(id).terms.price, price("1455.00"));
  EXPECT_THAT(order(id).tags, ElementsAre("TAG1", "mktp"));
  EXPECT_EQ(order(id).status, "COMPLETE");
}

TEST_F(ExchangeTest, AProtectedMarketOrderHangsWhenThePriceRunsAway) {
  trade("1500.00", 0ms);
  PlaceRequest market = limit(Side::buy, "0");
  market.type = OrderType::market;
  market.market_protection = price("1");
  const auto id = place(market);
  exchange.advance(at(30ms));
  trade("1530.00", 35ms);
  exchange.advance(at(2s));
  EXPECT_EQ(order(id).status, "OPEN");
  EXPECT_THAT(order(id).tags, ElementsAre("TAG1", "mktp:1.00"));
}

TEST_F(ExchangeTest, PartialFillsKeepTheOrderOpenAndAverageTheirPrices) {
  change_rules([](ExchangeRules& rules) { rules.fill_quantity_max = 4; });
  trade("1500.00", 0ms);
  const auto id = place(limit(Side::buy, "1510.00"));
  exchange.advance(at(85ms));
  EXPECT_EQ(order(id).status, "OPEN");
  EXPECT_EQ(order(id).filled_quantity, 4);
  EXPECT_EQ(order(id).pending_quantity, 6);
  trade("1505.00", 90ms);
  exchange.advance(at(1s));
  EXPECT_EQ(order(id).status, "COMPLETE");
  EXPECT_EQ(order(id).average_price, price("1503.00"));
  EXPECT_EQ(exchange.trades("AB1234").size(), 3U);
  EXPECT_THAT(told(), ElementsAre("UPDATE", "UPDATE", "COMPLETE"));
}

TEST_F(ExchangeTest, AnImmediateOrCancelOrderLeavesNothingBehind) {
  trade("1500.00", 0ms);
  PlaceRequest now_or_never = limit(Side::buy, "1490.00");
  now_or_never.validity = "IOC";
  const auto id = place(now_or_never);
  exchange.advance(at(1s));
  EXPECT_EQ(order(id).status, "CANCELLED");
  EXPECT_EQ(order(id).cancelled_quantity, 10);
}

TEST_F(ExchangeTest, TooLittleMoneyRejectsAfterRegistration) {
  trade("1500.00", 0ms);
  const auto id = place(limit(Side::buy, "1500.00", 1000));
  exchange.advance(at(1s));
  EXPECT_EQ(order(id).status, "REJECTED");
  EXPECT_EQ(order(id).status_message,
            "Insufficient funds. Required margin is 1500000.00 but available margin is "
            "1000000.00. Check the orderbook for open orders.");
  EXPECT_THAT(order(id).status_message_raw,
              StartsWith("RMS:Margin Exceeds,Required:1500000.00, Available:1000000.00"));
  EXPECT_EQ(exchange.ledger().size(), 1U);
}

TEST_F(ExchangeTest, TooLittleMoneyRefusesAtOnceWhenToldTo) {
  change_rules([](ExchangeRules& rules) { rules.check_margin_at_once = true; });
  trade("1500.00", 0ms);
  EXPECT_THAT(refusal(limit(Side::buy, "1500.00", 1000)),
              StartsWith("MarginException: Insufficient funds."));
  EXPECT_TRUE(exchange.ledger().empty());
}

TEST_F(ExchangeTest, MoneyBlockedByOneOrderIsMissingForTheNext) {
  trade("1500.00", 0ms);
  const auto first = place(limit(Side::buy, "1420.00", 500));
  const auto second = place(limit(Side::buy, "1420.00", 500));
  exchange.advance(at(1s));
  EXPECT_EQ(order(first).status, "OPEN");
  EXPECT_EQ(order(second).status, "REJECTED");
  EXPECT_EQ(exchange.funds("AB1234").available, Price::from_rupees(290'000));
}

TEST_F(ExchangeTest, RefusesWithTheBrokersOwnWords) {
  trade("1500.00", 0ms);
  PlaceRequest market = limit(Side::buy, "0");
  market.type = OrderType::market;
  EXPECT_EQ(refusal(market),
            "InputException: Market orders without market protection are not allowed via API. "
            "Please set market protection or use a Limit order.");
  EXPECT_THAT(refusal(limit(Side::buy, "1500.05")),
              HasSubstr("Tick size for this script is 0.10. Kindly enter price in the multiple"));
  EXPECT_THAT(refusal(limit(Side::buy, "1000.00")),
              HasSubstr("lower than the current lower circuit limit of 1415.7. Place an order"));
  PlaceRequest stop = limit(Side::sell, "1505.00");
  stop.type = OrderType::stop;
  stop.trigger_price = price("1510.00");
  EXPECT_THAT(refusal(stop), HasSubstr("Trigger price for stoploss sell orders should be lower"));
  PlaceRequest unknown = limit(Side::buy, "1500.00");
  unknown.trading_symbol = "INFYX";
  EXPECT_THAT(refusal(unknown), HasSubstr("expired or does not exist"));
  PlaceRequest tagged = limit(Side::buy, "1500.00");
  tagged.tag = "ABCDEFGHIJKLMNOPQRSTU";
  EXPECT_THAT(refusal(tagged), HasSubstr("`tag`"));
  EXPECT_THAT(refusal(limit(Side::buy, "1500.00", 0)), HasSubstr("greater than zero"));
  EXPECT_THAT(refusal(limit(Side::buy, "1500.00", 100'001)), HasSubstr("100000"));
  change_rules([](ExchangeRules& rules) { rules.market_open = false; });
  EXPECT_EQ(refusal(limit(Side::buy, "1500.00")),
            "InputException: Your order could not be converted to a After Market Order (AMO).");
  EXPECT_TRUE(exchange.ledger().empty());
  EXPECT_TRUE(exchange.orders("AB1234").empty());
}

TEST_F(ExchangeTest, ALotMustBeWhole) {
  const auto found = std::ranges::find_if(catalogue.all(), [](const model::Instrument& row) {
    return row.instrument_type == "FUT" && row.name == "NIFTY";
  });
  ASSERT_NE(found, catalogue.all().end());
  PlaceRequest odd;
  odd.exchange = model::Exchange::nfo;
  odd.trading_symbol = found->trading_symbol;
  odd.product = Product::nrml;
  odd.price = prices.last(*found);
  odd.quantity = 66;
  EXPECT_THAT(refusal(odd), HasSubstr("lot size 65"));
  odd.quantity = 65;
  place(odd);
}

TEST_F(ExchangeTest, AnAfterMarketOrderWaitsForTheOpening) {
  change_rules([](ExchangeRules& rules) { rules.market_open = false; });
  trade("1500.00", 0ms);
  PlaceRequest later = limit(Side::buy, "1500.00");
  later.variety = "amo";
  const auto id = place(later);
  exchange.advance(at(10s));
  EXPECT_EQ(order(id).status, "AMO REQ RECEIVED");
  ExchangeRules open = exchange.rules();
  open.market_open = true;
  exchange.set_rules(open, at(11s));
  exchange.advance(at(12s));
  EXPECT_EQ(order(id).status, "COMPLETE");
}

TEST_F(ExchangeTest, AModificationGoesThroughItsStatusesAndMayFill) {
  trade("1500.00", 0ms);
  const auto id = place(limit(Side::buy, "1480.00"));
  exchange.advance(at(50ms));
  ASSERT_TRUE(exchange.modify("AB1234", id,
                              {.type = {},
                               .quantity = 20,
                               .disclosed_quantity = {},
                               .price = price("1500.00"),
                               .trigger_price = {},
                               .validity = {}},
                              at(60ms)));
  exchange.advance(at(1s));
  EXPECT_THAT(statuses(id), ElementsAre("PUT ORDER REQ RECEIVED", "VALIDATION PENDING",
                                        "OPEN PENDING", "OPEN", "MODIFY VALIDATION PENDING",
                                        "MODIFY PENDING", "MODIFIED", "OPEN", "COMPLETE"));
  EXPECT_EQ(order(id).filled_quantity, 20);
  EXPECT_TRUE(order(id).modified);
}

TEST_F(ExchangeTest, TheTwentySixthModificationIsRefused) {
  trade("1500.00", 0ms);
  const auto id = place(limit(Side::buy, "1480.00"));
  exchange.advance(at(50ms));
  ModifyRequest more;
  more.quantity = 11;
  for (int i = 0; i < 25; ++i) EXPECT_TRUE(exchange.modify("AB1234", id, more, at(60ms)));
  const auto refused = exchange.modify("AB1234", id, more, at(60ms));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().message, "Maximum allowed order modifications exceeded.");
}

TEST_F(ExchangeTest, ACancelledOrderIsFinal) {
  trade("1500.00", 0ms);
  const auto id = place(limit(Side::buy, "1480.00"));
  EXPECT_FALSE(exchange.cancel("AB1234", id, at(1ms))) << "still on its way";
  exchange.advance(at(50ms));
  EXPECT_FALSE(exchange.cancel("ZZ9999", id, at(60ms))) << "somebody else's";
  ASSERT_TRUE(exchange.cancel("AB1234", id, at(60ms)));
  trade("1470.00", 100ms);
  exchange.advance(at(1s));
  EXPECT_EQ(order(id).status, "CANCELLED");
  EXPECT_FALSE(exchange.cancel("AB1234", id, at(2s)));
  EXPECT_FALSE(exchange.modify("AB1234", id, {}, at(2s)));
}

TEST_F(ExchangeTest, TestsCanFillRejectAndCancelByHand) {
  change_rules([](ExchangeRules& rules) { rules.auto_fill = false; });
  trade("1500.00", 0ms);
  const auto filled = place(limit(Side::buy, "1500.00"));
  const auto rejected = place(limit(Side::buy, "1500.00"));
  exchange.advance(at(1s));
  EXPECT_EQ(order(filled).status, "OPEN");
  ASSERT_TRUE(exchange.force_fill(filled, 3, price("1499.00"), at(2s)));
  EXPECT_EQ(order(filled).filled_quantity, 3);
  EXPECT_FALSE(exchange.force_fill(filled, 8, {}, at(2s)));
  ASSERT_TRUE(exchange.force_end(filled, "CANCELLED", "price band", at(3s)));
  EXPECT_EQ(order(filled).cancelled_quantity, 7);
  ASSERT_TRUE(exchange.force_end(rejected, "REJECTED", "circuit", at(3s)));
  EXPECT_EQ(order(rejected).status_message, "circuit");
  EXPECT_FALSE(exchange.force_end(rejected, "REJECTED", "again", at(3s)));
}

TEST_F(ExchangeTest, AStaleBookShowsOrdersAsTheyWere) {
  trade("1500.00", 0ms);
  const auto old = place(limit(Side::buy, "1500.00"));
  exchange.advance(at(5s));
  place(limit(Side::buy, "1500.00"), 10s);
  exchange.advance(at(15s));
  EXPECT_EQ(exchange.orders("AB1234").size(), 2U);
  const auto stale = exchange.orders_as_of("AB1234", at(5ms));
  ASSERT_EQ(stale.size(), 1U);
  EXPECT_EQ(stale[0].order_id, old);
  EXPECT_EQ(stale[0].status, "PUT ORDER REQ RECEIVED");
}

TEST_F(ExchangeTest, OrderIdsAreLongUniqueAndGrow) {
  trade("1500.00", 0ms);
  std::string before;
  for (int i = 0; i < 100; ++i) {
    const auto id = place(limit(Side::buy, "1480.00", 1));
    EXPECT_EQ(id.size(), 19U);
    EXPECT_GT(id, before);
    before = id;
  }
}

TEST_F(ExchangeTest, TheLedgerRemembersEveryRegisteredOrder) {
  trade("1500.00", 0ms);
  const auto id = place(limit(Side::sell, "1500.00"), 7ms);
  ASSERT_EQ(exchange.ledger().size(), 1U);
  const LedgerEntry& entry = exchange.ledger()[0];
  EXPECT_EQ(entry.order_id, id);
  EXPECT_EQ(entry.tag, "TAG1");
  EXPECT_EQ(entry.trading_symbol, "INFY");
  EXPECT_EQ(entry.accepted_at, at(7ms));
}

}  // namespace
}  // namespace hmt::sim
