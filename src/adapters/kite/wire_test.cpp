#include "kite/wire.h"

#include <array>
#include <gtest/gtest.h>
#include <random>
#include <string_view>
#include <tuple>

#include "kite/naive_wire.h"
#include "kite/test_frames.h"

namespace hmt::kite {
namespace {

using model::Tick;
using test::append;
using test::Bytes;
using test::frame_of;

Bytes from_hex(std::string_view hex) {
  Bytes bytes;
  int high = -1;
  for (const char c : hex) {
    if (c == ' ') continue;
    const int digit = c <= '9' ? c - '0' : c - 'a' + 10;
    if (high < 0) {
      high = digit;
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + digit));
      high = -1;
    }
  }
  return bytes;
}

// A packet of `length` bytes whose 32-bit words are 1000, 1001, 1002, …
Bytes counted_packet(std::size_t length) {
  Bytes packet;
  for (std::uint32_t word = 1000; packet.size() + 4 <= length; ++word) append(packet, word, 4);
  packet.resize(length);
  return packet;
}

const base::Instant noon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 23) +
                         std::chrono::hours(12)};

auto fields_of(const Tick& t) {
  return std::tuple(t.token, t.last, t.volume, t.open, t.high, t.low, t.close, t.last_trade_time,
                    t.exchange_time, t.received_at);
}

TEST(Wire, AnLtpPacketHasTokenAndLastPrice) {
  std::vector<Tick> ticks;
  const auto report = decode_frame(from_hex("0001 0008 000d8001 0000997f"), noon, ticks);
  EXPECT_EQ(report, (FrameReport{.decoded = 1}));
  ASSERT_EQ(ticks.size(), 1u);
  EXPECT_EQ(ticks[0].token, 884737u);
  EXPECT_EQ(ticks[0].last, 39295u);
  EXPECT_EQ(ticks[0].exchange_time, 0u);
  EXPECT_EQ(ticks[0].received_at, noon);
}

TEST(Wire, AQuotePacketHasOpenHighLowCloseInThatOrder) {
  std::vector<Tick> ticks;
  const auto packet = from_hex(
      "00063a01 00026683 00000001 00026569 0011f1b2 0003e9ff 00058037"
      "000264f3 0002673c 000261c9 0002646c");
  ASSERT_EQ(packet.size(), 44u);
  decode_frame(frame_of({packet}), noon, ticks);
  ASSERT_EQ(ticks.size(), 1u);
  EXPECT_EQ(fields_of(ticks[0]), std::tuple(408065u, 157315u, 1175986u, 156915u, 157500u, 156105u,
                                            156780u, 0u, 0u, noon));
}

TEST(Wire, AFullPacketHasBothTimes) {
  std::vector<Tick> ticks;
  auto packet = from_hex(
      "00063a01 000266ba 00000007 0002656d 00123217 0003e9bb 00058a01"
      "000264f3 0002673c 000261c9 0002646c 60e2947f 00000000 00000000 00000000 60e2947f"
      "00000005 0002669c 0001 0000");
  packet.resize(184);
  decode_frame(frame_of({packet}), noon, ticks);
  ASSERT_EQ(ticks.size(), 1u);
  EXPECT_EQ(fields_of(ticks[0]), std::tuple(408065u, 157370u, 1192471u, 156915u, 157500u, 156105u,
                                            156780u, 1625461887u, 1625461887u, noon));
}

TEST(Wire, AnIndexHasHighLowOpenCloseInThatOrder) {
  std::vector<Tick> ticks;
  decode_frame(frame_of({counted_packet(28), counted_packet(32)}), noon, ticks);
  ASSERT_EQ(ticks.size(), 2u);
  for (const auto& tick : ticks) {
    EXPECT_EQ(tick.token, 1000u);
    EXPECT_EQ(tick.last, 1001u);
    EXPECT_EQ(tick.high, 1002u);
    EXPECT_EQ(tick.low, 1003u);
    EXPECT_EQ(tick.open, 1004u);
    EXPECT_EQ(tick.close, 1005u);
    EXPECT_EQ(tick.volume, 0u);
    EXPECT_EQ(tick.last_trade_time, 0u);
  }
  EXPECT_EQ(ticks[0].exchange_time, 0u);
  EXPECT_EQ(ticks[1].exchange_time, 1007u);
}

TEST(Wire, AFullPacketTakesItsTimesFromTheirOwnPlaces) {
  std::vector<Tick> ticks;
  decode_frame(frame_of({counted_packet(184)}), noon, ticks);
  ASSERT_EQ(ticks.size(), 1u);
  EXPECT_EQ(fields_of(ticks[0]),
            std::tuple(1000u, 1001u, 1004u, 1007u, 1008u, 1009u, 1010u, 1011u, 1015u, noon));
}

