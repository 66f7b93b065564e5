#include "kite/rest.h"

#include <gmock/gmock.h>

#include "kite/checksum.h"
#include "kite/fake_broker.h"
#include "kite/kite.h"

namespace hmt::kite {
namespace {

using base::ErrorKind;
using model::Transport;
using test::json;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class RestTest : public testing::Test {
 protected:
  void make(KiteConfig config) {
    gateway = std::make_unique<RestGateway>(broker.loop, config,
                                            std::make_shared<AccessToken>(config.access_token));
  }

  // Waits for the answer to `ask`, which gets the continuation.
  template <class T>
  base::Result<T> wait(const std::function<void(broker::Done<T>)>& ask) {
    std::optional<base::Result<T>> out;
    ask([&](base::Result<T> result) { out = std::move(result); });
    EXPECT_TRUE(broker.loop.run_until([&] { return out.has_value(); }));
    return out ? *std::move(out) : base::Result<T>(base::fail(ErrorKind::unavailable, "no answer"));
  }

  base::Result<std::vector<model::BrokerOrder>> order_book() {
    return wait<std::vector<model::BrokerOrder>>(
        [&](auto done) { gateway->order_book(std::move(done)); });
  }

  model::PlaceAnswer place(const model::OrderRequest& request, bool last_check = true) {
    std::optional<model::PlaceAnswer> out;
    gateway->place(
        request, [last_check] { return last_check; },
        [&](model::PlaceAnswer answer) { out = std::move(answer); });
    EXPECT_TRUE(broker.loop.run_until([&] { return out.has_value(); }));
    return out.value_or(model::PlaceAnswer{});
  }

  static model::OrderRequest limit_order() {
    model::OrderRequest request;
    request.exchange = model::Exchange::nse;
    request.trading_symbol = "M&M";
    request.side = model::Side::sell;
    request.type = model::OrderType::limit;
    request.product = model::Product::cnc;
    request.quantity = 10;
    request.price = base::Price::parse("1499.95").value();
    request.tag = "T0123456789ABCDEFGHJ";
    return request;
  }

  test::FakeBroker broker;
  std::unique_ptr<RestGateway> gateway = std::make_unique<RestGateway>(
      broker.loop, broker.config(), std::make_shared<AccessToken>(broker.config().access_token));
};

using Fields = std::vector<std::pair<std::string, std::string>>;

TEST_F(RestTest, ALimitOrderIsSentAsAForm) {
  broker.say(json(200, R"({"status":"success","data":{"order_id":"1953341975595868160"}})"));
  const auto answer = place(limit_order());
  EXPECT_EQ(answer.transport, Transport::answered);
  EXPECT_EQ(answer.http_status, 200);
  EXPECT_TRUE(answer.well_formed);
  EXPECT_EQ(answer.order_id, "1953341975595868160");
  EXPECT_GT(answer.sent_at, base::Instant{});
  EXPECT_GE(answer.answered_at, answer.sent_at);
  ASSERT_EQ(broker.asked.size(), 1u);
  const auto& asked = broker.asked[0];
  EXPECT_EQ(asked.method, "POST");
  EXPECT_EQ(asked.target, "/orders/regular");
  EXPECT_EQ(net::header(asked.headers, "X-Kite-Version"), "3");
  EXPECT_EQ(net::header(asked.headers, "Authorization"), "token key:the+access/token");
  EXPECT_EQ(net::header(asked.headers, "Content-Type"), "application/x-www-form-urlencoded");
  EXPECT_EQ(net::header(asked.headers, "Accept-Encoding"), "identity") << "no compressed replies";
  EXPECT_EQ(net::parse_form(asked.body).value(), (Fields{{"exchange", "NSE"},
                                                         {"tradingsymbol", "M&M"},
                                                         {"transaction_type", "SELL"},
                                                         {"order_type", "LIMIT"},
                                                         {"quantity", "10"},
                                                         {"product", "CNC"},
                                                         {"validity", "DAY"},
                                                         {"price", "1499.95"},
                                                         {"tag", "T0123456789ABCDEFGHJ"}}));
}

TEST_F(RestTest, AMarketOrderAsksForTheBrokersProtection) {
  broker.say(json(200, R"({"status":"success","data":{"order_id":"1"}})"));
  auto request = limit_order();
  request.type = model::OrderType::market;
  request.market_protection = true;
  request.price.reset();
  place(request);
  const auto fields = net::parse_form(broker.asked.at(0).body).value();
  EXPECT_THAT(fields,
              testing::Contains(std::pair<std::string, std::string>("market_protection", "-1")));
  EXPECT_THAT(fields, Not(testing::Contains(testing::Key("price"))));
}

TEST_F(RestTest, WhatIsNotAnOrderOfOursIsNeverSent) {
  auto stop = limit_order();
  stop.type = model::OrderType::stop;
  EXPECT_EQ(place(stop).transport, Transport::not_sent);
  auto priceless = limit_order();
  priceless.price.reset();
  EXPECT_EQ(place(priceless).transport, Transport::not_sent);
  EXPECT_TRUE(broker.asked.empty());
}

TEST_F(RestTest, TheLastCheckCanStillHoldAnOrderBack) {
  const auto answer = place(limit_order(), false);
  EXPECT_EQ(answer.transport, Transport::not_sent);
  EXPECT_TRUE(broker.asked.empty());
}

TEST_F(RestTest, ARefusalIsHandedOnInTheBrokersWordsWithoutTheToken) {
  broker.say(json(403, R"({"status":"error","error_type":"TokenException","data":null,
                          "message":"Bad token the+access/token!"})"));
  const auto answer = place(limit_order());
  EXPECT_EQ(answer.http_status, 403);
  EXPECT_TRUE(answer.well_formed);
  EXPECT_EQ(answer.error_type, "TokenException");
  EXPECT_EQ(answer.message, "Bad token …!");
  EXPECT_EQ(answer.order_id, "");
}

TEST_F(RestTest, AnAnswerThatIsNotTheBrokersOwnIsNotWellFormed) {
  const std::vector<net::HttpResponse> answers{
      {502, {{"Content-Type", "text/html"}}, "<html>Bad Gateway</html>"},
      json(200, R"({"status":"success","data":{"order_id":"1")"),
      {200, {{"Content-Type", "text/html"}}, R"({"status":"success","data":{"order_id":"1"}})"},
      json(200, ""),
  };
  for (const auto& response : answers) broker.say(response);
  for (const auto& response : answers) {
    const auto answer = place(limit_order());
    EXPECT_EQ(answer.transport, Transport::answered) << response.body;
    EXPECT_EQ(answer.http_status, response.status);
    EXPECT_FALSE(answer.well_formed) << response.body;
    EXPECT_EQ(answer.order_id, "") << response.body;
  }
}

TEST_F(RestTest, AnOrderIdCountsOnlyInASuccess) {
  broker.say(json(500, R"({"status":"success","data":{"order_id":"1"}})"));
  broker.say(json(200, R"({"status":"error","message":"x","data":{"order_id":"1"}})"));
  EXPECT_EQ(place(limit_order()).order_id, "");
  EXPECT_EQ(place(limit_order()).order_id, "");
  EXPECT_EQ(broker.asked.size(), 2u);
}

TEST_F(RestTest, ACutAnswerAndAResetAreBrokenAndTheOrderLeavesOnce) {
  broker.say([](net::Incoming, net::Responder responder) {
    responder.send_truncated(json(200, R"({"status":"success","data":{"order_id":"1"}})"), 20);
  });
  broker.say([](net::Incoming, net::Responder responder) { responder.reset(); });
  EXPECT_EQ(place(limit_order()).transport, Transport::broken);
  EXPECT_EQ(place(limit_order()).transport, Transport::broken);
  EXPECT_EQ(broker.asked.size(), 2u);
}

TEST_F(RestTest, ASilentBrokerMakesTheOrderUnknownAfterTheTimeOut) {
  auto config = broker.config();
  config.order_timeout = std::chrono::milliseconds(100);
  make(config);
  broker.say([](net::Incoming, net::Responder responder) { responder.leave_hanging(); });
  EXPECT_EQ(place(limit_order()).transport, Transport::broken);
}

TEST_F(RestTest, ABrokerThatIsNotThereProvesThatNothingWasSent) {
  auto config = broker.config();
  config.rest.port = net::test::closed_port();
  make(config);
  const auto answer = place(limit_order());
  EXPECT_EQ(answer.transport, Transport::not_sent);
  EXPECT_NE(answer.message, "");
}

TEST_F(RestTest, ACancelNamesTheOrder) {
  broker.say(json(200, R"({"status":"success","data":{"order_id":"15/12"}})"));
  const auto id = wait<std::string>([&](auto done) { gateway->cancel("15/12", std::move(done)); });
  ASSERT_TRUE(id) << id.error().message;
  EXPECT_EQ(*id, "15/12");
  EXPECT_EQ(broker.asked.at(0).method, "DELETE");
  EXPECT_EQ(broker.asked.at(0).target, "/orders/regular/15%2F12");
}

TEST_F(RestTest, TheOrderBookAndAHistoryAreRead) {
  broker.say(json(200, R"({"status":"success","data":[{"order_id":"7","status":"OPEN"}]})"));
  const auto book = order_book();
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->at(0).order_id, "7");
  const auto history = wait<std::vector<model::BrokerOrder>>(
      [&](auto done) { gateway->order_history("7", std::move(done)); });
  ASSERT_TRUE(history);
  EXPECT_EQ(broker.asked.at(0).target, "/orders");
  EXPECT_EQ(broker.asked.at(1).target, "/orders/7");
}

TEST_F(RestTest, TheDaysTradesAreRead) {
  broker.say(json(200, R"({"status":"success","data":[{"trade_id":"1","order_id":"7",
      "transaction_type":"BUY","quantity":2,"average_price":1573.15}]})"));
  const auto trades =
      wait<std::vector<broker::Trade>>([&](auto done) { gateway->trades(std::move(done)); });
  ASSERT_TRUE(trades) << trades.error().message;
  EXPECT_EQ(trades->at(0).price.text(), "1573.15");
  EXPECT_EQ(broker.asked.at(0).target, "/trades");
}

