#include <gtest/gtest.h>

#include "api/json_value.h"
#include "api/json_writer.h"

namespace hmt::api {
namespace {

std::string refusal(std::string_view text) {
  const auto read = read_json(text);
  return read ? "taken" : read.error().message;
}

TEST(ReadJson, APriceKeepsTheDigitsThatWereWritten) {
  const auto read = read_json(R"({"a":83.0025,"b":0.1,"c":1573.1500,"d":-0,"e":1e2})");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->find("a")->text, "83.0025");
  EXPECT_EQ(read->find("b")->text, "0.1");
  EXPECT_EQ(read->find("c")->text, "1573.1500");
  EXPECT_EQ(read->find("d")->text, "-0");
  EXPECT_EQ(read->find("e")->text, "1e2");
}

TEST(ReadJson, ANumberOfMoreDigitsThanADoubleHoldsIsKeptWhole) {
  const auto read = read_json("[12345678901234567890.123456789]");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->items.at(0).text, "12345678901234567890.123456789");
}

TEST(ReadJson, AMemberGivenTwiceIsRefusedAndNamed) {
  const auto read = read_json(R"({"quantity_1":1,"quantity_1":100})");
  ASSERT_FALSE(read);
  EXPECT_EQ(read.error().field, "quantity_1");
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
  const auto read = read_json(R"(["\u20b9 \ud83d\ude00 \"\\\/\n"])");
  ASSERT_TRUE(read);
  EXPECT_EQ(read->items.at(0).text, "₹ 😀 \"\\/\n");
}

TEST(WriteJson, ABrokersWordsCannotBreakTheAnswer) {
  EXPECT_EQ(json_string("a\"b\\c\nd\x01"), "\"a\\\"b\\\\c\\nd\\u0001\"");
  EXPECT_EQ(json_string("₹ 😀"), "\"₹ 😀\"");
  for (const std::string_view bad : {"\xFF", "\xC0\xAF", "\xED\xA0\x80", "\xF5\x80\x80\x80",
                                     "\xE2\x82", "\xF4\x90\x80\x80", "\xE0\x80\x80", "\x80"}) {
    const auto written = json_string(bad);
    EXPECT_TRUE(read_json(written)) << written;
    EXPECT_NE(written.find("\xEF\xBF\xBD"), std::string::npos);
  }
}

TEST(WriteJson, PricesAreWrittenExactly) {
  ObjectWriter out;
  out.price("a", base::Price::from_raw(830'025'001)).price("b", base::Price::from_rupees(1500));
  out.price("c", std::nullopt);
  EXPECT_EQ(out.done(), R"({"a":83.0025001,"b":1500.00,"c":null})");
}

TEST(WriteJson, ObjectsAreJoined) {
  ObjectWriter out;
  out.members_of("{}").number("a", 1).members_of(R"({"b":2})").members_of("{}").null("c");
  EXPECT_EQ(out.done(), R"({"a":1,"b":2,"c":null})");
  EXPECT_EQ(ArrayWriter().done(), "[]");
  EXPECT_EQ(ArrayWriter().add("1").add("2").done(), "[1,2]");
}

}  // namespace
}  // namespace hmt::api
