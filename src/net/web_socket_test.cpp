#include "net/web_socket.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <vector>

#include "net/http_server.h"
#include "net/test_peers.h"

namespace hmt::net {
namespace {

using namespace std::chrono_literals;
using test::TestLoop;

// One end, and all that it was told.
struct End {
  WebSocketHandlers handlers() {
    WebSocketHandlers out;
    out.on_open = [this] { opened = true; };
    out.on_text = [this](std::string_view text) { texts.emplace_back(text); };
    out.on_binary = [this](std::span<const std::uint8_t> bytes) {
      binaries.emplace_back(bytes.begin(), bytes.end());
    };
    out.on_closed = [this](WebSocketClosed how) {
      ++times_closed;
      closed = std::move(how);
    };
    return out;
  }

  WebSocket socket;
  bool opened = false;
  std::vector<std::string> texts;
  std::vector<std::vector<std::uint8_t>> binaries;
  std::optional<WebSocketClosed> closed;
  int times_closed = 0;
};

struct WebSocketTest : testing::Test {
  void serve(WebSocketOptions options = {}) {
    server = std::make_unique<HttpServer>(
        loop, ServerLimits{}, [this, options](Incoming incoming, Responder responder) {
          incoming_target = incoming.request.target;
          if (!incoming.wants_web_socket) return responder.send({404, {}, {}});
          theirs.socket = responder.accept_web_socket(theirs.handlers(), options);
        });
    origin = parse_origin("ws://" + server->listen("127.0.0.1:0").value()).value();
  }
  void connect(WebSocketOptions options = {}, std::string target = "/ticks") {
    ours.socket = connect_web_socket(loop, origin, std::move(target), {}, ours.handlers(), options);
  }
  void connect_both(WebSocketOptions options = {}) {
    connect(options);
    ASSERT_TRUE(loop.run_until([&] { return ours.opened && theirs.opened; }));
  }

  TestLoop loop;
  std::unique_ptr<HttpServer> server;
  Origin origin;
  std::string incoming_target;
  End ours, theirs;
};

TEST_F(WebSocketTest, CarriesTextAndBinaryBothWays) {
  serve();
  connect_both();
  EXPECT_EQ(incoming_target, "/ticks");
  ours.socket.send_text("subscribe");
  ours.socket.send_binary({1, 2, 3});
  theirs.socket.send_binary({9});
  theirs.socket.send_text("order");
  ASSERT_TRUE(loop.run_until([&] { return !theirs.binaries.empty() && !ours.texts.empty(); }));
  EXPECT_EQ(theirs.texts, std::vector<std::string>{"subscribe"});
  EXPECT_EQ(theirs.binaries, (std::vector<std::vector<std::uint8_t>>{{1, 2, 3}}));
  EXPECT_EQ(ours.binaries, (std::vector<std::vector<std::uint8_t>>{{9}}));
  EXPECT_EQ(ours.texts, std::vector<std::string>{"order"});
}

}  // namespace
}  // namespace hmt::net
