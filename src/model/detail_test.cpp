#include "model/detail.h"

#include <gmock/gmock.h>
#include <string>
#include <vector>

namespace hmt::model {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Detail, TellsNamesAndValuesInTheirOrder) {
  Detail detail{{"rule", "SELL leg 1: LTP 1499.95 <= 1500.00"}, {"fire_no", std::to_string(1)}};
  detail.add("why", "");
  detail.add("rule", "a name may come twice");
  EXPECT_THAT(detail,
              ElementsAre(Pair("rule", "SELL leg 1: LTP 1499.95 <= 1500.00"), Pair("fire_no", "1"),
                          Pair("why", ""), Pair("rule", "a name may come twice")));
}

TEST(Detail, IsEmptyUntilSomethingIsAdded) {
  Detail detail;
  EXPECT_TRUE(detail.empty());
  EXPECT_EQ(detail.begin(), detail.end());
  detail.add("", "");
  EXPECT_FALSE(detail.empty());
  EXPECT_THAT(detail, ElementsAre(Pair("", "")));
}

TEST(Detail, KeepsEveryCharacterOfAValue) {
  const std::string strange("a\0b\n\"{}", 8);
  const Detail detail{{"strange", strange}, {"after", "it"}};
  EXPECT_THAT(detail, ElementsAre(Pair("strange", strange), Pair("after", "it")));
}

TEST(Detail, FindsTheFirstValueOfAName) {
  const Detail detail{{"why", "margin"}, {"why", "session"}, {"price", "1500.00"}};
  EXPECT_EQ(detail.value_of("why"), "margin");
  EXPECT_EQ(detail.value_of("price"), "1500.00");
  EXPECT_EQ(detail.value_of("pric"), "");
}

// What is split between a name and its value elsewhere is something else.
TEST(Detail, IsEqualOnlyItemByItem) {
  EXPECT_EQ((Detail{{"ab", "c"}}), (Detail{{"ab", "c"}}));
  EXPECT_NE((Detail{{"ab", "c"}}), (Detail{{"a", "bc"}}));
  EXPECT_NE((Detail{{"a", "b"}, {"c", "d"}}), (Detail{{"c", "d"}, {"a", "b"}}));
}

}  // namespace
}  // namespace hmt::model
