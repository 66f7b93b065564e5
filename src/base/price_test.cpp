#include "base/price.h"

#include <gtest/gtest.h>
#include <random>

namespace hmt::base {
namespace {

std::string text_of(std::string_view parsed) {
  const auto price = Price::parse(parsed);
  return price ? price->text() : "refused: " + price.error().message;
}

TEST(Price, IsWrittenAsATraderWritesIt) {
  EXPECT_EQ(text_of("1573.15"), "1573.15");
  EXPECT_EQ(text_of("1500"), "1500.00");
  EXPECT_EQ(text_of("1500.5"), "1500.50");
  EXPECT_EQ(text_of("83.0025"), "83.0025");
  EXPECT_EQ(text_of("0.0000001"), "0.0000001");
  EXPECT_EQ(text_of("-1.05"), "-1.05");
  EXPECT_EQ(text_of("-0.05"), "-0.05");
  EXPECT_EQ(text_of("-0"), "0.00");
  EXPECT_EQ(text_of("007.50"), "7.50");
  EXPECT_EQ(text_of("100000000"), "100000000.00");
}

TEST(Price, WhatIsNotAPlainDecimalIsRefused) {
  for (const auto* text : {"",
                           " ",
                           ".",
                           "-",
                           "+1",
                           "1.",
                           ".5",
                           "1,000",
                           "1 ",
                           " 1",
                           "1.2.3",
                           "--1",
                           "1-",
                           "0x10",
                           "1e2",
                           "1E2",
                           "nan",
                           "inf",
                           "NaN",
                           "१२३",
                           "1_000",
                           "1.5f",
                           "₹100",
                           "1\n",
                           "1.00000001",
                           "100000000.0000001",
                           "100000001",
                           "-100000001",
                           "99999999999999999999999",
                           "00000000000000000000000000000000000000001"}) {
    const auto price = Price::parse(text);
    ASSERT_FALSE(price) << text;
    EXPECT_EQ(price.error().kind, ErrorKind::invalid) << text;
  }
  EXPECT_FALSE(Price::parse(std::string_view("1\0", 2)));
}

TEST(Price, EveryRawValueSurvivesItsText) {
  constexpr std::uint64_t seed = 20'261'123;
  std::mt19937_64 random(seed);
  for (int i = 0; i < 200'000; ++i) {
    const auto limit = std::int64_t{1} << (random() % 50);
    auto raw = static_cast<std::int64_t>(random() % static_cast<std::uint64_t>(limit));
    if (random() % 4 == 0) raw = -raw;
    const auto price = Price::from_raw(raw);
    const auto parsed = Price::parse(price.text());
    ASSERT_TRUE(parsed && *parsed == price) << "seed " << seed << ": " << raw << price.text();
  }
}

TEST(Price, RupeesAndPaiseAreWhatTheyRead) {
  EXPECT_EQ(Price::from_rupees(1500), Price::parse("1500").value());
  EXPECT_EQ(Price::from_paise(150'005), Price::parse("1500.05").value());
  EXPECT_EQ(Price::from_paise(5) * 3 + Price::from_rupees(1) - Price::from_paise(10),
            Price::parse("1.05").value());
  EXPECT_LT(Price::parse("1499.95").value(), Price::from_rupees(1500));
}

TEST(Price, ATickIsAMultipleInExactArithmetic) {
  const auto multiple = [](std::string_view price, std::string_view step) {
    return Price::parse(price)->is_multiple_of(Price::parse(step).value());
  };
  EXPECT_TRUE(multiple("1573.15", "0.05"));
  EXPECT_TRUE(multiple("0.3", "0.1")) << "not so in binary floating point";
  EXPECT_FALSE(multiple("1573.12", "0.05"));
  EXPECT_TRUE(multiple("83.0025", "0.0025"));
  EXPECT_FALSE(multiple("83.0026", "0.0025"));
  EXPECT_FALSE(multiple("1", "0")) << "no step is no multiple";
}

std::string rounded(std::string_view text) {
  const auto price = Price::parse_rounded(text);
  return price ? price->text() : "refused";
}

TEST(PriceRounded, TakesTheAveragesThatBrokersCompute) {
  EXPECT_EQ(rounded("1500.1234567"), "1500.1234567");
  EXPECT_EQ(rounded("1500.12345674999"), "1500.1234567");
  EXPECT_EQ(rounded("1500.12345675"), "1500.1234568");
  EXPECT_EQ(rounded("-1500.12345675"), "-1500.1234568") << "half away from zero";
  EXPECT_EQ(rounded("99.99999995"), "100.00");
  EXPECT_EQ(rounded("1.5e3"), "1500.00");
  EXPECT_EQ(rounded("1.5E+3"), "1500.00");
  EXPECT_EQ(rounded("15e-2"), "0.15");
  EXPECT_EQ(rounded("1e-30"), "0.00");
  EXPECT_EQ(rounded("0e30"), "0.00");
}

TEST(PriceRounded, RefusesWhatIsNoNumberOrTooLarge) {
  for (const auto* text : {"", "e", "1e", "e5", "1e+", "1e+-5", "1e--5", "1e31", "1e-31", "1e9999",
                           "1e30", "100000000.00000006", "922337203685.47758079",
                           "922337203685.47758070", "1.5e3.0", "1 e3"}) {
    EXPECT_EQ(rounded(text), "refused") << text;
  }
}

}  // namespace
}  // namespace hmt::base
