#include "base/large_pages.h"

#include <cstdint>
#include <gtest/gtest.h>
#include <numeric>
#include <utility>
#include <vector>

namespace hmt::base {
namespace {

TEST(LargePages, MuchIsAlignedToOneAndLittleIsNot) {
  std::vector<std::uint32_t, LargePages<std::uint32_t>> much(large_page / 4 + 1);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(much.data()) % large_page, 0U);
  std::iota(much.begin(), much.end(), 0U);
  EXPECT_EQ(much.back(), large_page / 4);
  std::vector<std::uint32_t, LargePages<std::uint32_t>> little(16, 7);
  EXPECT_EQ(little, (std::vector<std::uint32_t, LargePages<std::uint32_t>>(16, 7)));
  little = std::move(much);
  EXPECT_EQ(little[100], 100U);
}

}  // namespace
}  // namespace hmt::base
