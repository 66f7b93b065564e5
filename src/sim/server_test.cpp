#include "sim/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <map>
#include <optional>

#include "net/http_client.h"
#include "net/test_peers.h"
#include "sim/accounts.h"
#include "sim/json.h"

namespace hmt::sim {
namespace {

using namespace std::chrono_literals;
using net::HttpOutcome;
using net::HttpRequest;
using net::Reach;
using testing::HasSubstr;
using testing::StartsWith;

const std::string authorization = "token simkey:simtoken";

SimConfig quiet_config() {
  SimConfig out;
  out.moving_prices = false;
  out.exchange.acceptance_delay = 6ms;
  out.exchange.fill_delay = 2ms;
  return out;
}

net::ClientOptions impatient() {
  net::ClientOptions out;
  out.total_timeout = 300ms;
  return out;
}

// Nothing where there is nothing, so that a failed test ends and does not crash.
Json member(const Json& from, std::string_view name) {
  const Json* found = from.find(name);
  return found ? *found : Json{};
}
std::string text_of(const Json& list, std::size_t row, std::string_view name) {
  return row < list.items.size() ? member(list.items[row], name).text : "";
}

// A trader's program on one side, the simulated broker on the other, real sockets between.
struct ServerTest : testing::Test {
  void serve(SimConfig config = quiet_config()) {
    server = std::make_unique<Server>(loop, std::move(config));
    const auto address = server->listen("127.0.0.1:0");
    ASSERT_TRUE(address) << address.error().message;
    origin = net::parse_origin("http://" + *address).value();
    client.emplace(loop, origin, impatient());
    ASSERT_TRUE(server->set_price("NSE:INFY", Price::from_rupees(1500)));
  }
  void TearDown() override {
    client.reset();
    server.reset();
  }

  HttpOutcome ask(std::string method, std::string target, std::string body = {},
                  std::string auth = authorization) {
    HttpRequest request{.method = std::move(method),
                        .target = std::move(target),
                        .headers = {{"Authorization", std::move(auth)},
                                    {"Content-Type", "application/x-www-form-urlencoded"}},
                        .body = std::move(body)};
    std::optional<HttpOutcome> out;
    const auto done = [&](HttpOutcome outcome) { out = std::move(outcome); };
    if (request.method == "GET") {
      client->get(std::move(request), done);
    } else {
      client->send_once(std::move(request), [] { return true; }, done);
    }
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return out.value_or(HttpOutcome{});
  }
  Json get(const std::string& target) {
    const auto outcome = ask("GET", target);
    EXPECT_EQ(outcome.response.status, 200) << target << ' ' << outcome.response.body;
    EXPECT_EQ(net::header(outcome.response.headers, "content-type"), "application/json");
    const auto body = parse_json(outcome.response.body);
    if (!body || !body->find("data")) return {};
    return *body->find("data");
  }
  HttpOutcome place(const std::string& tag, const std::string& more = "&order_type=LIMIT") {
    return ask("POST", "/orders/regular",
               "exchange=NSE&tradingsymbol=INFY&transaction_type=BUY&product=CNC&quantity=10"
               "&price=1500.0&tag=" +
                   tag + more);
  }
  std::string placed_id(const HttpOutcome& outcome) {
    const auto body = parse_json(outcome.response.body);
    const Json* data = body ? body->find("data") : nullptr;
    const Json* id = data ? data->find("order_id") : nullptr;
    return id ? id->text : "";
  }
  void control(const std::string& what, const std::string& body = "{}") {
    EXPECT_EQ(ask("POST", "/sim/" + what, body).response.status, 200) << what << body;
  }
  void fault(const std::string& json) { control("faults", R"({"faults":[)" + json + "]}"); }

  // The tags in the order book, with their statuses.
  std::map<std::string, std::string> book() {
    std::map<std::string, std::string> out;
    for (const Json& row : get("/orders").items) {
      out[row.find("tag")->text] = row.find("status")->text;
    }
    return out;
  }
  bool book_becomes(const std::map<std::string, std::string>& wanted) {
    for (int i = 0; i < 200; ++i) {
      if (book() == wanted) return true;
      loop.run_for(10ms);
    }
    return false;
  }

