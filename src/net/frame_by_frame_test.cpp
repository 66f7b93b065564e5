#include "net/frame_by_frame.h"

#include <array>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <random>

#include "net/test_frames.h"
#include "net/test_peers.h"
#include "net/web_socket.h"

// A client against a server that speaks the frames by hand: what takes the short way and what Beast
// reads come in one order, however the bytes were cut.
namespace hmt::net {
namespace {

using namespace std::chrono_literals;
using test::frame;
using test::handshake_accepted;
using test::RawSocket;
using testing::HasSubstr;

struct Message {
  bool is_text = false;
  std::string bytes;
  bool operator==(const Message&) const = default;
};

struct ByHand : testing::Test {
  // Connects to a server that says `bytes` right behind its answer, in pieces of such sizes.
  void connect(const std::string& bytes, std::function<std::size_t()> piece,
               std::size_t message_bytes_max = 4 << 20) {
    server = std::make_unique<test::RawServer>([this, bytes, piece](RawSocket& peer, int) {
      auto rest = handshake_accepted(peer.receive_until("\r\n\r\n")) + bytes;
      while (!rest.empty()) {
        const auto size = std::min(rest.size(), piece());
        peer.send(rest.substr(0, size));
        rest.erase(0, size);
      }
      answered = peer.receive_all();
    });
    connect_to_server(message_bytes_max);
  }
  // Connects to a server that gives this answer, and keeps the connection.
  void refuse(const std::string& answer) {
    server = std::make_unique<test::RawServer>([answer](RawSocket& peer, int) {
      peer.receive_until("\r\n\r\n");
      peer.send(answer);
      peer.receive_all();
    });
    connect_to_server(4 << 20);
  }
  void connect_to_server(std::size_t message_bytes_max) {
    WebSocketHandlers handlers;
    handlers.on_text = [this](std::string_view text) { seen.push_back({true, std::string(text)}); };
    handlers.on_binary = [this](std::span<const std::uint8_t> binary) {
      seen.push_back({false, std::string(binary.begin(), binary.end())});
      if (seen.size() == close_after) socket.close(4001);
    };
    handlers.on_closed = [this](WebSocketClosed how) { closed = std::move(how); };
    WebSocketOptions options;
    options.message_bytes_max = message_bytes_max;
    const auto origin = parse_origin("ws://127.0.0.1:" + std::to_string(server->port())).value();
    socket = connect_web_socket(loop, origin, "/", {}, std::move(handlers), options);
  }
  void leave() {
    socket.drop();
    server.reset();  // joins its thread
  }