TEST_F(RestTest, ALargeOrderBookIsReadWhole) {
  std::string body = R"({"status":"success","data":[)";
  for (int i = 0; i < 5000; ++i) {
    body += (i > 0 ? R"(,{"order_id":")" : R"({"order_id":")") + std::to_string(i) +
            R"(","status":"COMPLETE","status_message":")" + std::string(200, 'x') + R"("})";
  }
  broker.say(json(200, body + "]}"));
  const auto book = order_book();
  ASSERT_TRUE(book) << book.error().message;
  EXPECT_EQ(book->size(), 5000u);
}

TEST_F(RestTest, AQuestionThatBreaksOffAtOnceIsAskedOnceMore) {
  broker.say([](net::Incoming, net::Responder responder) { responder.reset(); });
  broker.say(json(200, R"({"status":"success","data":[]})"));
  EXPECT_TRUE(order_book());
  EXPECT_EQ(broker.asked.size(), 2u);
}

TEST_F(RestTest, AQuestionThatBreaksOffTwiceFails) {
  broker.say([](net::Incoming, net::Responder responder) { responder.reset(); });
  const auto book = order_book();
  ASSERT_FALSE(book);
  EXPECT_EQ(book.error().kind, ErrorKind::unavailable);
  EXPECT_EQ(broker.asked.size(), 2u);
}

