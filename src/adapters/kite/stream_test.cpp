#include "kite/stream.h"

#include <gmock/gmock.h>

#include "kite/fake_broker.h"
#include "kite/kite.h"
#include "kite/wire.h"

namespace hmt::kite {
namespace {

using broker::StreamEnd;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

struct Recorder final : broker::StreamObserver {
  void on_open() override {
    ++opened;
    if (then_on_open) then_on_open();
  }
  void on_heartbeat() override { ++frames; }
  void on_ticks(std::span<model::Tick> batch) override {
    ticks.insert(ticks.end(), batch.begin(), batch.end());
    if (then) then();
  }
  void on_order(const model::BrokerOrder& order) override { orders.push_back(order.order_id); }
  void on_notice(std::string_view kind, std::string_view text) override {
    notices.push_back(std::string(kind) + ": " + std::string(text));
  }
  void on_malformed(std::size_t count) override { malformed += count; }
  void on_closed(StreamEnd how, std::string_view why) override {
    ends.push_back(how);
    reason = why;
  }

  int opened = 0;
  int frames = 0;
  std::size_t malformed = 0;
  std::vector<model::Tick> ticks;
  std::vector<std::string> orders;
  std::vector<std::string> notices;
  std::vector<StreamEnd> ends;
  std::string reason;
  std::function<void()> then;
  std::function<void()> then_on_open;
};

class StreamTest : public testing::Test {
 protected:
  // The broker takes the connection, and keeps what comes over it.
  void accept() {
    broker.say([this](net::Incoming incoming, net::Responder responder) {
      EXPECT_TRUE(incoming.wants_web_socket);
      net::WebSocketHandlers handlers;
      handlers.on_text = [this](std::string_view text) { received.emplace_back(text); };
      handlers.on_closed = [this](const net::WebSocketClosed&) { ++server_side_closed; };
      server_side = responder.accept_web_socket(std::move(handlers), {});
    });
  }
  void open() {
    accept();
    stream->open();
    ASSERT_TRUE(broker.loop.run_until([&] { return recorder.opened == 1; }));
  }

