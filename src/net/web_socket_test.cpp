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
using test::RawSocket;
using test::TestLoop;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

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

TEST_F(WebSocketTest, KeepsTheOrderOfALongPush) {
  serve();
  connect_both();
  std::vector<std::string> sent;
  for (int n = 0; n < 1000; ++n) {
    sent.push_back(std::to_string(n) + std::string(static_cast<std::size_t>(n % 7 * 300), 'x'));
    theirs.socket.send_text(sent.back());
  }
  EXPECT_GT(theirs.socket.queued_bytes(), 0u);
  ASSERT_TRUE(loop.run_until([&] { return ours.texts.size() == sent.size(); }));
  EXPECT_EQ(ours.texts, sent);
  EXPECT_TRUE(loop.run_until([&] { return theirs.socket.queued_bytes() == 0; }));
}

TEST_F(WebSocketTest, ARefusalTellsItsStatus) {
  HttpServer refusing(loop, {}, [](Incoming incoming, Responder responder) {
    EXPECT_TRUE(incoming.wants_web_socket);
    responder.send({incoming.request.target == "/many" ? 429 : 403, {}, "{\"status\":\"error\"}"});
  });
  origin = parse_origin("ws://" + refusing.listen("127.0.0.1:0").value()).value();
  connect({}, "/token");
  ASSERT_TRUE(loop.run_until([&] { return ours.closed.has_value(); }));
  EXPECT_EQ(ours.closed->end, WebSocketEnd::refused);
  EXPECT_EQ(ours.closed->http_status, 403);
  EXPECT_FALSE(ours.opened);
  ours.closed.reset();
  connect({}, "/many");
  ASSERT_TRUE(loop.run_until([&] { return ours.closed.has_value(); }));
  EXPECT_EQ(ours.closed->http_status, 429);
}

TEST_F(WebSocketTest, NoServerMeansFailedAndIsToldAfterTheCall) {
  origin = parse_origin("ws://127.0.0.1:" + std::to_string(test::closed_port())).value();
  connect();
  EXPECT_FALSE(ours.closed);
  ASSERT_TRUE(loop.run_until([&] { return ours.closed.has_value(); }));
  EXPECT_EQ(ours.closed->end, WebSocketEnd::failed);
  EXPECT_EQ(ours.times_closed, 1);
}

TEST_F(WebSocketTest, AServerThatNeverAnswersTheHandshakeIsGivenUp) {
  test::RawServer silent([](RawSocket& peer, int) { peer.receive_all(); });
  origin = parse_origin("ws://127.0.0.1:" + std::to_string(silent.port())).value();
  connect({.handshake_timeout = 100ms});
  ASSERT_TRUE(loop.run_until([&] { return ours.closed.has_value(); }));
  EXPECT_EQ(ours.closed->end, WebSocketEnd::failed);
  EXPECT_THAT(ours.closed->reason, HasSubstr("in time"));
}

TEST_F(WebSocketTest, AServerThatIsNoWebSocketServerMeansFailed) {
  test::RawServer strange([](RawSocket& peer, int) {
    peer.receive_until("\r\n\r\n");
    peer.send("nonsense\r\n\r\n");
  });
  origin = parse_origin("ws://127.0.0.1:" + std::to_string(strange.port())).value();
  connect();
  ASSERT_TRUE(loop.run_until([&] { return ours.closed.has_value(); }));
  EXPECT_EQ(ours.closed->end, WebSocketEnd::failed);
}

TEST_F(WebSocketTest, ATargetCannotBecomeAHeader) {
  serve();
  connect({}, "/x HTTP/1.1\r\nEvil: 1");
  EXPECT_FALSE(ours.closed);
  ASSERT_TRUE(loop.run_until([&] { return ours.closed.has_value(); }));
  EXPECT_EQ(ours.closed->end, WebSocketEnd::failed);
  EXPECT_EQ(incoming_target, "");
}

TEST_F(WebSocketTest, AMessageThatIsTooLargeEndsTheConnection) {
  serve();
  connect_both({.message_bytes_max = 100});
  theirs.socket.send_text(std::string(100, 'x'));
  theirs.socket.send_text(std::string(101, 'y'));
  ASSERT_TRUE(loop.run_until([&] { return ours.closed && theirs.closed; }));
  EXPECT_EQ(ours.texts.size(), 1u);
  EXPECT_EQ(theirs.closed->close_code, 1009);
}

