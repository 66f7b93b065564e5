#include "model/token_map.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <string>

namespace hmt::model {
namespace {

TEST(TokenMap, AnInstrumentIsFoundUntilItIsErased) {
  TokenMap<int> map;
  EXPECT_EQ(map.find(408065), nullptr);
  map[408065] = 7;
  map[884737] = 8;
  map[256265] = 9;
  map.erase(884737);
  EXPECT_EQ(map.find(884737), nullptr);
  ASSERT_NE(map.find(256265), nullptr) << "the last entry has taken the place of the erased one";
  EXPECT_EQ(*map.find(256265), 9);
  EXPECT_EQ(*map.find(408065), 7);
  map.erase(884737);
  EXPECT_EQ(map.entries().size(), 2u);
  map.clear();
  EXPECT_EQ(map.find(408065), nullptr);
}

TEST(TokenMap, HoldsWhatAPlainMapHolds) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  TokenMap<unsigned> map;
  std::map<InstrumentToken, unsigned> plain;
  for (int round = 0; round < 20'000; ++round) {
    const auto token = static_cast<InstrumentToken>(random() % 200 << 8 | 1);
    if (random() % 3 == 0) {
      map.erase(token);
      plain.erase(token);
    } else {
      map[token] = plain[token] = static_cast<unsigned>(random());
    }
    ASSERT_EQ(map.entries().size(), plain.size());
  }
  for (const auto& [token, value] : plain) {
    ASSERT_NE(map.find(token), nullptr);
    ASSERT_EQ(*map.find(token), value);
  }
}

}  // namespace
}  // namespace hmt::model
