#include <gtest/gtest.h>

#include "json/value.h"

namespace hmt::json {
namespace {

std::string refusal(std::string_view text) {
  const auto value = read(text);
  return value ? "taken" : value.error().message;
}

TEST(ReadJson, APriceKeepsTheDigitsThatWereWritten) {
  const auto value = read(R"({"a":83.0025,"b":0.1,"c":1573.1500,"d":-0,"e":1e2})");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->find("a")->text, "83.0025");
  EXPECT_EQ(value->find("b")->text, "0.1");
  EXPECT_EQ(value->find("c")->text, "1573.1500");
  EXPECT_EQ(value->find("d")->text, "-0");
  EXPECT_EQ(value->find("e")->text, "1e2");
}

TEST(ReadJson, ANumberOfMoreDigitsThanADoubleHoldsIsKeptWhole) {
  const auto value = read("[12345678901234567890.123456789]");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->items.at(0).text, "12345678901234567890.123456789");
}

TEST(ReadJson, AMemberGivenTwiceIsRefusedAndNamed) {
  const auto value = read(R"({"quantity_1":1,"quantity_1":100})");
  ASSERT_FALSE(value);
  EXPECT_EQ(value.error().field, "quantity_1");
}

TEST(ReadJson, AnEscapedNameIsTheSameName) {
  EXPECT_NE(refusal(R"({"quantity_1":1,"quantity\u005f1":100})"), "taken");
}

TEST(ReadJson, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(refusal(nested(32)), "taken");
  EXPECT_NE(refusal(nested(33)), "taken");
  EXPECT_NE(refusal(nested(30'000)), "taken");
}

TEST(ReadJson, LongNumbersAreRefused) {
  EXPECT_EQ(refusal("[" + std::string(40, '1') + "]"), "taken");
  EXPECT_NE(refusal("[" + std::string(41, '1') + "]"), "taken");
  EXPECT_NE(refusal("[1e999999999999]"), "taken");
}

TEST(ReadJson, WhatIsNotJsonIsRefused) {
  for (const std::string_view text :
       {"",           " ",        "{",         "}",         "{}{}",         "[1,]",
        "{\"a\":1,}", "{'a':1}",  "nul",       "NaN",       "Infinity",     "01",
        "+1",         ".5",       "1.",        "\"\x80\"",  "\"\xC0\xAF\"", "\"\\ud800\"",
        "\"\\x\"",    "\"a\nb\"", "/* c */ 1", "{\"a\" 1}", "{1:2}",        "\xEF\xBB\xBF{}",
        "\"abc"}) {
    EXPECT_NE(refusal(text), "taken") << text;
  }
}

TEST(ReadJson, TextIsDecoded) {
  const auto value = read(R"(["\u20b9 \ud83d\ude00 \"\\\/\n"])");
  ASSERT_TRUE(value);
  EXPECT_EQ(value->items.at(0).text, "₹ 😀 \"\\/\n");
}

}  // namespace
}  // namespace hmt::json
