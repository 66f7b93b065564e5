#include <gtest/gtest.h>

#include "api/json_value.h"
#include "api/json_writer.h"

namespace hmt::api {
namespace {

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
