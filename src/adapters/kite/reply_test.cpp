#include "kite/reply.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kite/checksum.h"

namespace hmt::kite {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using testing::Not;

net::HttpResponse json(int status, std::string body) {
  return {status, {{"content-type", "application/json; charset=utf-8"}}, std::move(body)};
}

TEST(Reply, APlacedOrderHasItsId) {
  const auto envelope =
      read_envelope(R"({"status":"success","data":{"order_id":"1953341975595868160"}})");
  EXPECT_TRUE(envelope.whole);
  EXPECT_TRUE(envelope.success);
  EXPECT_EQ(envelope.order_id, "1953341975595868160");
}

TEST(Reply, ARefusalHasTypeAndWordsInAnyOrderOfKeys) {
  const auto envelope = read_envelope(
      R"({"data":{"order_id":"9"},"error_type":"MarginException","message":"Insufficient funds.",
          "status":"error"})");
  EXPECT_TRUE(envelope.whole);
  EXPECT_FALSE(envelope.success);
  EXPECT_EQ(envelope.error_type, "MarginException");
  EXPECT_EQ(envelope.message, "Insufficient funds.");
  EXPECT_EQ(envelope.order_id, "") << "an id inside an error places nothing";
}

TEST(Reply, AnOrderIdThatCameAsANumberKeepsAllItsDigits) {
  EXPECT_EQ(
      read_envelope(R"({"status":"success","data":{"order_id":1953341975595868161}})").order_id,
      "1953341975595868161");
}

TEST(Reply, WhatIsNotTheEnvelopeIsNotWhole) {
  for (const auto* body :
       {"", "null", "[]", "{}", "<html><h1>502 Bad Gateway</h1></html>", R"({"status":"maybe"})",
        R"({"status":"success","data":{"order_id":"1"}} trailing)",
        R"({"status":"success","data":{"order_id":"15122)",
        R"({"status":"success","data":{"order_id":"1"})"}) {
    EXPECT_FALSE(read_envelope(body).whole) << body;
  }
}

TEST(Reply, ALongMessageIsCutToWhatAPersonReads) {
  const auto body = R"({"status":"error","message":")" + std::string(5'000'000, 'x') + R"("})";
  EXPECT_EQ(read_envelope(body).message.size(), 500u);
}

TEST(Reply, AMessageIsCutBetweenTwoCharacters) {
  const auto body = R"({"status":"error","message":"x)" + std::string(300, '-') + [] {
    std::string rupees;
    for (int i = 0; i < 100; ++i) rupees += "₹";
    return rupees;
  }() + R"("})";
  const auto message = read_envelope(body).message;
  EXPECT_EQ(message.size(), 301 + 66 * 3);
  EXPECT_TRUE(message.ends_with("₹"));
}

// PostgreSQL takes no row with a NUL in it: what became of the order would be on no record.
TEST(Reply, WhatIsNoCharacterIsASpaceInItsWords) {
  EXPECT_EQ(read_envelope(R"({"status":"error","message":"a\u0000b"})").message, "a b");
}

TEST(Reply, AnOrderIdThatNoTableHoldsIsNone) {
  const auto body = [](const std::string& id) {
    return R"({"status":"success","data":{"order_id":")" + id + R"("}})";
  };
  EXPECT_EQ(read_envelope(body(std::string(100, '1'))).order_id, std::string(100, '1'));
  EXPECT_EQ(read_envelope(body(std::string(101, '1'))).order_id, "");
  EXPECT_EQ(read_envelope(body("1\\u0000")).order_id, "");
}

