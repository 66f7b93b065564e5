#include "base/id.h"

#include <cctype>
#include <gtest/gtest.h>
#include <random>
#include <unordered_set>

namespace hmt::base {
namespace {

constexpr std::string_view sample = "6f1d2c3b-0a49-4e58-9c77-0123456789ab";

TEST(Uuid, IsReadInEitherCaseAndWrittenInLower) {
  EXPECT_EQ(Uuid::parse(sample)->text(), sample);
  EXPECT_EQ(Uuid::parse("6F1D2C3B-0A49-4E58-9C77-0123456789AB")->text(), sample);
  EXPECT_TRUE(Uuid::parse("00000000-0000-0000-0000-000000000000")->is_nil());
}

TEST(Uuid, WhatIsNoUuidIsRefused) {
  for (const auto* text :
       {"", "6f1d2c3b", "6f1d2c3b-0a49-4e58-9c77-0123456789a",
        "6f1d2c3b-0a49-4e58-9c77-0123456789abc", "6f1d2c3b00a49-4e58-9c77-0123456789ab",
        "6f1d2c3b-0a49-4e58-9c770-123456789ab", "{f1d2c3b-0a49-4e58-9c77-0123456789a}",
        "gf1d2c3b-0a49-4e58-9c77-0123456789ab", "6f1d2c3b-0a49-4e58-9c77-0123456789a "}) {
    const auto id = Uuid::parse(text);
    ASSERT_FALSE(id) << text;
    EXPECT_EQ(id.error().kind, ErrorKind::invalid);
  }
}

TEST(Uuid, ACharacterThatIsNoDigitIsRefusedWhereverItStands) {
  for (std::size_t place = 0; place < sample.size(); ++place) {
    const bool dash = sample[place] == '-';
    for (int c = 0; c < 256; ++c) {
      std::string text(sample);
      text[place] = static_cast<char>(c);
      const bool good = dash ? c == '-' : std::isxdigit(c) != 0;
      ASSERT_EQ(Uuid::parse(text).has_value(), good) << place << " " << c;
    }
  }
}

TEST(Uuid, EveryUuidSurvivesItsTextAndDiffersFromItsNeighbours) {
  constexpr std::uint64_t seed = 11;
  std::mt19937_64 random(seed);
  std::unordered_set<Id<struct AnyTag>> seen;
  for (int i = 0; i < 20'000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    const auto uuid = Uuid::from_random(bytes);
    const auto text = uuid.text();
    ASSERT_EQ(text[14], '4') << "version 4";
    ASSERT_NE(std::string("89ab").find(text[19]), std::string::npos) << "the RFC's variant";
    ASSERT_EQ(Uuid::parse(text).value(), uuid) << "seed " << seed;
    ASSERT_TRUE(seen.insert({uuid}).second);
  }
}

TEST(Uuid, OrdersAsItsTextDoes) {
  const auto low = Uuid::parse("0fffffff-ffff-ffff-ffff-ffffffffffff").value();
  const auto high = Uuid::parse("f0000000-0000-0000-0000-000000000000").value();
  EXPECT_LT(low, high);
}

// Ten thousand ids that differ in two neighbouring bytes, wherever these stand: what scripts and
// tests make. Of as many numbers at random some 7,480 would differ.
TEST(Uuid, IdsThatCountUpSpreadOverATableAsRandomOnesDo) {
  constexpr std::size_t places = 1 << 14;
  for (std::size_t at = 0; at + 1 < Uuid{}.bytes.size(); ++at) {
    std::unordered_set<std::size_t> seen;
    for (std::uint32_t i = 0; i < 10'000; ++i) {
      Uuid id;
      id.bytes[at] = static_cast<std::uint8_t>(i >> 8);
      id.bytes[at + 1] = static_cast<std::uint8_t>(i);
      seen.insert(hash_of(id) % places);
    }
    EXPECT_GT(seen.size(), 7'200U) << "bytes " << at << " and " << at + 1;
  }
}

TEST(Id, TellsItsErrorAndItsText) {
  using AnyId = Id<struct AnyTag>;
  EXPECT_EQ(AnyId::parse(sample)->text(), sample);
  EXPECT_FALSE(AnyId::parse("nobody"));
}

}  // namespace
}  // namespace hmt::base
