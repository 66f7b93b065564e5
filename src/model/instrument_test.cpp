#include "model/instrument.h"

#include <gtest/gtest.h>
#include <limits>
#include <random>

namespace hmt::model {
namespace {

constexpr auto wire_max = std::numeric_limits<WirePrice>::max();

Price rupees(std::string_view text) {
  return Price::parse(text).value();
}

TEST(Segment, IsTheLowByteOfTheToken) {
  EXPECT_EQ(segment_of(408'065), Segment::nse) << "INFY";
  EXPECT_EQ(segment_of(256'265), Segment::indices) << "NIFTY 50";
  EXPECT_EQ(segment_of(0x0103), Segment::cds);
  EXPECT_EQ(segment_of(0x0106), Segment::bcd);
  EXPECT_EQ(segment_of(0), std::nullopt);
  EXPECT_EQ(segment_of(0x0100), std::nullopt);
  EXPECT_EQ(segment_of(0x010A), std::nullopt);
}

TEST(WirePrices, EverySegmentHasItsScale) {
  for (const auto segment : {Segment::nse, Segment::nfo, Segment::bse, Segment::bfo, Segment::mcx,
                             Segment::mcx_sx, Segment::indices}) {
    EXPECT_EQ(price_from_wire(157'315, segment), rupees("1573.15"));
  }
  EXPECT_EQ(price_from_wire(830'025'000, Segment::cds), rupees("83.0025"));
  EXPECT_EQ(price_from_wire(830'025, Segment::bcd), rupees("83.0025"));
  EXPECT_EQ(price_from_wire(0, Segment::nse), Price{});
  EXPECT_EQ(price_from_wire(wire_max, Segment::nse), rupees("42949672.95"));
  EXPECT_EQ(price_from_wire(wire_max, Segment::cds), rupees("429.4967295"));
}

TEST(WirePrices, ALevelBetweenTwoOfThemGoesToEitherSide) {
  EXPECT_EQ(wire_at_or_above(rupees("1500.025"), Segment::nse), 150'003U);
  EXPECT_EQ(wire_at_or_below(rupees("1500.025"), Segment::nse), 150'002U);
  EXPECT_EQ(wire_at_or_above(rupees("1500.02"), Segment::nse), 150'002U);
  EXPECT_EQ(wire_at_or_below(rupees("1500.02"), Segment::nse), 150'002U);
  EXPECT_EQ(wire_at_or_above(rupees("83.00255"), Segment::bcd), 830'026U);
}

TEST(WirePrices, AreClampedToWhatTheWireHolds) {
  EXPECT_EQ(wire_at_or_above(rupees("99999999"), Segment::nse), wire_max);
  EXPECT_EQ(wire_at_or_below(rupees("500"), Segment::cds), wire_max);
  EXPECT_EQ(wire_at_or_above(rupees("-5"), Segment::nse), 0U);
  EXPECT_EQ(wire_at_or_below(rupees("-5"), Segment::nse), 0U);
  EXPECT_EQ(wire_at_or_below(rupees("0.009"), Segment::nse), 0U);
}

TEST(WirePrices, TheTwoSidesEncloseTheirLevelAndNothingElse) {
  constexpr std::uint64_t seed = 5;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 100'000; ++i) {
    constexpr Segment segments[] = {Segment::nse, Segment::cds, Segment::bcd};
    const auto segment = segments[random() % 3];
    const auto level = Price::from_raw(static_cast<std::int64_t>(random() % 4'000'000'000));
    const auto above = wire_at_or_above(level, segment);
    const auto below = wire_at_or_below(level, segment);
    ASSERT_GE(price_from_wire(above, segment), level) << "seed " << seed;
    ASSERT_LE(price_from_wire(below, segment), level) << "seed " << seed;
    ASSERT_LE(above - below, 1U) << "seed " << seed;
    ASSERT_EQ(wire_at_or_above(price_from_wire(below, segment), segment), below);
  }
}

}  // namespace
}  // namespace hmt::model