TEST(Reply, CompressedOrOtherBodiesAreNotTheBrokersJson) {
  EXPECT_TRUE(announces_json(json(200, "")));
  EXPECT_FALSE(announces_json({200, {{"Content-Type", "text/html"}}, ""}));
  EXPECT_FALSE(announces_json({200, {}, ""}));
  EXPECT_FALSE(announces_json(
      {200, {{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}, ""}));
}

struct Case {
  int status;
  const char* type;
  const char* message;
  ErrorKind expected;
};

TEST(Reply, EachAnswerHasOneMeaning) {
  const Case cases[]{
      {403, "TokenException", "Incorrect `api_key` or `access_token`.", ErrorKind::refused},
      {403, "PermissionException", "Insufficient permission.", ErrorKind::refused},
      {400, "InputException", "Missing or empty field `exchange`", ErrorKind::refused},
      {400, "MarginException", "Insufficient funds.", ErrorKind::refused},
      {400, "OrderException", "Order request timed out. Please check.", ErrorKind::unavailable},
      {404, "DataException", "Route not found", ErrorKind::not_found},
      {429, "NetworkException", "Too many requests", ErrorKind::exhausted},
      {500, "GeneralException", "Something", ErrorKind::unavailable},
      {502, "DataException", "OMS down", ErrorKind::unavailable},
      {503, "NetworkException", "API down", ErrorKind::unavailable},
      {200, "TokenException", "Token is invalid", ErrorKind::refused},
      {200, "NetworkException", "Request failed", ErrorKind::unavailable},
  };
  for (const auto& c : cases) {
    const auto result =
        check_reply(json(c.status, std::string(R"({"status":"error","data":null,"error_type":")") +
                                       c.type + R"(","message":")" + c.message + R"("})"));
    ASSERT_FALSE(result) << c.status << c.type;
    EXPECT_EQ(result.error().kind, c.expected) << c.status << c.type;
    EXPECT_THAT(result.error().message, HasSubstr(c.message));
    EXPECT_EQ(result.error().field,
              std::string_view(c.type) == "TokenException" ? "access_token" : "");
  }
}

TEST(Reply, AGatewaysHtmlIsAnOutageAndAnHtmlSuccessIsCorrupt) {
  const std::string html = "<html><body>secret of the gateway</body></html>";
  const auto outage = check_reply({502, {{"Content-Type", "text/html"}}, html});
  ASSERT_FALSE(outage);
  EXPECT_EQ(outage.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(outage.error().message, Not(HasSubstr("secret")));
  EXPECT_EQ(check_reply({200, {{"Content-Type", "text/html"}}, html}).error().kind,
            ErrorKind::corrupt);
  EXPECT_EQ(check_reply(json(200, R"({"status":"succ)")).error().kind, ErrorKind::corrupt);
  EXPECT_EQ(check_reply(json(302, "")).error().kind, ErrorKind::corrupt);
  EXPECT_TRUE(check_reply(json(200, R"({"status":"success","data":true})")));
}

TEST(Reply, TheOrderBookIsReadRowByRow) {
  const auto orders = read_orders(R"({"status":"success","data":[
    {"placed_by":"AB1234","order_id":"100000000000000","exchange_order_id":null,
     "status":"REJECTED","status_message":"Insufficient funds.","exchange":"CDS",
     "tradingsymbol":"USDINR26DECFUT","transaction_type":"BUY","product":"NRML","quantity":1,
     "price":83.0025,"average_price":0,"filled_quantity":0,"pending_quantity":0,
     "cancelled_quantity":0,"meta":{},"tag":null,"guid":"x"},
    {"order_id":"3","exchange":"MF","status":"COMPLETE"},
    {"order_id":"2","status":"OPEN","exchange":"NFO","tags":["T0123456789ABCDEFGHJ"]}]})");
  ASSERT_TRUE(orders);
  ASSERT_EQ(orders->size(), 2u) << "the mutual fund order is not ours";
  EXPECT_EQ((*orders)[0].account, "AB1234");
  EXPECT_EQ((*orders)[0].exchange, model::Exchange::cds);
  EXPECT_EQ((*orders)[0].status_message, "Insufficient funds.");
  EXPECT_EQ((*orders)[1].tag, "T0123456789ABCDEFGHJ");
}

TEST(Reply, ADayWithoutOrdersIsAnEmptyBook) {
  EXPECT_TRUE(read_orders(R"({"status":"success","data":[]})").value().empty());
  EXPECT_TRUE(read_orders(R"({"status":"success","data":null})").value().empty());
}

TEST(Reply, ABookWithOneUnreadableRowProvesNothing) {
  for (const auto* body : {R"({"status":"success"})", R"({"status":"success","data":{}})",
                           R"({"status":"success","data":[null]})",
                           R"({"status":"success","data":[{"status":"OPEN"}]})",
                           R"({"status":"success","data":[{"order_id":"1"},{"order_id":""}]})",
                           R"({"status":"success","data":[{"order_id":"1"})"}) {
    const auto orders = read_orders(body);
    ASSERT_FALSE(orders) << body;
    EXPECT_EQ(orders.error().kind, ErrorKind::corrupt);
  }
}

TEST(Reply, TheProfileNamesTheUser) {
  const auto account = read_profile(R"({"status":"success","data":{"user_id":"AB1234",
    "user_type":"individual","user_name":"A Trader","exchanges":["NSE","NFO"],"avatar_url":null,
    "meta":{"demat_consent":"physical"}}})");
  ASSERT_TRUE(account);
  EXPECT_EQ(account->user_id, "AB1234");
  EXPECT_EQ(account->user_name, "A Trader");
  EXPECT_THAT(account->exchanges, testing::ElementsAre("NSE", "NFO"));
  EXPECT_FALSE(read_profile(R"({"status":"success","data":{}})"));
}

