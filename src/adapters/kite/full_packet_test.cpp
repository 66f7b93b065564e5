#include "kite/full_packet.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <random>
#include <string>

#include "kite/naive_full_packet.h"
#include "kite/test_frames.h"

namespace hmt::kite {
namespace {

using test::append;
using test::Bytes;
using test::frame_of;

// INFY at 1573.70, as the broker's own sample has it, with one bid of 5 at 1573.40.
Bytes infosys() {
  Bytes packet;
  for (const std::uint32_t word :
       {408065U, 157370U, 7U, 157037U, 1192471U, 256443U, 363009U, 156915U, 157500U, 156105U,
        156780U, 1625461887U, 0U, 0U, 0U, 1625461887U, 5U, 157340U}) {
    append(packet, word, 4);
  }
  append(packet, 1, 2);
  packet.resize(184);
  return packet;
}

struct FullPackets : testing::Test {
  FrameReport decode(const Bytes& frame) { return decode_full_packets(frame, packets); }
  std::vector<FullPacket> packets = std::vector<FullPacket>(4);
};

TEST_F(FullPackets, TellThePricesTheQuantitiesAndTheTimes) {
  EXPECT_EQ(decode(frame_of({infosys()})), (FrameReport{.decoded = 1}));
  const auto& packet = packets[0];
  EXPECT_EQ(packet.token, 408065u);
  EXPECT_EQ(packet.last, 157370u);
  EXPECT_EQ(packet.last_quantity, 7u);
  EXPECT_EQ(packet.average, 157037u);
  EXPECT_EQ(packet.volume, 1192471u);
  EXPECT_EQ(packet.buy_quantity, 256443u);
  EXPECT_EQ(packet.sell_quantity, 363009u);
  EXPECT_EQ(packet.open, 156915u);
  EXPECT_EQ(packet.high, 157500u);
  EXPECT_EQ(packet.low, 156105u);
  EXPECT_EQ(packet.close, 156780u);
  EXPECT_EQ(packet.last_trade_time, 1625461887u);
  EXPECT_EQ(packet.exchange_time, 1625461887u);
}

TEST_F(FullPackets, TellHowManyStandAtWhichPriceOnBothSides) {
  auto bytes = infosys();
  Bytes worst_ask;
  append(worst_ask, 4'000'000'000, 4);
  append(worst_ask, 157'420, 4);
  append(worst_ask, 65'535, 2);
  std::ranges::copy(worst_ask, bytes.begin() + 172);
  decode(frame_of({bytes}));
  EXPECT_EQ(packets[0].bids[0], (DepthLevel{.quantity = 5, .price = 157340, .orders = 1}));
  EXPECT_EQ(packets[0].bids[1], DepthLevel{});
  EXPECT_EQ(packets[0].asks[4],
            (DepthLevel{.quantity = 4'000'000'000, .price = 157'420, .orders = 65'535}));
}

TEST_F(FullPackets, WhatStandsInThePaddingOfALevelIsNotTakenForOrders) {
  auto bytes = infosys();
  bytes[74] = bytes[75] = 0xFF;
  decode(frame_of({bytes}));
  EXPECT_EQ(packets[0].bids[0].orders, 1u);
}

TEST_F(FullPackets, ThoseOfAnotherLengthAreSkippedAndTheRestIsRead) {
  EXPECT_EQ(decode(frame_of({Bytes(8), infosys(), Bytes(44), Bytes(0), infosys()})),
            (FrameReport{.decoded = 2, .skipped = 3}));
  EXPECT_EQ(packets[1].token, 408065u);
}

TEST_F(FullPackets, ThoseThatFindNoPlaceAreSkipped) {
  packets.resize(2);
  EXPECT_EQ(decode(frame_of({infosys(), infosys(), infosys()})),
            (FrameReport{.decoded = 2, .skipped = 1}));
}

TEST_F(FullPackets, AFrameCutAnywhereGivesItsWholePacketsOnly) {
  const auto frame = frame_of({infosys(), infosys()});
  EXPECT_TRUE(decode({}).heartbeat);
  EXPECT_TRUE(decode({0}).heartbeat);
  for (std::size_t size = 2; size < frame.size(); ++size) {
    const Bytes cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
    const auto report = decode(cut);
    EXPECT_TRUE(report.truncated) << size;
    EXPECT_EQ(report.decoded, size >= 188 ? 1u : 0u) << size;
  }
}

TEST_F(FullPackets, AgreeWithTheSlowDecoderOnRandomFrames) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  static constexpr std::array<std::size_t, 8> lengths{184, 184, 184, 184, 183, 185, 44, 0};
  for (int round = 0; round < 4'000; ++round) {
    const auto frame = test::random_frame(random, lengths);
    packets.assign(4, {});
    const auto report = decode(frame);
    const auto [expected, expected_packets] = naive_full_packets(frame, packets.size());
    ASSERT_EQ(report, expected);
    packets.resize(report.decoded);
    ASSERT_EQ(packets, expected_packets);
  }
}

}  // namespace
}  // namespace hmt::kite
