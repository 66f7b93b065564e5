#include "kite/text.h"

#include <gtest/gtest.h>

namespace hmt::kite {
namespace {

const std::string update = R"({"type":"order","id":"","data":{
  "account_id":"AB1234","unfilled_quantity":0,"checksum":"","placed_by":"AB1234",
  "order_id":"1953341975595868160","exchange_order_id":null,"parent_order_id":null,
  "status":"COMPLETE","status_message":null,"status_message_raw":null,
  "order_timestamp":"2026-11-23 09:24:25","exchange_update_timestamp":"2026-11-23 09:24:25",
  "exchange_timestamp":"2026-11-23 09:24:25","variety":"regular","exchange":"NSE",
  "tradingsymbol":"SBIN","instrument_token":779521,"order_type":"LIMIT",
  "transaction_type":"SELL","validity":"DAY","product":"MIS","quantity":150,
  "disclosed_quantity":0,"price":470.1,"trigger_price":0,"average_price":470.05,
  "filled_quantity":100,"pending_quantity":30,"cancelled_quantity":20,"market_protection":0,
  "meta":{"iceberg":{"leg":1}},"tag":"T0123456789ABCDEFGHJ","tags":["T0123456789ABCDEFGHJ"],
  "guid":"x","brand_new_key":[1,{"a":[]}]}})";

TEST(TextFrame, AnOrderUpdateIsReadWhole) {
  const auto frame = read_text_frame(update);
  ASSERT_EQ(frame.kind, TextKind::order);
  const auto& order = frame.order;
  EXPECT_EQ(order.order_id, "1953341975595868160") << "19 digits, never a double";
  EXPECT_EQ(order.tag, "T0123456789ABCDEFGHJ");
  EXPECT_EQ(order.status, "COMPLETE");
  EXPECT_EQ(order.status_message, "");
  EXPECT_EQ(order.account, "AB1234");
  EXPECT_EQ(order.exchange, model::Exchange::nse);
  EXPECT_EQ(order.trading_symbol, "SBIN");
  EXPECT_EQ(order.side, model::Side::sell);
  EXPECT_EQ(order.product, model::Product::mis);
  EXPECT_EQ(order.quantity, 150);
  EXPECT_EQ(order.filled_quantity, 100);
  EXPECT_EQ(order.pending_quantity, 30);
  EXPECT_EQ(order.cancelled_quantity, 20);
  ASSERT_TRUE(order.average_price);
  EXPECT_EQ(order.average_price->text(), "470.05");
  ASSERT_TRUE(order.order_time);
  EXPECT_EQ(base::to_broker_time(*order.order_time), "2026-11-23 09:24:25");
}

model::BrokerOrder order_of(const std::string& data) {
  const auto frame = read_text_frame(R"({"data":)" + data + R"(,"type":"order"})");
  EXPECT_EQ(frame.kind, TextKind::order) << data;
  return frame.order;
}

TEST(TextFrame, AnOrderWithAlmostNothingInItIsStillAnOrder) {
  const auto order = order_of(R"({"order_id":"1","status":null,"exchange":null,"quantity":null})");
  EXPECT_EQ(order.order_id, "1");
  EXPECT_EQ(order.status, "");
  EXPECT_EQ(order.quantity, 0);
  EXPECT_FALSE(order.average_price);
  EXPECT_FALSE(order.order_time);
}

TEST(TextFrame, TheBrokersWordsAreCutToWhatEveryTableHolds) {
  const auto order = order_of(R"({"order_id":"1","status":"REJECTED","status_message":")" +
                              std::string(20'000, 'x') + R"("})");
  EXPECT_EQ(order.status_message, std::string(500, 'x'));
  EXPECT_EQ(order.status, "REJECTED");
}

TEST(TextFrame, AnAverageOfManyFillsIsRoundedAtTheSeventhDecimal) {
  EXPECT_EQ(order_of(R"({"order_id":"1","average_price": 1412.950000000004 })").average_price,
            base::Price::parse("1412.95").value());
  EXPECT_EQ(order_of(R"({"order_id":"1","average_price":1.5e3})").average_price,
            base::Price::from_rupees(1500));
  EXPECT_FALSE(order_of(R"({"order_id":"1","average_price":0})").average_price)
      << "nothing is filled yet";
}

TEST(TextFrame, OurTagIsFoundAmongTheBrokersOwn) {
  EXPECT_EQ(order_of(R"({"order_id":"1","tag":null,
                         "tags":["mktp","mktp:2.00","T0123456789ABCDEFGHJ"]})")
                .tag,
            "T0123456789ABCDEFGHJ");
  EXPECT_EQ(order_of(R"({"order_id":"1","tag":"mktp","tags":["T0123456789ABCDEFGHJ"]})").tag,
            "T0123456789ABCDEFGHJ");
  EXPECT_EQ(order_of(R"({"order_id":"1","tag":"my own","tags":["my own"]})").tag, "my own");
  EXPECT_EQ(
      order_of(R"({"order_id":"1","tags":["X0123456789ABCDEFGHJ","t0123456789abcdefghj"]})").tag,
      "");
}

TEST(TextFrame, TheBrokersRawWordsAreUsedWhenThereAreNoOthers) {
  EXPECT_EQ(order_of(R"({"order_id":"1","status_message":null,
                         "status_message_raw":"RMS:Margin Exceeds"})")
                .status_message,
            "RMS:Margin Exceeds");
}

TEST(TextFrame, AnOrderOfAKindThatWeNeverSendIsNotOursUnlessItCarriesOurTag) {
  EXPECT_EQ(read_text_frame(R"({"type":"order","data":{"order_id":"1","exchange":"NSEIX"}})").kind,
            TextKind::unknown);
  EXPECT_EQ(read_text_frame(R"({"type":"order","data":{"order_id":"1","product":"CO",
                              "tag":"T0123456789ABCDEFGHJ"}})")
                .kind,
            TextKind::order);
}

TEST(TextFrame, NoticesAreForPeople) {
  const auto error = read_text_frame(R"({"type":"error","data":"Invalid \"mode\""})");
  EXPECT_EQ(error.kind, TextKind::error);
  EXPECT_EQ(error.text, "Invalid \"mode\"");
  const auto message = read_text_frame(R"({"type":"message","data":"Markets close at 3:30"})");
  EXPECT_EQ(message.kind, TextKind::message);
  EXPECT_EQ(message.text, "Markets close at 3:30");
}

TEST(TextFrame, ATypeThatWeDoNotKnowIsIgnored) {
  EXPECT_EQ(read_text_frame(R"({"type":"instruments_meta","data":{"count":1,"etag":"x"}})").kind,
            TextKind::unknown);
}

TEST(TextFrame, WhatIsNoFrameIsMalformed) {
  for (const auto* text :
       {"", " ", "null", "[]", "{}", "hello", R"({"type":1.5e999})", R"({"type":"order"})",
        R"({"type":"order","data":null})", R"({"type":"order","data":{"status":"OPEN"}})",
        R"({"type":"order","data":{"order_id":"1","filled_quantity":"x"}})",
        R"({"type":"order","data":{"order_id":"1"})"}) {
    EXPECT_EQ(read_text_frame(text).kind, TextKind::malformed) << text;
  }
}

TEST(TextFrame, AFrameCutAnywhereIsMalformed) {
  for (std::size_t size = 0; size < update.size(); ++size) {
    EXPECT_EQ(read_text_frame(update.substr(0, size)).kind, TextKind::malformed) << size;
  }
}

}  // namespace
}  // namespace hmt::kite