TEST_F(RestTest, EveryFailureOfAQuestionHasItsKind) {
  broker.say(json(403, R"({"status":"error","error_type":"TokenException","message":"dead"})"));
  broker.say(json(429, R"({"status":"error","error_type":"NetworkException","message":"many"})"));
  broker.say(net::HttpResponse{502, {{"Content-Type", "text/html"}}, "<html></html>"});
  broker.say(json(200, R"({"status":"success","data":[{"order)"));
  for (const auto kind :
       {ErrorKind::refused, ErrorKind::exhausted, ErrorKind::unavailable, ErrorKind::corrupt}) {
    const auto book = order_book();
    ASSERT_FALSE(book);
    EXPECT_EQ(book.error().kind, kind) << book.error().message;
    EXPECT_THAT(book.error().message, Not(HasSubstr("the+access/token")));
  }
}

TEST_F(RestTest, ProfileAndMarginsAreAsked) {
  broker.say(json(200, R"({"status":"success","data":{"user_id":"AB1234"}})"));
  broker.say(json(200, R"({"status":"success","data":{"equity":{"net":5.5}}})"));
  const auto account = wait<broker::Account>([&](auto done) { gateway->profile(std::move(done)); });
  const auto margins = wait<broker::Margins>([&](auto done) { gateway->margins(std::move(done)); });
  ASSERT_TRUE(account);
  EXPECT_EQ(account->user_id, "AB1234");
  ASSERT_TRUE(margins);
  EXPECT_EQ(margins->equity_net.text(), "5.50");
  EXPECT_EQ(broker.asked.at(0).target, "/user/profile");
  EXPECT_EQ(broker.asked.at(1).target, "/user/margins");
}

TEST_F(RestTest, QuotesAreAskedInPartsOfFiveHundred) {
  broker.say(json(200, R"({"status":"success","data":{"NSE:A":{"last_price":1}}})"));
  broker.say(json(200, R"({"status":"success","data":{"NSE:B":{"last_price":2}}})"));
  broker.say(json(200, R"({"status":"success","data":{}})"));
  std::vector<std::string> instruments;
  for (int i = 0; i < 1001; ++i) instruments.push_back("NSE:S & " + std::to_string(i));
  const auto quotes = wait<std::vector<broker::Quote>>(
      [&](auto done) { gateway->quotes(instruments, std::move(done)); });
  ASSERT_TRUE(quotes) << quotes.error().message;
  EXPECT_EQ(quotes->size(), 2u);
  ASSERT_EQ(broker.asked.size(), 3u);
  std::vector<std::size_t> counts;
  for (const auto& asked : broker.asked) {
    const auto query = asked.target.substr(asked.target.find('?') + 1);
    const auto fields = net::parse_form(query).value();
    counts.push_back(fields.size());
    EXPECT_EQ(fields[0].first, "i");
    EXPECT_THAT(fields[0].second, HasSubstr("NSE:S & "));
  }
  EXPECT_THAT(counts, ElementsAre(500, 500, 1));
}

TEST_F(RestTest, NoInstrumentsNeedNoQuestion) {
  const auto quotes =
      wait<std::vector<broker::Quote>>([&](auto done) { gateway->quotes({}, std::move(done)); });
  ASSERT_TRUE(quotes);
  EXPECT_TRUE(quotes->empty());
  EXPECT_TRUE(broker.asked.empty());
}

const std::string dump =
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
    "lot_size,instrument_type,segment,exchange\n"
    "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n";

TEST_F(RestTest, TheInstrumentDumpIsRead) {
  broker.say(net::HttpResponse{200, {{"Content-Type", "text/csv"}}, dump});
  const auto found = wait<std::vector<model::Instrument>>(
      [&](auto done) { gateway->instruments(std::move(done)); });
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->at(0).trading_symbol, "INFY");
  EXPECT_EQ(broker.asked.at(0).target, "/instruments");
}