TEST_F(WebSocketTest, APoliteCloseComesAfterWhatWasSentAndTellsItsCode) {
  serve();
  connect_both();
  for (int n = 0; n < 50; ++n) ours.socket.send_text("last words");
  ours.socket.close(4001, "shift over");
  ours.socket.send_text("too late");
  EXPECT_FALSE(ours.socket.is_open());
  EXPECT_FALSE(ours.closed) << "called back within the call";
  ASSERT_TRUE(loop.run_until([&] { return ours.closed && theirs.closed; }));
  EXPECT_EQ(theirs.texts.size(), 50u);
  EXPECT_EQ(theirs.closed->close_code, 4001);
  EXPECT_THAT(theirs.closed->reason, HasSubstr("shift over"));
  EXPECT_EQ(ours.closed->end, WebSocketEnd::closed);
  EXPECT_EQ(ours.closed->close_code, 4001);
  EXPECT_EQ(ours.times_closed, 1);
  EXPECT_EQ(theirs.times_closed, 1);
}

TEST_F(WebSocketTest, ADropIsSeenAsACutLine) {
  serve();
  connect_both();
  theirs.socket.send_text("in flight");
  ours.socket.drop();
  ours.socket.drop();
  EXPECT_FALSE(ours.closed) << "called back within the call";
  EXPECT_FALSE(ours.socket.is_open());
  ASSERT_TRUE(loop.run_until([&] { return ours.closed && theirs.closed; }));
  EXPECT_EQ(ours.closed->end, WebSocketEnd::closed);
  EXPECT_EQ(theirs.closed->close_code, 1006);
  EXPECT_TRUE(ours.texts.empty());
  EXPECT_EQ(ours.times_closed, 1);
}

TEST_F(WebSocketTest, ADropDuringTheHandshakeIsAFailure) {
  serve();
  connect();
  ours.socket.drop();
  ASSERT_TRUE(loop.run_until([&] { return ours.closed.has_value(); }));
  EXPECT_EQ(ours.closed->end, WebSocketEnd::failed);
  loop.run_for(20ms);
  EXPECT_FALSE(ours.opened);
  EXPECT_EQ(ours.times_closed, 1);
}

TEST_F(WebSocketTest, AHandlerMayDropItsOwnConnection) {
  serve();
  auto handlers = ours.handlers();
  handlers.on_text = [this](std::string_view text) {
    ours.texts.emplace_back(text);
    ours.socket.drop();
  };
  ours.socket = connect_web_socket(loop, origin, "/", {}, std::move(handlers), {});
  ASSERT_TRUE(loop.run_until([&] { return ours.opened && theirs.opened; }));
  theirs.socket.send_text("one");
  theirs.socket.send_text("two");
  ASSERT_TRUE(loop.run_until([&] { return ours.closed && theirs.closed; }));
  EXPECT_EQ(ours.texts, std::vector<std::string>{"one"});
}

TEST_F(WebSocketTest, AHandleWithoutAConnectionDoesNothing) {
  WebSocket none;
  none.send_text("x");
  none.close();
  none.drop();
  EXPECT_FALSE(none.is_open());
  EXPECT_EQ(none.queued_bytes(), 0u);
  serve();
  connect_both();
  ours.socket.drop();
  ASSERT_TRUE(loop.run_until([&] { return ours.closed.has_value(); }));
  ours.socket.send_binary({1});
  ours.socket.close();
  ours.socket.drop();
  loop.run_for(5ms);
  EXPECT_EQ(ours.times_closed, 1);
}

TEST_F(WebSocketTest, CloseAllOfTheServerEndsItsWebSockets) {
  serve();
  connect_both();
  server->close_all();
  ASSERT_TRUE(loop.run_until([&] { return ours.closed && theirs.closed; }));
  EXPECT_EQ(ours.closed->close_code, 1006);
}

TEST_F(WebSocketTest, ALoopMayEndUnderAnOpenConnection) {
  serve();
  connect_both();
}

// A peer that speaks the frames by hand.
struct RawWebSocketTest : WebSocketTest {
  static std::string upgrade(const std::string& more = {}) {
    return "GET /ticks HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket"
           "\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
           more + "\r\n";
  }
  // A short masked frame, as a client must send it; the mask is zero.
  static std::string frame(int first_byte, const std::string& payload) {
    std::string out(1, static_cast<char>(first_byte));
    out += static_cast<char>(0x80 | static_cast<int>(payload.size()));
    return out + std::string(4, '\0') + payload;
  }
};

