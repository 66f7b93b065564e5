#include <deque>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <span>

#include "net/http_client.h"
#include "net/test_peers.h"
#include "net/web_socket.h"
#include "sim/json.h"
#include "sim/server.h"

namespace hmt::sim {
namespace {

using namespace std::chrono_literals;
using Binary = std::vector<std::uint8_t>;

constexpr std::string_view credentials = "/?api_key=simkey&access_token=simtoken";

// A subscriber, and all that it was sent.
struct Listener {
  net::WebSocket socket;
  bool opened = false;
  std::vector<Binary> ticks;
  std::vector<std::string> texts;
  int heartbeats = 0;
  std::optional<net::WebSocketClosed> closed;

  void connect(net::Loop& loop, const net::Origin& origin,
               std::string target = std::string(credentials)) {
    net::WebSocketHandlers handlers;
    handlers.on_open = [this] { opened = true; };
    handlers.on_text = [this](std::string_view text) { texts.emplace_back(text); };
    handlers.on_binary = [this](std::span<const std::uint8_t> bytes) {
      if (bytes.size() == 1) {
        ++heartbeats;
      } else {
        ticks.emplace_back(bytes.begin(), bytes.end());
      }
    };
    handlers.on_closed = [this](net::WebSocketClosed how) { closed = std::move(how); };
    socket = net::connect_web_socket(loop, origin, std::move(target), {}, std::move(handlers), {});
  }
};

std::uint32_t u32(const Binary& from, std::size_t at) {
  return static_cast<std::uint32_t>(from.at(at)) << 24 |
         static_cast<std::uint32_t>(from.at(at + 1)) << 16 |
         static_cast<std::uint32_t>(from.at(at + 2)) << 8 | from.at(at + 3);
}
std::size_t u16(const Binary& from, std::size_t at) {
  return static_cast<std::size_t>(from.at(at) << 8 | from.at(at + 1));
}

struct TickerTest : testing::Test {
  void serve(SimConfig config = {}) {
    config.moving_prices = false;
    config.heartbeat = 20ms;
    config.exchange.acceptance_delay = 3ms;
    config.exchange.fill_delay = 1ms;
    server = std::make_unique<Server>(loop, std::move(config));
    origin = net::parse_origin("ws://" + server->listen("127.0.0.1:0").value()).value();
  }
  Listener& listen(std::string target = std::string(credentials)) {
    Listener& out = listeners.emplace_back();
    out.connect(loop, origin, std::move(target));
    EXPECT_TRUE(loop.run_until([&] { return out.opened || out.closed; }, 5s));
    return out;
  }
  void wait_for_ticks(Listener& at, std::size_t count) {
    EXPECT_TRUE(loop.run_until([&] { return at.ticks.size() >= count; }, 5s));
    ASSERT_GE(at.ticks.size(), count);
  }
  void place(const std::string& tag) {
    net::HttpClient client(loop, net::parse_origin("http://127.0.0.1:" + port()).value(), {});
    bool done = false;
    client.send_once(
        {.method = "POST",
         .target = "/orders/regular",
         .headers = {{"Authorization", "token simkey:simtoken"},
                     {"Content-Type", "application/x-www-form-urlencoded"}},
         .body = "exchange=NSE&tradingsymbol=INFY&transaction_type=BUY&product=CNC"
                 "&quantity=10&order_type=LIMIT&price=1500&tag=" +
                 tag},
        [] { return true; },
        [&](const net::HttpOutcome& outcome) {
          done = true;
          EXPECT_EQ(outcome.response.status, 200) << outcome.response.body;
        });
    EXPECT_TRUE(loop.run_until([&] { return done; }, 5s));
  }
  std::string port() const { return std::to_string(origin.port); }
  bool set_infy(std::int64_t rupees) {
    return server->set_price("NSE:INFY", Price::from_rupees(rupees)).has_value();
  }
  static std::string tag_of(const std::string& text) {
    const auto message = parse_json(text);
    const Json* data = message ? message->find("data") : nullptr;
    return data && data->find("tag") ? data->find("tag")->text : "";
  }
  std::vector<std::string> tags(const Listener& at) {
    std::vector<std::string> out;
    for (const std::string& text : at.texts) out.push_back(tag_of(text));
    return out;
  }

