#include "base/short_text.h"

#include <gtest/gtest.h>
#include <limits>
#include <string>

namespace hmt::base {
namespace {

TEST(ShortText, DigitsAreThoseOfTheNumber) {
  for (const std::int64_t number :
       {std::int64_t{0}, std::int64_t{7}, std::int64_t{1'795'406'400}, std::int64_t{-1},
        std::numeric_limits<std::int64_t>::max(), std::numeric_limits<std::int64_t>::min()}) {
    EXPECT_EQ(std::string_view(digits_of(number)), std::to_string(number));
  }
}

// At every length: a string may be given more room than it asked for.
TEST(ShortText, WhatIsJoinedIsAsLongAsItsParts) {
  std::string expected;
  for (int length = 0; length < 100; ++length) {
    EXPECT_EQ(joined({expected, "", ":"}), expected + ":");
    expected.push_back(static_cast<char>('a' + length % 26));
  }
}

}  // namespace
}  // namespace hmt::base
