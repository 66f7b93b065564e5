#include "sim/ticker_encoder.h"

#include <gtest/gtest.h>
#include <string>

namespace hmt::sim {
namespace {

std::string hex(const Bytes& bytes, std::size_t from = 0, std::size_t count = std::string::npos) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (std::size_t i = from; i < bytes.size() && i - from < count; ++i) {
    out += digits[bytes[i] >> 4];
    out += digits[bytes[i] & 15];
  }
  return out;
}

Price price(const char* text) {
  return *Price::parse(text);
}

// The packet of the protocol document, section 2.6.
Snapshot infosys() {
  Snapshot out{.token = 408065,
               .last = price("1573.15"),
               .average = price("1570.33"),
               .open = price("1569.15"),
               .high = price("1575"),
               .low = price("1561.05"),
               .close = price("1567.80"),
               .last_quantity = 1,
               .volume = 1175986,
               .buy_quantity = 256511,
               .sell_quantity = 360503};
  return out;
}

TEST(TickerEncoder, WritesTheQuotePacketOfTheSpecification) {
  EXPECT_EQ(hex(encode_packet(infosys(), TickMode::quote)),
            "00063a01"
            "00026683"
            "00000001"
            "00026569"
            "0011f1b2"
            "0003e9ff"
            "00058037"
            "000264f3"
            "0002673c"
            "000261c9"
            "0002646c");
}

TEST(TickerEncoder, WritesTheFullPacketOfTheSpecification) {
  Snapshot full = infosys();
  full.last = price("1573.70");
  full.last_quantity = 7;
  full.average = price("1570.37");
  full.volume = 1192471;
  full.buy_quantity = 256443;
  full.sell_quantity = 363009;
  full.last_trade_time = base::Instant(std::chrono::seconds(0x60e2947f));
  full.exchange_time = full.last_trade_time;
  full.bids[0] = {5, price("1573.40"), 1};
  full.asks[0] = {172, price("1573.70"), 3};
  const Bytes packet = encode_packet(full, TickMode::full);
  ASSERT_EQ(packet.size(), 184U);
  EXPECT_EQ(hex(packet, 0, 64),
            "00063a01000266ba000000070002656d001232170003e9bb00058a01000264f30002673c000261c9"
            "0002646c60e2947f00000000000000000000000060e2947f");
  EXPECT_EQ(hex(packet, 64, 12), "000000050002669c00010000");
  EXPECT_EQ(hex(packet, 124, 12), "000000ac000266ba00030000");
}

TEST(TickerEncoder, WritesTheFrameOfOneLastPrice) {
  Snapshot tata{.token = 884737, .last = price("392.95")};
  const Bytes packets[] = {encode_packet(tata, TickMode::ltp)};
  EXPECT_EQ(hex(frame_packets(packets)), "00010008000d80010000997f");
}

TEST(TickerEncoder, PutsAnIndexInItsOwnOrderOfFields) {
  Snapshot nifty{.token = 256265,
                 .last = price("26068.15"),
                 .open = price("26000"),
                 .high = price("26100"),
                 .low = price("25900"),
                 .close = price("26050.15"),
                 .exchange_time = base::Instant(std::chrono::seconds(1))};
  EXPECT_EQ(encode_packet(nifty, TickMode::ltp).size(), 8U);
  EXPECT_EQ(encode_packet(nifty, TickMode::quote).size(), 28U);
  // token, last, high, low, open, close, change of 18.00, time
  EXPECT_EQ(hex(encode_packet(nifty, TickMode::full)),
            "0003e909"
            "0027c6df"
            "0027d350"
            "00278530"
            "0027ac40"
            "0027bfd7"
            "00000708"
            "00000001");
}

TEST(TickerEncoder, ScalesCurrenciesByTheirSegment) {
  Snapshot dollar{.token = 1101 << 8 | 3, .last = price("89.2475")};
  EXPECT_EQ(hex(encode_packet(dollar, TickMode::ltp), 4), "35321678");
  dollar.token = 1001101 << 8 | 6;
  EXPECT_EQ(hex(encode_packet(dollar, TickMode::ltp), 4), "000d9e3b");
  dollar.token = 458001 << 8 | 7;
  EXPECT_EQ(hex(encode_packet(dollar, TickMode::ltp), 4), "000022dc");
}

TEST(TickerEncoder, AFallOfAnIndexIsANegativeChange) {
  Snapshot index{.token = 256265, .last = price("99"), .close = price("100")};
  EXPECT_EQ(hex(encode_packet(index, TickMode::quote), 24), "ffffff9c");
}

}  // namespace
}  // namespace hmt::sim