  test::TestLoop loop;
  std::unique_ptr<test::RawServer> server;
  WebSocket socket;
  std::vector<Message> seen;
  std::size_t close_after = 0;
  std::optional<WebSocketClosed> closed;
  std::string answered;  // by the client, once the server has said it all
};

TEST_F(ByHand, AllKindsOfMessagesComeInTheirOrderHoweverTheyAreCut) {
  const std::string large(70'000, 'L');
  const auto bytes = frame(0x82, "first") + frame(0x82, std::string(200, 'm')) +
                     frame(0x81, "text") + frame(0x89, "are you there") + frame(0x82, "") +
                     frame(0x02, "in ") + frame(0x8A, "") + frame(0x80, "parts") +
                     frame(0x82, large) + frame(0x82, "last");
  const std::vector<Message> expected{{false, "first"},    {false, std::string(200, 'm')},
                                      {true, "text"},      {false, ""},
                                      {false, "in parts"}, {false, large},
                                      {false, "last"}};
  for (const std::size_t piece : {7UL, 1'000UL, 30'000UL, 1UL << 20}) {
    SCOPED_TRACE(piece);
    seen.clear();
    connect(bytes, [piece] { return piece; });
    EXPECT_TRUE(loop.run_until([&] { return seen.size() == expected.size(); }));
    EXPECT_EQ(seen, expected);
    leave();
    EXPECT_THAT(answered, HasSubstr("\x8a\x8d")) << "a ping is answered";
  }
}

TEST_F(ByHand, AMessageWithinAFragmentedOneEndsTheConnection) {
  connect(frame(0x02, "begun") + frame(0x82, "whole"), [] { return 1'000; });
  EXPECT_TRUE(loop.run_until([&] { return closed.has_value(); }));
  EXPECT_TRUE(seen.empty());
  leave();
}

TEST_F(ByHand, WhatAServerMayNotSendEndsTheConnectionAndIsNoMessage) {
  const auto masked = std::string("\x82\x81mask", 6) + "x";
  const auto compressed = frame(0xC2, "x");
  const auto long_way_round = std::string("\x82\x7e\x00\x05", 4) + "small";
  for (const auto& bad : {masked, compressed, long_way_round, frame(0x82, std::string(51, 'x'))}) {
    seen.clear();
    closed.reset();
    connect(frame(0x82, "good") + bad + frame(0x82, "late"), [] { return 1'000; }, 50);
    EXPECT_TRUE(loop.run_until([&] { return closed.has_value(); }));
    EXPECT_EQ(seen, (std::vector<Message>{{false, "good"}})) << testing::PrintToString(bad);
    leave();
  }
}

TEST_F(ByHand, APoliteCloseReadsOnToThePeersOwnThroughHalfAMessage) {
  close_after = 1;
  const auto half = frame(0x82, std::string(5'000, 'h'));
  connect(frame(0x82, "enough") + half + frame(0x88, "\x0f\xa1"), [] { return 3'000; });
  EXPECT_TRUE(loop.run_until([&] { return closed.has_value(); }));
  EXPECT_EQ(closed->close_code, 4001);
  EXPECT_EQ(seen.size(), 1u);
  leave();
}

// The body of a refusal is no frame, whatever its bytes would mean in one.
TEST_F(ByHand, ARefusalIsToldWhateverItsBodyLooksLike) {
  for (const std::string body : {"x", "no", "\x82\x02", "\x02\x7f not so many", "\x01\x7e"}) {
    SCOPED_TRACE(testing::PrintToString(body));
    closed.reset();
    refuse("HTTP/1.1 403 Forbidden\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
           body);
    EXPECT_TRUE(loop.run_until([&] { return closed.has_value(); }));
    EXPECT_EQ(closed->end, WebSocketEnd::refused) << closed->reason;
    EXPECT_EQ(closed->http_status, 403);
    leave();
  }
}

struct Conversation {
  std::vector<Message> messages;
  std::string bytes;
};

Conversation random_conversation(std::mt19937& random) {
  static constexpr std::array<std::size_t, 7> sizes{0, 1, 125, 126, 3'000, 65'535, 65'536};
  Conversation out;
  for (auto left = 1 + random() % 12; left > 0; --left) {
    const bool is_text = random() % 4 == 0;
    Message message{is_text, std::string(sizes[random() % sizes.size()], is_text ? 't' : '\x82')};
    const unsigned kind = is_text ? 1 : 2;
    const auto first_part =
        random() % 3 == 0 ? random() % (message.bytes.size() + 1) : message.bytes.size();
    const bool whole = first_part == message.bytes.size();
    out.bytes += frame((whole ? 0x80U : 0U) | kind, message.bytes.substr(0, first_part));
    if (random() % 4 == 0) out.bytes += frame(0x89, "ping");
    if (!whole) out.bytes += frame(0x80, message.bytes.substr(first_part));
    out.messages.push_back(std::move(message));
  }
  return out;
}

TEST_F(ByHand, NoConversationIsReadInAnotherOrder) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  for (int round = 0; round < 30; ++round) {
    const auto said = random_conversation(random);
    seen.clear();
    connect(said.bytes, [pieces = std::mt19937(random())]() mutable {
      return std::size_t{1} + pieces() % (pieces() % 2 == 0 ? 40'000 : 4'000);
    });
    ASSERT_TRUE(loop.run_until([&] { return seen.size() == said.messages.size(); }));
    ASSERT_EQ(seen, said.messages);
    leave();
  }
}

}  // namespace
}  // namespace hmt::net
