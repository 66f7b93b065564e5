#include "oms/tag.h"

#include <gtest/gtest.h>
#include <random>
#include <set>

namespace hmt::oms {
namespace {

const TagKey key{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};
const TagScope scope{"AB1234", {20'780}};

model::TriggerId trigger(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::array<std::uint8_t, 16> bytes{};
  for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return {base::Uuid::from_random(bytes)};
}

TEST(Tag, ATagIsTwentyCharactersThatTheBrokerTakesAndNobodyMisreads) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto tag = make_tag(key, scope, trigger(seed), static_cast<std::int32_t>(seed), 0).text();
    ASSERT_EQ(tag.size(), 20U);
    ASSERT_EQ(tag.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ"), std::string::npos) << tag;
    ASSERT_EQ(tag.front(), 'T');
  }
}

TEST(Tag, ARestartMakesTheSameTagAgain) {
  EXPECT_EQ(make_tag(key, scope, trigger(1), 3, 1), make_tag(key, scope, trigger(1), 3, 1));
}

// A tag in the broker's book outlives any version of this program: its form is fixed for good.
TEST(Tag, TheFormOfATagNeverChanges) {
  const auto id = model::TriggerId::parse("6f1d2c3b-0a49-4e58-9c77-0123456789ab").value();
  EXPECT_EQ(make_tag(key, scope, id, 1, 0), "TA99S5Z50DSTJY10ZAXK");
}

TEST(Tag, EveryAttemptFireAndTriggerHasItsOwnTag) {
  std::set<std::string> tags;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    for (std::int32_t fire = 0; fire < 32; ++fire) {
      for (std::int32_t attempt = 0; attempt < 32; ++attempt) {
        tags.insert(make_tag(key, scope, trigger(seed), fire, attempt).text());
      }
    }
  }
  EXPECT_EQ(tags.size(), 20U * 32 * 32);
}

TEST(Tag, ATagTellsWhatItWasMadeOf) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const auto fire = static_cast<std::int32_t>(seed * 7);
    const auto attempt = static_cast<std::int32_t>(seed * 3);
    const auto parts = read_tag(key, scope, make_tag(key, scope, trigger(seed), fire, attempt));
    ASSERT_TRUE(parts) << seed;
    EXPECT_EQ(*parts, (TagParts{tag_bits(trigger(seed)), static_cast<std::uint8_t>(fire % 32),
                                static_cast<std::uint8_t>(attempt % 32)}));
  }
}

TEST(Tag, AnotherAccountDayOrKeyDoesNotKnowTheTag) {
  const auto tag = make_tag(key, scope, trigger(1), 1, 0);
  TagKey other_key = key;
  other_key.bytes[15] ^= 1;
  EXPECT_TRUE(read_tag(key, scope, tag));
  EXPECT_FALSE(read_tag(other_key, scope, tag));
  EXPECT_FALSE(read_tag(key, {"AB1235", scope.date}, tag));
  EXPECT_FALSE(read_tag(key, {scope.account, {scope.date.days + 1}}, tag));
}

TEST(Tag, AChangedCharacterIsNoticed) {
  const auto tag = make_tag(key, scope, trigger(1), 1, 0).text();
  int undetected = 0;
  for (std::size_t i = 0; i < tag.size(); ++i) {
    for (const char c : std::string_view("0123456789ABCDEFGHJKMNPQRSTVWXYZ")) {
      auto changed = tag;
      changed[i] = c;
      undetected += changed != tag && read_tag(key, scope, changed) ? 1 : 0;
    }
  }
  EXPECT_EQ(undetected, 0);
}

TEST(Tag, TextsThatAreNoTagsAreNotOurs) {
  const auto tag = make_tag(key, scope, trigger(1), 1, 0).text();
  auto lower = tag;
  for (char& c : lower) c = static_cast<char>(std::tolower(c));
  for (const auto& text :
       {std::string(), std::string("T"), tag.substr(0, 19), tag + "0", lower, std::string(20, 'T'),
        std::string(20, 'Z'), std::string("TIIIIIIIIIIIIIIIIIII"), std::string(20, '\0'),
        std::string("my own order tag 123")}) {
    EXPECT_FALSE(read_tag(key, scope, text)) << text;
  }
}

}  // namespace
}  // namespace hmt::oms