TEST_F(RestTest, ADumpThatIsCutShortIsNotTakenForTheMarket) {
  auto config = broker.config();
  config.instrument_rows_min = 2;
  make(config);
  broker.say(net::HttpResponse{200, {{"Content-Type", "text/csv"}}, dump});
  broker.say([](net::Incoming, net::Responder responder) {
    responder.send_truncated({200, {{"Content-Type", "text/csv"}}, dump + dump}, dump.size());
  });
  const auto ask = [&](auto done) { gateway->instruments(std::move(done)); };
  const auto few = wait<std::vector<model::Instrument>>(ask);
  ASSERT_FALSE(few);
  EXPECT_EQ(few.error().kind, ErrorKind::corrupt);
  const auto cut = wait<std::vector<model::Instrument>>(ask);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, ErrorKind::unavailable);
}

TEST_F(RestTest, ARequestTokenIsExchangedForASession) {
  broker.say(json(200, R"({"status":"success","data":{"user_id":"AB1234","access_token":"new"}})"));
  const auto session =
      wait<broker::Session>([&](auto done) { gateway->exchange_token("once", std::move(done)); });
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->access_token, "new");
  const auto& asked = broker.asked.at(0);
  EXPECT_EQ(asked.target, "/session/token");
  EXPECT_EQ(net::header(asked.headers, "Authorization"), "") << "there is no session yet";
  EXPECT_EQ(net::parse_form(asked.body).value(),
            (Fields{{"api_key", "key"},
                    {"request_token", "once"},
                    {"checksum", session_checksum("key", "once", "the-api-secret")}}));
  EXPECT_THAT(asked.body, Not(HasSubstr("the-api-secret")));
}

TEST_F(RestTest, ALaterSessionIsUsedFromTheNextCallOn) {
  broker.say(json(200, R"({"status":"success","data":[]})"));
  gateway->use_session("tomorrow");
  ASSERT_TRUE(order_book());
  EXPECT_EQ(net::header(broker.asked.at(0).headers, "Authorization"), "token key:tomorrow");
}

TEST_F(RestTest, WhatIsUnderWayEndsWithTheGateway) {
  broker.say([](net::Incoming, net::Responder responder) { responder.leave_hanging(); });
  int ended = 0;
  gateway->order_book([&](auto book) { ended += book ? 0 : 1; });
  gateway->quotes({"NSE:INFY"}, [&](auto quotes) { ended += quotes ? 0 : 1; });
  gateway->place(
      limit_order(), [] { return true; },
      [&](const model::PlaceAnswer& answer) {
        ended += answer.transport == Transport::broken ? 1 : 0;
      });
  EXPECT_TRUE(broker.loop.run_until([&] { return broker.asked.size() == 3; }));
  gateway.reset();
  EXPECT_EQ(ended, 3);
}

}  // namespace
}  // namespace hmt::kite