  test::FakeBroker broker;
  Recorder recorder;
  std::shared_ptr<AccessToken> token = std::make_shared<AccessToken>(broker.config().access_token);
  std::unique_ptr<TickerStream> stream =
      std::make_unique<TickerStream>(broker.loop, broker.config(), token, recorder);
  net::WebSocket server_side;
  std::vector<std::string> received;
  int server_side_closed = 0;
};

TEST_F(StreamTest, TheHandshakeCarriesKeyTokenAndVersion) {
  open();
  ASSERT_EQ(broker.asked.size(), 1u);
  EXPECT_EQ(broker.asked[0].target, "/?api_key=key&access_token=the%2Baccess%2Ftoken");
  EXPECT_EQ(net::header(broker.asked[0].headers, "X-Kite-Version"), "3");
  EXPECT_EQ(net::header(broker.asked[0].headers, "Sec-WebSocket-Extensions"), "")
      << "no compression is offered";
}

TEST_F(StreamTest, SubscriptionsAreInFullModeInFramesOfFiveHundred) {
  open();
  std::vector<model::InstrumentToken> tokens;
  for (model::InstrumentToken i = 0; i < 1001; ++i) tokens.push_back(i * 256 + 1);
  stream->subscribe(tokens);
  stream->unsubscribe(std::span(tokens).first(501));
  ASSERT_TRUE(broker.loop.run_until([&] { return received.size() == 8; }));
  const auto all = std::span<const model::InstrumentToken>(tokens);
  EXPECT_THAT(
      received,
      ElementsAre(subscribe_frame(all.first(500)), full_mode_frame(all.first(500)),
                  subscribe_frame(all.subspan(500, 500)), full_mode_frame(all.subspan(500, 500)),
                  subscribe_frame(all.last(1)), full_mode_frame(all.last(1)),
                  unsubscribe_frame(all.first(500)), unsubscribe_frame(all.subspan(500, 1))));
}

TEST_F(StreamTest, TicksHeartbeatsOrdersAndNoticesArrive) {
  open();
  server_side.send_binary({0});
  server_side.send_binary({0, 1, 0, 8, 0, 0x0d, 0x80, 0x01, 0, 0, 0x99, 0x7f});
  server_side.send_text(R"({"type":"order","data":{"order_id":"42"}})");
  server_side.send_text(R"({"type":"message","data":"Markets close early"})");
  server_side.send_text(R"({"type":"error","data":"bad frame"})");
  server_side.send_text(R"({"type":"instruments_meta","data":{}})");
  ASSERT_TRUE(broker.loop.run_until([&] { return recorder.notices.size() == 2; }));
  EXPECT_EQ(recorder.frames, 2u) << "a text is no sign that prices come";
  ASSERT_EQ(recorder.ticks.size(), 1u);
  EXPECT_EQ(recorder.ticks[0].token, 884737u);
  EXPECT_GT(recorder.ticks[0].received_at, base::Instant{});
  EXPECT_THAT(recorder.orders, ElementsAre("42"));
  EXPECT_THAT(recorder.notices, ElementsAre("message: Markets close early", "error: bad frame"));
  EXPECT_EQ(recorder.malformed, 0u);
}

TEST_F(StreamTest, WhatCannotBeReadIsCountedAndTheConnectionLives) {
  open();
  server_side.send_binary({0, 2, 0, 1, 7, 0, 8});
  server_side.send_text("<html>");
  server_side.send_binary({0});
  ASSERT_TRUE(broker.loop.run_until([&] { return recorder.frames == 2; }));
  EXPECT_EQ(recorder.malformed, 3u) << "an unknown length, a cut packet, a text that is no JSON";
  EXPECT_THAT(recorder.ends, IsEmpty());
}

TEST_F(StreamTest, RefusalsOfTheHandshakeAreToldApart) {
  const std::vector<std::pair<int, StreamEnd>> refusals{{403, StreamEnd::session_refused},
                                                        {429, StreamEnd::too_many},
                                                        {400, StreamEnd::lost},
                                                        {502, StreamEnd::lost}};
  for (const auto& [status, end] : refusals) {
    broker.say(net::HttpResponse{status, {{"Content-Type", "text/html"}}, "<html></html>"});
  }
  for (const auto& [status, end] : refusals) {
    recorder.ends.clear();
    stream->open();
    ASSERT_TRUE(broker.loop.run_until([&] { return !recorder.ends.empty(); }));
    EXPECT_THAT(recorder.ends, ElementsAre(end)) << status;
    EXPECT_THAT(recorder.reason, HasSubstr(std::to_string(status)));
    EXPECT_THAT(recorder.reason, Not(HasSubstr("token")));
  }
  EXPECT_EQ(recorder.opened, 0);
}

TEST_F(StreamTest, ATickerThatIsNotThereIsLost) {
  auto config = broker.config();
  config.ticker.port = net::test::closed_port();
  stream = std::make_unique<TickerStream>(broker.loop, config, token, recorder);
  stream->open();
  ASSERT_TRUE(broker.loop.run_until([&] { return !recorder.ends.empty(); }));
  EXPECT_THAT(recorder.ends, ElementsAre(StreamEnd::lost));
}

TEST_F(StreamTest, AConnectionThatTheBrokerDropsIsLostOnce) {
  open();
  server_side.drop();
  ASSERT_TRUE(broker.loop.run_until([&] { return !recorder.ends.empty(); }));
  EXPECT_THAT(recorder.ends, ElementsAre(StreamEnd::lost));
  EXPECT_THAT(recorder.reason, Not(HasSubstr("access_token")));
}

TEST_F(StreamTest, AClosedStreamIsSilentAndCanBeOpenedAgain) {
  open();
  stream->close();
  ASSERT_TRUE(broker.loop.run_until([&] { return server_side_closed == 1; }));
  EXPECT_THAT(recorder.ends, IsEmpty());
  stream->open();
  ASSERT_TRUE(broker.loop.run_until([&] { return recorder.opened == 2; }));
}

TEST_F(StreamTest, AStreamMayBeDestroyedInTheMiddleOfItsOwnTick) {
  open();
  recorder.then = [this] { stream.reset(); };
  server_side.send_binary({0, 1, 0, 8, 0, 0x0d, 0x80, 0x01, 0, 0, 0x99, 0x7f});
  server_side.send_binary({0, 1, 0, 8, 0, 0x0d, 0x80, 0x01, 0, 0, 0x99, 0x7f});
  ASSERT_TRUE(broker.loop.run_until([&] { return server_side_closed == 1; }));
  EXPECT_EQ(recorder.ticks.size(), 1u);
  EXPECT_THAT(recorder.ends, IsEmpty());
}

TEST_F(StreamTest, AStreamThatGoesAwayWhileItConnectsIsSilent) {
  accept();
  stream->open();
  stream.reset();
  broker.loop.run_for(std::chrono::milliseconds(20));
  EXPECT_EQ(recorder.opened, 0);
  EXPECT_THAT(recorder.ends, IsEmpty());
}

TEST_F(StreamTest, SubscribingInsideTheOpeningWorks) {
  recorder.then_on_open = [this] {
    const std::vector<model::InstrumentToken> tokens{408065};
    stream->subscribe(tokens);
  };
  open();
  ASSERT_TRUE(broker.loop.run_until([&] { return received.size() == 2; }));
}

TEST_F(StreamTest, ASessionGivenToTheGatewayIsThatOfTheNextStreamToo) {
  accept();
  auto kite = make_kite(broker.loop, broker.loop, broker.config());
  kite.gateway->use_session("tomorrow");
  const auto next = kite.make_stream(recorder);
  next->open();
  ASSERT_TRUE(broker.loop.run_until([&] { return recorder.opened == 1; }));
  EXPECT_THAT(broker.asked.at(0).target, HasSubstr("access_token=tomorrow"));
}

}  // namespace
}  // namespace hmt::kite