TEST(Wire, VolumesAndPricesAboveTwoToThe31StayPositive) {
  std::vector<Tick> ticks;
  Bytes packet;
  append(packet, 408065, 4);
  append(packet, 4'000'000'000, 4);
  append(packet, 0, 4);
  append(packet, 0, 4);
  append(packet, 4'294'967'295, 4);
  packet.resize(44);
  decode_frame(frame_of({packet}), noon, ticks);
  ASSERT_EQ(ticks.size(), 1u);
  EXPECT_EQ(ticks[0].last, 4'000'000'000u);
  EXPECT_EQ(ticks[0].volume, 4'294'967'295u);
}

TEST(Wire, OneByteIsAHeartbeatAndNotATick) {
  std::vector<Tick> ticks(3);
  EXPECT_TRUE(decode_frame(Bytes{0}, noon, ticks).heartbeat);
  EXPECT_TRUE(ticks.empty());
  EXPECT_TRUE(decode_frame(Bytes{}, noon, ticks).heartbeat);
  EXPECT_FALSE(decode_frame(Bytes{0, 0}, noon, ticks).heartbeat);
}

TEST(Wire, AFrameTooShortForAnyTickIsSkippedWhole) {
  std::vector<Tick> ticks;
  const auto report = decode_frame(frame_of({counted_packet(3)}), noon, ticks);
  EXPECT_EQ(report, (FrameReport{.skipped = 1}));
  EXPECT_TRUE(ticks.empty());
}

TEST(Wire, AnUnknownLengthIsSkippedAndTheRestIsRead) {
  std::vector<Tick> ticks;
  const auto frame = frame_of({counted_packet(9), counted_packet(0), counted_packet(8)});
  EXPECT_EQ(decode_frame(frame, noon, ticks), (FrameReport{.decoded = 1, .skipped = 2}));
  ASSERT_EQ(ticks.size(), 1u);
  EXPECT_EQ(ticks[0].token, 1000u);
}

TEST(Wire, AFrameCutAnywhereGivesItsWholePacketsOnly) {
  const auto frame = frame_of({counted_packet(184), counted_packet(8)});
  std::vector<Tick> ticks;
  for (std::size_t size = 2; size < frame.size(); ++size) {
    const auto report = decode_frame(std::span(frame).first(size), noon, ticks);
    EXPECT_TRUE(report.truncated) << size;
    EXPECT_EQ(ticks.size(), size >= 188 ? 1u : 0u) << size;
  }
  EXPECT_FALSE(decode_frame(frame, noon, ticks).truncated);
}

TEST(Wire, TheTicksOfOneFrameReplaceThoseOfTheOneBefore) {
  std::vector<Tick> ticks;
  decode_frame(frame_of({counted_packet(8), counted_packet(8)}), noon, ticks);
  const auto* room = ticks.data();
  decode_frame(frame_of({counted_packet(44)}), noon, ticks);
  EXPECT_EQ(ticks.size(), 1u);
  EXPECT_EQ(ticks.data(), room) << "the vector's room is used again";
}

TEST(Wire, AgreesWithTheSlowDecoderOnRandomFrames) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  static constexpr std::array<std::size_t, 8> lengths{8, 28, 32, 44, 184, 0, 7, 60};
  std::vector<Tick> ticks;
  for (int round = 0; round < 4'000; ++round) {
    const auto frame = test::random_frame(random, lengths);
    const auto report = decode_frame(frame, noon, ticks);
    const auto [expected, expected_ticks] = naive_decode(frame, noon);
    ASSERT_EQ(report, expected);
    ASSERT_EQ(ticks.size(), expected_ticks.size());
    for (std::size_t i = 0; i < ticks.size(); ++i) {
      ASSERT_EQ(fields_of(ticks[i]), fields_of(expected_ticks[i]));
    }
  }
}

TEST(Wire, TokensAreSentAsNumbers) {
  const std::vector<model::InstrumentToken> tokens{408065, 4294967295};
  EXPECT_EQ(subscribe_frame(tokens), R"({"a":"subscribe","v":[408065,4294967295]})");
  EXPECT_EQ(unsubscribe_frame(tokens), R"({"a":"unsubscribe","v":[408065,4294967295]})");
  EXPECT_EQ(full_mode_frame(tokens), R"({"a":"mode","v":["full",[408065,4294967295]]})");
}

}  // namespace
}  // namespace hmt::kite
