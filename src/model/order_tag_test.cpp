#include "model/order_tag.h"

#include <gtest/gtest.h>
#include <map>
#include <string>

namespace hmt::model {
namespace {

TEST(OrderTag, IsTheTextThatItWasMadeOf) {
  const OrderTag tag("T0123456789ABCDEFGHJ");
  EXPECT_EQ(tag, "T0123456789ABCDEFGHJ");
  EXPECT_EQ(tag.text(), "T0123456789ABCDEFGHJ");
  EXPECT_EQ("left: " + tag + "!", "left: T0123456789ABCDEFGHJ!");
  EXPECT_NE(tag, "T0123456789ABCDEFGH");
  EXPECT_FALSE(tag.empty());
  EXPECT_TRUE(OrderTag().empty());
  EXPECT_EQ(OrderTag(), "");
}

// One that is cut could be taken for another.
TEST(OrderTag, AStrangersLongerTextIsNone) {
  EXPECT_EQ(OrderTag::from_text(std::string(20, 'A')), std::string(20, 'A'));
  EXPECT_FALSE(OrderTag::from_text(std::string(21, 'A')));
  EXPECT_DEATH(OrderTag(std::string(21, 'A')), "20 characters");
}

TEST(OrderTag, StandsInTheOrderOfTexts) {
  std::map<OrderTag, int> by_tag;
  std::map<std::string, int> by_text;
  int number = 0;
  for (const char* text : {"T1", "T", "", "TZ", "T10", "A", "Ta", "T\x7F"}) {
    by_tag[text] = by_text[text] = ++number;
  }
  auto expected = by_text.begin();
  for (const auto& [tag, value] : by_tag) {
    ASSERT_EQ(tag, expected->first);
    ASSERT_EQ(value, expected->second);
    ++expected;
  }
}

TEST(OrderTag, EqualTagsHaveOneHashAndNeighboursHaveOthers) {
  const OrderTag tag("T0123456789ABCDEFGHJ");
  EXPECT_EQ(tag.hash(), OrderTag(tag.text()).hash());
  for (std::size_t at = 0; at < 20; ++at) {
    auto other = tag.text();
    other[at] = other[at] == 'Z' ? 'Y' : 'Z';
    EXPECT_NE(tag.hash(), OrderTag(other).hash()) << other;
  }
}

}  // namespace
}  // namespace hmt::model