  net::test::TestLoop loop;
  std::unique_ptr<Server> server;
  net::Origin origin;
  std::optional<net::HttpClient> client;
};

SimConfig without_limits() {
  SimConfig out = quiet_config();
  out.limits = {.orders_per_second = 0,
                .orders_per_minute = 0,
                .orders_per_day = 0,
                .quotes_per_second = 0,
                .candles_per_second = 0,
                .others_per_second = 0};
  return out;
}

TEST_F(ServerTest, AListOfPricesTradesAtOnce) {
  serve();
  control("prices",
          R"([{"instrument":"NSE:INFY","price":"1510.2"},{"instrument":"NSE:ITC","price":"401"}])");
  const Json last = get("/quote/ltp?i=NSE:INFY&i=NSE:ITC");
  EXPECT_EQ(last.find("NSE:INFY")->find("last_price")->text, "1510.2");
  EXPECT_EQ(last.find("NSE:ITC")->find("last_price")->text, "401");
  EXPECT_EQ(
      ask("POST", "/sim/prices", R"([{"instrument":"NSE:NONE","price":"1"}])").response.status,
      404);
}

TEST_F(ServerTest, ALoginGivesATokenThatOpensTheDoor) {
  serve();
  const std::string checksum = sha256_hex("simkeyrt42simsecret");
  const auto session =
      ask("POST", "/session/token", "api_key=simkey&request_token=rt42&checksum=" + checksum, "");
  EXPECT_EQ(session.response.status, 200);
  EXPECT_THAT(session.response.body, HasSubstr(R"("access_token":"simtoken")"));
  EXPECT_EQ(member(get("/user/profile"), "user_id").text, "SIM001");
  EXPECT_EQ(ask("DELETE", "/session/token?api_key=simkey&access_token=simtoken").response.body,
            R"({"status":"success","data":true})");
  const auto after = ask("GET", "/user/profile");
  EXPECT_EQ(after.response.status, 403);
  EXPECT_EQ(after.response.body,
            R"({"status":"error","message":"Incorrect `api_key` or `access_token`.",)"
            R"("data":null,"error_type":"TokenException"})");
}

TEST_F(ServerTest, TheLoginPageLeadsBackToTheAppWithARequestToken) {
  SimConfig config = quiet_config();
  config.accounts.emplace_back().redirect_url = "http://127.0.0.1:8080/kite";
  serve(config);
  EXPECT_THAT(ask("GET", "/connect/login?v=3&api_key=simkey").response.body, HasSubstr("finish?"));
  const auto back = ask("GET", "/connect/finish?api_key=simkey&redirect_params=a%3D1");
  EXPECT_EQ(back.response.status, 302);
  const std::string location(net::header(back.response.headers, "Location"));
  EXPECT_THAT(location, StartsWith("http://127.0.0.1:8080/kite?request_token="));
  EXPECT_THAT(location, testing::EndsWith("&action=login&status=success&a=1"));
}

TEST_F(ServerTest, EachAccountHasItsOwnBookLimitAndDay) {
  SimConfig config = quiet_config();
  config.limits.orders_per_second = 1;
  serve(config);
  control("account",
          R"({"api_key":"second","api_secret":"s","user_id":"AB1234","access_token":"t"})");
  const std::string order =
      "exchange=NSE&tradingsymbol=INFY&transaction_type=BUY&product=CNC&quantity=10"
      "&order_type=LIMIT&price=1500.0&tag=";
  EXPECT_EQ(place("ours").response.status, 200);
  EXPECT_EQ(place("toofast").response.status, 429);
  const auto theirs = [&](const char* method, const char* target, const std::string& body = {}) {
    return ask(method, target, body, "token second:t").response;
  };
  EXPECT_EQ(theirs("POST", "/orders/regular", order + "theirs").status, 200);
  EXPECT_TRUE(book_becomes({{"ours", "COMPLETE"}}));
  EXPECT_THAT(theirs("GET", "/orders").body, testing::Not(HasSubstr("ours")));
  EXPECT_THAT(theirs("GET", "/user/profile").body, HasSubstr("AB1234"));
  EXPECT_EQ(text_of(get("/sim/ledger"), 1, "user_id"), "AB1234");

  control("expire", R"({"api_key":"second"})");
  EXPECT_EQ(theirs("GET", "/orders").status, 403);
  EXPECT_EQ(ask("GET", "/orders").response.status, 200);
  const auto taken =
      ask("POST", "/sim/account", R"({"api_key":"second","api_secret":"s","user_id":"CD5678"})");
  EXPECT_EQ(taken.response.status, 400);
  EXPECT_THAT(taken.response.body, HasSubstr("another account's"));
}

TEST_F(ServerTest, AnOrderGoesFromTheFormToTheBookAndTheTrades) {
  serve();
  const auto outcome = place("My+Tag%201");
  ASSERT_EQ(outcome.response.status, 200) << outcome.response.body;
  const std::string id = placed_id(outcome);
  EXPECT_TRUE(book_becomes({{"My Tag 1", "COMPLETE"}}));
  EXPECT_EQ(get("/orders/" + id).items.size(), 5U);
  EXPECT_EQ(get("/orders/" + id + "/trades").items.size(), 1U);
  EXPECT_EQ(text_of(get("/trades"), 0, "average_price"), "1500");
  EXPECT_EQ(text_of(member(get("/portfolio/positions"), "net"), 0, "quantity"), "10");
  EXPECT_EQ(text_of(get("/portfolio/holdings"), 0, "t1_quantity"), "10");
  EXPECT_EQ(member(get("/user/margins/equity"), "net").text, "9985000");
}

TEST_F(ServerTest, AWorkingOrderCanBeModifiedAndCancelled) {
  serve();
  control("price", R"({"instrument":"NSE:INFY","price":1550})");
  const std::string id = placed_id(place("W1"));
  ASSERT_TRUE(book_becomes({{"W1", "OPEN"}}));
  EXPECT_EQ(ask("PUT", "/orders/regular/" + id, "quantity=5").response.status, 200);
  EXPECT_EQ(text_of(get("/orders"), 0, "quantity"), "5");
  EXPECT_EQ(ask("DELETE", "/orders/regular/" + id).response.status, 200);
  EXPECT_TRUE(book_becomes({{"W1", "CANCELLED"}}));
  EXPECT_EQ(ask("DELETE", "/orders/regular/" + id).response.status, 400);
  EXPECT_EQ(ask("DELETE", "/orders/regular/12").response.status, 404);
}

TEST_F(ServerTest, AMissingFieldIsNamed) {
  serve();
  const auto outcome = ask("POST", "/orders/regular", "tradingsymbol=INFY");
  EXPECT_EQ(outcome.response.status, 400);
  EXPECT_THAT(outcome.response.body, HasSubstr("Missing or empty field `exchange`"));
  EXPECT_THAT(place("X", "&order_type=MARKT").response.body, HasSubstr("Invalid `order_type`."));
}

TEST_F(ServerTest, TheEleventhOrderOfASecondIsRefusedAndRefusedOrdersCount) {
  serve();
  std::map<int, int> statuses;
  for (int i = 0; i < 12; ++i) ++statuses[place("", "&order_type=MARKET").response.status];
  // All within one second on any machine that runs tests; a slower one would see fewer refusals.
  EXPECT_EQ(statuses[400], 10);
  EXPECT_EQ(statuses[429], 2);
  EXPECT_THAT(place("", "").response.body, HasSubstr("Too many requests"));
}

TEST_F(ServerTest, QuotesNameWhatWasAskedForAndLeaveOutTheUnknown) {
  serve(without_limits());
  const Json all = get("/quote?i=NSE:INFY&i=NSE:NIFTY+50&i=NSE:NIFTY%20BANK&i=NSE:NOSUCH");
  EXPECT_EQ(all.names, (std::vector<std::string>{"NSE:INFY", "NSE:NIFTY 50", "NSE:NIFTY BANK"}));
  EXPECT_EQ(all.items[0].find("last_price")->text, "1500");
  EXPECT_EQ(all.items[0].find("depth")->find("buy")->items.size(), 5U);
  EXPECT_NE(all.items[0].find("upper_circuit_limit"), nullptr);
  EXPECT_EQ(get("/quote/ltp?i=NSE:INFY").items[0].names.size(), 2U);
  EXPECT_NE(get("/quote/ohlc?i=NSE:INFY").items[0].find("ohlc"), nullptr);
  EXPECT_EQ(get("/oms/quote/ltp?i=NSE:INFY").items.size(), 1U) << "the sandbox's prefix";
}

TEST_F(ServerTest, OneQuoteASecondIsTheLimit) {
  serve();
  EXPECT_EQ(ask("GET", "/quote/ltp?i=NSE:INFY").response.status, 200);
  EXPECT_EQ(ask("GET", "/quote/ltp?i=NSE:INFY").response.status, 429);
}

TEST_F(ServerTest, TheDumpIsCsvAndCandlesAreArrays) {
  serve();
  const auto dump = ask("GET", "/instruments", {}, "");
  EXPECT_EQ(net::header(dump.response.headers, "content-type"), "text/csv");
  EXPECT_THAT(dump.response.body, StartsWith("instrument_token,exchange_token,tradingsymbol,"));
  const Json candles =
      get("/instruments/historical/408065/5minute?from=2026-11-16+09:15:00&to=2026-11-16+15:30:00");
  ASSERT_EQ(candles.find("candles")->items.size(), 75U);
  EXPECT_EQ(candles.find("candles")->items[0].items[0].text, "2026-11-16T09:15:00+0530");
  EXPECT_EQ(ask("GET", "/gtt/triggers").response.status, 501);
  EXPECT_EQ(ask("GET", "/no/such/route").response.status, 404);
}

TEST_F(ServerTest, LatencyDelaysEveryAnswerAndMayOutliveTheServer) {
  SimConfig config = quiet_config();
  config.latency = 60ms;
  serve(config);
  const auto asked = static_cast<net::Loop&>(loop).steady();
  EXPECT_EQ(ask("GET", "/user/profile").response.status, 200);
  EXPECT_GE(static_cast<net::Loop&>(loop).steady() - asked, 60ms);
  client->get({.target = "/sim/state", .headers = {}, .body = {}}, [](const HttpOutcome&) {});
  loop.run_for(20ms);
  server.reset();
  loop.run_for(80ms);
}

TEST_F(ServerTest, AClosedMarketRefusesWithTheAmoHint) {
  serve();
  control("market", R"({"open":false})");
  const auto outcome = place("C1");
  EXPECT_EQ(outcome.response.status, 400);
  EXPECT_THAT(outcome.response.body, HasSubstr(R"("data":{"hints":["switch_to_amo"]})"));
}

// What a client sees of one placement, and what the ledger knows of it.
struct FaultCase {
  const char* name;
  const char* fault;
  Reach reach;
  int status;
  const char* text;
  std::size_t placed;
};

struct FaultTable : ServerTest, testing::WithParamInterface<FaultCase> {};

TEST_P(FaultTable, ShowsTheClientOneThingAndTheLedgerTheTruth) {
  const FaultCase& test = GetParam();
  serve(without_limits());
  fault(test.fault);
  const auto outcome = place("T1");
  EXPECT_EQ(outcome.reach, test.reach) << outcome.error;
  EXPECT_EQ(outcome.response.status, test.reach == Reach::answered ? test.status : 200);
  EXPECT_THAT(outcome.response.body, HasSubstr(test.text));
  EXPECT_TRUE(loop.run_until([&] { return server->ledger().size() >= test.placed; }, 5s));
  ASSERT_EQ(server->ledger().size(), test.placed);
  if (test.placed == 1) EXPECT_EQ(server->ledger()[0].tag, "T1");
  EXPECT_EQ(place("T2").response.status, 200) << "the fault is used up";
}

INSTANTIATE_TEST_SUITE_P(
    Faults, FaultTable,
    testing::Values(
        FaultCase{"accept_then_timeout", R"({"kind":"accept_then_timeout"})", Reach::broken, 0, "",
                  1},
        FaultCase{"accept_then_reset", R"({"kind":"accept_then_reset"})", Reach::broken, 0, "", 1},
        FaultCase{"late_acceptance", R"({"kind":"late_acceptance","delay_ms":150})", Reach::broken,
                  0, "", 1},
        FaultCase{"late_acceptance_hanging",
                  R"({"kind":"late_acceptance","delay_ms":50,"answer":"hang"})", Reach::broken, 0,
                  "", 1},
        FaultCase{"late_acceptance_timeout_400",
                  R"({"kind":"late_acceptance","delay_ms":150,"answer":"timeout_400"})",
                  Reach::answered, 400, "Order request timed out.", 1},
        FaultCase{"timeout_400", R"({"kind":"timeout_400"})", Reach::answered, 400,
                  "Order request timed out. Please check the order book and confirm before "
                  "placing again.",
                  1},
        FaultCase{"timeout_400_not_placed", R"({"kind":"timeout_400_not_placed"})", Reach::answered,
                  400, "Order request timed out.", 0},
        FaultCase{"rate_429", R"({"kind":"rate_429"})", Reach::answered, 429, "NetworkException",
                  0},
        FaultCase{"error_5xx_html", R"({"kind":"error_5xx_html"})", Reach::answered, 502, "<html>",
                  0},
        FaultCase{"error_504_html_placed",
                  R"({"kind":"error_5xx_html","http_status":504,"placed":true})", Reach::answered,
                  504, "<html>", 1},
        FaultCase{"truncated_body", R"({"kind":"truncated_body"})", Reach::broken, 0, "", 1},
        FaultCase{"reject_after_accept", R"({"kind":"reject_after_accept"})", Reach::answered, 200,
                  "order_id", 1},
        FaultCase{"refuse_400",
                  R"({"kind":"refuse_400","error_type":"MarginException","message":"No money."})",
                  Reach::answered, 400, R"("message":"No money.","data":null,)", 0},
        FaultCase{"token_403", R"({"kind":"token_403"})", Reach::answered, 403, "TokenException",
                  0}),
    [](const auto& test) { return test.param.name; });

TEST_F(ServerTest, ARejectionAfterAcceptanceShowsInTheBook) {
  serve(without_limits());
  fault(R"({"kind":"reject_after_accept","message":"RMS says no"})");
  place("R1");
  EXPECT_TRUE(book_becomes({{"R1", "REJECTED"}}));
  EXPECT_EQ(text_of(get("/orders"), 0, "status_message"), "RMS says no");
}

TEST_F(ServerTest, AnOrderThatComesLateIsMissingFromTheBookAtFirst) {
  serve(without_limits());
  fault(R"({"kind":"late_acceptance","delay_ms":200,"answer":"timeout_400"})");
  place("L1");
  EXPECT_TRUE(book().empty());
  EXPECT_TRUE(book_becomes({{"L1", "COMPLETE"}}));
}

TEST_F(ServerTest, TheBookCanFailHangOrBeStale) {
  serve(without_limits());
  place("B1");
  ASSERT_TRUE(book_becomes({{"B1", "COMPLETE"}}));
  fault(R"({"kind":"book_5xx"},{"kind":"book_timeout"},{"kind":"book_stale"})");
  const auto failed = ask("GET", "/orders");
  EXPECT_EQ(failed.response.status, 502);
  EXPECT_THAT(failed.response.body, HasSubstr("<html>"));
  EXPECT_EQ(ask("GET", "/orders").reach, Reach::broken);
  EXPECT_TRUE(book().empty()) << "as it was a minute ago";
  EXPECT_EQ(book().size(), 1U);
}

TEST_F(ServerTest, OrdersCanBeSteeredByHandAndTheLedgerRead) {
  SimConfig config = without_limits();
  config.exchange.auto_fill = false;
  serve(config);
  const std::string id = placed_id(place("H1"));
  ASSERT_TRUE(book_becomes({{"H1", "OPEN"}}));
  control("order/" + id + "/fill", R"({"quantity":4,"price":"1499.5"})");
  EXPECT_EQ(text_of(get("/orders"), 0, "filled_quantity"), "4");
  control("order/" + id + "/cancel", R"({"message":"price band"})");
  EXPECT_TRUE(book_becomes({{"H1", "CANCELLED"}}));
  const Json ledger = get("/sim/ledger");
  ASSERT_EQ(ledger.items.size(), 1U);
  EXPECT_EQ(ledger.items[0].find("tag")->text, "H1");
  EXPECT_EQ(member(get("/sim/state"), "orders_accepted").text, "1");
  EXPECT_EQ(ask("POST", "/sim/order/" + id + "/fill", R"({"quantity":1})").response.status, 400);
  EXPECT_EQ(ask("POST", "/sim/faults", R"([{"kind":"nonsense"}])").response.status, 400);
}

}  // namespace
}  // namespace hmt::sim