TEST(Reply, TradesAreExactFillsOfTheDay) {
  const auto trades = read_trades(R"({"status":"success","data":[
    {"trade_id":"41","order_id":"1953341975595868160","tradingsymbol":"USDINR26DECFUT",
     "transaction_type":"SELL","quantity":3,"average_price":83.0025,"product":"NRML",
     "fill_timestamp":"2026-11-23 09:16:39","order_timestamp":"09:16:39","more":null}]})");
  ASSERT_TRUE(trades) << trades.error().message;
  ASSERT_EQ(trades->size(), 1U);
  const auto& trade = trades->front();
  EXPECT_EQ(trade.order_id, "1953341975595868160");
  EXPECT_EQ(trade.side, model::Side::sell);
  EXPECT_EQ(trade.quantity, 3);
  EXPECT_EQ(trade.price.text(), "83.0025");
  EXPECT_EQ(base::to_broker_time(*trade.filled_at), "2026-11-23 09:16:39");
  EXPECT_TRUE(read_trades(R"({"status":"success","data":null})")->empty());
}

TEST(Reply, ATradeThatMakesNoSenseSpoilsTheList) {
  for (const auto* row :
       {R"({"order_id":"7","transaction_type":"BUY","quantity":1})",
        R"({"order_id":"7","transaction_type":"HOLD","quantity":1,"average_price":5})",
        R"({"order_id":"7","transaction_type":"BUY","quantity":0,"average_price":5})",
        R"({"transaction_type":"BUY","quantity":1,"average_price":5})", "7"}) {
    EXPECT_FALSE(read_trades(R"({"status":"success","data":[)" + std::string(row) + "]}")) << row;
  }
  EXPECT_FALSE(read_trades(R"({"status":"success","data":{}})"));
}

TEST(Reply, MarginsAreExactAndMayBeLarge) {
  const auto margins = read_margins(R"({"status":"success","data":{
    "equity":{"enabled":true,"net":99725.05000000002,"available":{"cash":1}},
    "commodity":{"enabled":true,"net":250000000.75}}})");
  ASSERT_TRUE(margins);
  EXPECT_EQ(margins->equity_net.text(), "99725.05");
  EXPECT_EQ(margins->commodity_net.text(), "250000000.00") << "past what a price may be: rupees";
  EXPECT_EQ(read_margins(R"({"status":"success","data":{"equity":{"net":-1.5}}})")->equity_net,
            base::Price::parse("-1.5").value());
  EXPECT_FALSE(read_margins(R"({"status":"success","data":[]})"));
}