TEST_F(RawWebSocketTest, AcceptsAndDeclinesCompression) {
  serve();
  const auto head = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send(upgrade("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"));
    return peer.receive_until("\r\n\r\n");
  });
  EXPECT_THAT(head, StartsWith("HTTP/1.1 101 "));
  EXPECT_THAT(head, HasSubstr("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="));
  EXPECT_THAT(head, Not(HasSubstr("Extensions")));
}

TEST_F(RawWebSocketTest, AnswersAPing) {
  serve();
  const auto pong = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send(upgrade());
    peer.receive_until("\r\n\r\n");
    peer.send(frame(0x89, "hello"));
    return peer.receive_until("hello");
  });
  EXPECT_EQ(pong, "\x8a\x05hello");
}

TEST_F(RawWebSocketTest, TakesFramesThatCameWithTheHandshakeAndInPieces) {
  serve();
  auto peer = loop.with_peer([&] {
    auto socket = RawSocket::connect(origin.port);
    socket.send(upgrade() + frame(0x01, "sub") + frame(0x80, "scribe"));
    return socket;
  });
  ASSERT_TRUE(loop.run_until([&] { return !theirs.texts.empty(); }));
  EXPECT_EQ(theirs.texts, std::vector<std::string>{"subscribe"});
}

TEST_F(RawWebSocketTest, BrokenFramesAreRefusedWithTheirCode) {
  struct Case {
    std::string bytes;
    std::string answer;
  };
  serve({.message_bytes_max = 50});
  const std::string close_not_utf8 =
      "\x88\x1a\x03\xef"
      "a text that is not UTF-8";
  for (const auto& [bytes, answer] : std::vector<Case>{
           {frame(0x81, "\xff\xfe"), "\x88\x02\x03\xef"},                // not UTF-8: 1007
           {frame(0x01, "\xe2\x82") + frame(0x80, ""), close_not_utf8},  // ends in a character
           {frame(0x83, "x"), "\x88\x02\x03\xea"},                       // reserved kind: 1002
           {frame(0xc1, "x"), "\x88\x02\x03\xea"},                       // as if compressed: 1002
           {std::string("\x81\x01x", 3), "\x88\x02\x03\xea"},            // without a mask: 1002
           {frame(0x80, "x"), "\x88\x02\x03\xea"},                       // continues nothing: 1002
           {frame(0x82, std::string(51, 'x')), "\x88\x02\x03\xf1"}}) {   // too large: 1009
    theirs.closed.reset();
    const auto got = loop.with_peer([&] {
      auto peer = RawSocket::connect(origin.port);
      peer.send(upgrade());
      peer.receive_until("\r\n\r\n");
      peer.send(bytes);
      return peer.receive_all();
    });
    EXPECT_EQ(got.substr(0, answer.size()), answer) << testing::PrintToString(bytes);
    EXPECT_TRUE(loop.run_until([&] { return theirs.closed.has_value(); }));
  }
  EXPECT_TRUE(theirs.texts.empty() && theirs.binaries.empty());
}

TEST_F(RawWebSocketTest, AReaderThatIsTooSlowIsClosedWith1013) {
  serve({.queued_bytes_max = 100'000});
  auto peer = loop.with_peer([&] {
    auto socket = RawSocket::connect(origin.port);
    socket.send(upgrade());
    socket.receive_until("\r\n\r\n");
    return socket;
  });
  // More than the kernel's buffers take.
  for (int n = 0; n < 2000 && theirs.socket.is_open(); ++n) {
    theirs.socket.send_binary(std::vector<std::uint8_t>(50'000));
    EXPECT_LE(theirs.socket.queued_bytes(), 100'000u);
    loop.run_for(100us);
  }
  EXPECT_FALSE(theirs.socket.is_open());
  const auto all = loop.with_peer([&] { return peer.receive_until("slowly"); });
  peer.close();
  EXPECT_THAT(all, testing::EndsWith("\x03\xf5reads too slowly"));
  ASSERT_TRUE(loop.run_until([&] { return theirs.closed.has_value(); }));
}

TEST_F(RawWebSocketTest, AHandshakeWithoutItsKeyIsRefused) {
  serve();
  const auto answer = loop.with_peer([&] {
    auto peer = RawSocket::connect(origin.port);
    peer.send(
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        "Sec-WebSocket-Version: 13\r\n\r\n");
    return peer.receive_all();
  });
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  ASSERT_TRUE(loop.run_until([&] { return theirs.closed.has_value(); }));
  EXPECT_EQ(theirs.closed->end, WebSocketEnd::failed);
}

}  // namespace
}  // namespace hmt::net