  net::test::TestLoop loop;
  std::unique_ptr<Server> server;
  net::Origin origin;
  std::deque<Listener> listeners;
};

TEST_F(TickerTest, ASubscriptionIsAnsweredWithTheLastKnownPacketInQuoteMode) {
  serve();
  Listener& trader = listen("/?uid=17&access_token=simtoken&api_key=simkey&user_id=SIM001");
  trader.socket.send_text(R"({"a":"subscribe","v":[408065,256265]})");
  wait_for_ticks(trader, 1);
  const Binary& frame = trader.ticks[0];
  EXPECT_EQ(u16(frame, 0), 2U) << "one frame holds both packets";
  EXPECT_EQ(u16(frame, 2), 44U);
  EXPECT_EQ(u32(frame, 4), 408065U);
  EXPECT_EQ(u16(frame, 48), 28U);
  EXPECT_EQ(u32(frame, 50), 256265U);
}

TEST_F(TickerTest, ACachedFullPacketTellsItsAge) {
  serve();
  Listener& trader = listen();
  trader.socket.send_text(R"({"a":"mode","v":["full",[408065]]})");
  wait_for_ticks(trader, 1);
  ASSERT_EQ(u16(trader.ticks[0], 2), 184U);
  const auto now = std::chrono::floor<std::chrono::seconds>(static_cast<net::Loop&>(loop).now());
  const std::int64_t traded = u32(trader.ticks[0], 4 + 44);
  EXPECT_LT(traded, now.time_since_epoch().count() - 3600 * 12);
}

TEST_F(TickerTest, APriceReachesEachSubscriberInItsMode) {
  serve();
  Listener& a = listen();
  Listener& b = listen();
  a.socket.send_text(R"({"a":"subscribe","v":[408065]})");
  a.socket.send_text(R"({"a":"mode","v":["ltp",[408065]]})");
  b.socket.send_text(R"({"a":"mode","v":["full",[408065]]})");
  wait_for_ticks(a, 2);
  wait_for_ticks(b, 1);
  ASSERT_TRUE(set_infy(1580));
  wait_for_ticks(a, 3);
  wait_for_ticks(b, 2);
  EXPECT_EQ(u16(a.ticks[2], 2), 8U);
  EXPECT_EQ(u32(a.ticks[2], 8), 158000U);
  EXPECT_EQ(u16(b.ticks[1], 2), 184U);
  EXPECT_EQ(u32(b.ticks[1], 8), 158000U);
}

TEST_F(TickerTest, TokensInQuotesGetNoTicksAndNoError) {
  serve();
  Listener& trader = listen();
  trader.socket.send_text(R"({"a":"subscribe","v":["408065",12.5,-1,null]})");
  trader.socket.send_text("nonsense");
  trader.socket.send_text(R"({"a":"subscribe","v":[884737]})");
  wait_for_ticks(trader, 1);
  EXPECT_EQ(u16(trader.ticks[0], 0), 1U);
  EXPECT_EQ(u32(trader.ticks[0], 4), 884737U);
}

TEST_F(TickerTest, AnUnsubscribedTokenIsSilent) {
  serve();
  Listener& trader = listen();
  trader.socket.send_text(R"({"a":"subscribe","v":[408065,884737]})");
  wait_for_ticks(trader, 1);
  trader.socket.send_text(R"({"a":"unsubscribe","v":[408065]})");
  trader.socket.send_text(R"({"a":"subscribe","v":[341249]})");
  wait_for_ticks(trader, 2);  // so the unsubscription has been read
  ASSERT_TRUE(set_infy(1580));
  ASSERT_TRUE(server->set_price("NSE:TATAMOTORS", Price::from_rupees(390)));
  wait_for_ticks(trader, 3);
  EXPECT_EQ(u32(trader.ticks[2], 4), 884737U);
}

TEST_F(TickerTest, HeartbeatsComeWithoutAnySubscription) {
  serve();
  Listener& trader = listen();
  EXPECT_TRUE(loop.run_until([&] { return trader.heartbeats >= 3; }, 5s));
}

TEST_F(TickerTest, AWrongTokenIsRefusedWith403AndAFourthSocketWith429) {
  serve();
  const Listener& wrong = listen("/?api_key=simkey&access_token=old");
  ASSERT_TRUE(wrong.closed);
  EXPECT_EQ(wrong.closed->end, net::WebSocketEnd::refused);
  EXPECT_EQ(wrong.closed->http_status, 403);
  Listener& first = listen();
  listen();
  listen();
  const Listener& fourth = listen();
  ASSERT_TRUE(fourth.closed);
  EXPECT_EQ(fourth.closed->http_status, 429);
  first.socket.close();
  EXPECT_TRUE(loop.run_until([&] { return first.closed.has_value(); }, 5s));
  EXPECT_TRUE(listen().opened);
}

TEST_F(TickerTest, AnExpiredTokenLeavesOpenSocketsAloneAndRefusesNewOnes) {
  serve();
  Listener& open = listen();
  server->expire_tokens();
  const Listener& late = listen();
  ASSERT_TRUE(late.closed);
  EXPECT_EQ(late.closed->http_status, 403);
  open.socket.send_text(R"({"a":"subscribe","v":[408065]})");
  wait_for_ticks(open, 1);
}

TEST_F(TickerTest, PastThreeThousandTokensNothingMoreIsSubscribed) {
  SimConfig config;
  config.tokens_per_socket = 2;
  serve(config);
  Listener& trader = listen();
  trader.socket.send_text(R"({"a":"subscribe","v":[408065,884737,341249]})");
  wait_for_ticks(trader, 1);
  EXPECT_EQ(u16(trader.ticks[0], 0), 2U);
}

TEST_F(TickerTest, AFilledOrderIsToldOnceAndOnlyWhenItIsFilled) {
  serve();
  Listener& trader = listen();
  ASSERT_TRUE(set_infy(1500));
  place("A");
  EXPECT_TRUE(loop.run_until([&] { return !trader.texts.empty(); }, 5s));
  const auto message = parse_json(trader.texts.at(0));
  ASSERT_TRUE(message);
  EXPECT_EQ(message->find("type")->text, "order");
  EXPECT_EQ(message->find("data")->find("status")->text, "COMPLETE");
  EXPECT_EQ(message->find("data")->find("filled_quantity")->text, "10");
  EXPECT_EQ(trader.texts.size(), 1U);
}

TEST_F(TickerTest, OrderUpdatesCanBeLostDoubledAndComeOutOfOrder) {
  serve();
  Listener& trader = listen();
  ASSERT_TRUE(set_infy(1500));
  server->set_faults({{.kind = FaultKind::lose_updates},
                      {.kind = FaultKind::double_updates},
                      {.kind = FaultKind::reorder_updates}});
  const auto texts_become = [&](std::size_t count) {
    return loop.run_until([&] { return trader.texts.size() >= count; }, 5s);
  };
  place("LOST");
  loop.run_until([&] { return server->ledger().size() == 1; }, 5s);
  loop.run_for(30ms);
  EXPECT_TRUE(trader.texts.empty());
  place("TWICE");
  EXPECT_TRUE(texts_become(2));
  place("HELD");
  loop.run_for(30ms);
  place("NEXT");
  EXPECT_TRUE(texts_become(4));
  EXPECT_THAT(tags(trader), testing::ElementsAre("TWICE", "TWICE", "NEXT", "HELD"));
}

TEST_F(TickerTest, AHeldUpdateComesEvenWhenNoOtherFollows) {
  serve();
  Listener& trader = listen();
  ASSERT_TRUE(set_infy(1500));
  server->set_faults({{.kind = FaultKind::reorder_updates}});
  place("HELD");
  EXPECT_TRUE(loop.run_until([&] { return !trader.texts.empty(); }, 5s));
}

TEST_F(TickerTest, ASilentSocketStaysOpenAndSaysNothing) {
  serve();
  Listener& trader = listen();
  trader.socket.send_text(R"({"a":"subscribe","v":[408065]})");
  wait_for_ticks(trader, 1);
  server->set_faults({{.kind = FaultKind::silent}});
  loop.run_for(30ms);  // what was on its way arrives
  const int beats = trader.heartbeats;
  ASSERT_TRUE(set_infy(1580));
  loop.run_for(100ms);
  EXPECT_EQ(trader.heartbeats, beats);
  EXPECT_EQ(trader.ticks.size(), 1U);
  EXPECT_FALSE(trader.closed);
  server->resume_ticker();
  EXPECT_TRUE(loop.run_until([&] { return trader.heartbeats > beats; }, 5s));
}

TEST_F(TickerTest, DroppedSocketsEndWithoutACloseFrame) {
  serve();
  Listener& trader = listen();
  server->drop_sockets();
  EXPECT_TRUE(loop.run_until([&] { return trader.closed.has_value(); }, 5s));
  EXPECT_EQ(trader.closed->close_code, 1006);
  EXPECT_TRUE(listen().opened);
}

TEST_F(TickerTest, ACachedPacketCanBeOfYesterday) {
  serve();
  ASSERT_TRUE(set_infy(1600));
  server->set_faults({{.kind = FaultKind::stale_cached}});
  Listener& trader = listen();
  trader.socket.send_text(R"({"a":"mode","v":["full",[408065]]})");
  wait_for_ticks(trader, 1);
  EXPECT_NE(u32(trader.ticks[0], 8), 160000U);
  const auto now = std::chrono::floor<std::chrono::seconds>(static_cast<net::Loop&>(loop).now());
  EXPECT_LT(u32(trader.ticks[0], 48), now.time_since_epoch().count() - 3600 * 23);
}

TEST_F(TickerTest, AConnectionCanBeRefusedByScript) {
  serve();
  server->set_faults({{.kind = FaultKind::connect_429}, {.kind = FaultKind::connect_403}});
  EXPECT_EQ(listen().closed.value_or(net::WebSocketClosed{}).http_status, 429);
  EXPECT_EQ(listen().closed.value_or(net::WebSocketClosed{}).http_status, 403);
  EXPECT_TRUE(listen().opened);
}

TEST_F(TickerTest, ScriptedPricesComeAtTheirTimes) {
  SimConfig config;
  config.price_interval = 5ms;
  config.script = {{.after = 0ms, .instrument = "NSE:INFY", .price = Price::from_rupees(1500)},
                   {.after = 60ms, .instrument = "NSE:INFY", .price = Price::from_rupees(1510)}};
  serve(config);
  Listener& trader = listen();
  trader.socket.send_text(R"({"a":"mode","v":["ltp",[408065]]})");
  EXPECT_TRUE(loop.run_until(
      [&] { return !trader.ticks.empty() && u32(trader.ticks.back(), 8) == 151000; }, 5s));
}

}  // namespace
}  // namespace hmt::sim