TEST(Reply, QuotesHaveTheBandOfTheDay) {
  const auto quotes = read_quotes(R"({"status":"success","data":{
    "NSE:INFY":{"instrument_token":408065,"timestamp":"2026-11-23 15:45:56","last_price":1412.95,
      "ohlc":{"open":1396},"depth":{"buy":[{"price":0,"quantity":0,"orders":0}]},
      "lower_circuit_limit":1250.7,"upper_circuit_limit":1528.6},
    "NSE:NIFTY 50":{"instrument_token":256265,"last_price":26000}}})");
  ASSERT_TRUE(quotes);
  ASSERT_EQ(quotes->size(), 2u);
  EXPECT_EQ((*quotes)[0].instrument, "NSE:INFY");
  EXPECT_EQ((*quotes)[0].token, 408065u);
  EXPECT_EQ((*quotes)[0].last_price.text(), "1412.95");
  EXPECT_EQ((*quotes)[0].lower_circuit->text(), "1250.70");
  EXPECT_EQ((*quotes)[0].upper_circuit->text(), "1528.60");
  EXPECT_FALSE((*quotes)[1].lower_circuit);
  EXPECT_FALSE(read_quotes(R"({"status":"success","data":{"NSE:INFY":{"last_price":"x"}}})"));
  EXPECT_FALSE(read_quotes(R"({"status":"success","data":{"NSE:INFY":null}})"));
}

TEST(Reply, CandlesAreExactAndInIndiasTime) {
  const auto candles = read_candles(
      R"({"status":"success","data":{"candles":[["2026-11-23T09:15:00+0530",1573.15,1574,1570.05,
      1571.5,120034],["2026-11-23T09:16:00+0530",83.0025,83.01,83,83.0050,0,17]]}})");
  ASSERT_TRUE(candles) << candles.error().message;
  ASSERT_EQ(candles->size(), 2U);
  EXPECT_EQ(candles->at(0).start, *base::parse_rfc3339("2026-11-23T03:45:00Z"));
  EXPECT_EQ(candles->at(0).open.text(), "1573.15");
  EXPECT_EQ(candles->at(0).volume, 120034);
  EXPECT_EQ(candles->at(1).close.text(), "83.005");
  const auto none = read_candles(R"({"status":"success","data":{"candles":[]}})");
  EXPECT_TRUE(none && none->empty());
}

TEST(Reply, ACandleThatMakesNoSenseSpoilsThemAll) {
  for (const auto* row :
       {R"(["2026-11-23T09:15:00+0530",1,2,3,4])", R"(["2026-11-23T09:15:00Z",1,2,3,4,5])",
        R"(["2026-11-23",1,2,3,4,5])", R"(["2026-11-23T09:15:00+0530",1,2,null,4,5])",
        R"(["2026-11-23T09:15:00+0530",1,2,3,4,"many"])", R"(7)"}) {
    const auto body = R"({"status":"success","data":{"candles":[)" + std::string(row) + "]}}";
    EXPECT_FALSE(read_candles(body)) << row;
  }
  EXPECT_FALSE(read_candles(R"({"status":"success","data":{}})"));
  EXPECT_FALSE(read_candles("<html>"));
}

TEST(Reply, ASessionHasItsToken) {
  const auto session = read_session(R"({"status":"success","data":{"user_id":"XX0000",
    "access_token":"abc","refresh_token":"","login_time":"2026-11-23 08:15:14"}})");
  ASSERT_TRUE(session);
  EXPECT_EQ(session->user_id, "XX0000");
  EXPECT_EQ(session->access_token, "abc");
  EXPECT_FALSE(read_session(R"({"status":"success","data":{"user_id":"XX0000"}})"));
}

TEST(Checksum, IsTheHashOfKeyRequestTokenAndSecret) {
  EXPECT_EQ(session_checksum("key", "request", "secret"),
            "e4465f58be6159d2a7f087f4292515e9d631b4f91e056b53e6f14456222ff709");
}

}  // namespace
}  // namespace hmt::kite
