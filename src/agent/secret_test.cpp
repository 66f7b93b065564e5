#include "agent/secret.h"

#include <gtest/gtest.h>
#include <sstream>
#include <type_traits>

namespace hmt::agent {
namespace {

template <class T>
concept Printable = requires(std::ostream& out, const T& value) { out << value; };

TEST(Secret, IsRevealedOnlyByItsName) {
  const Secret secret("access-token");
  EXPECT_EQ(secret.reveal(), "access-token");
  EXPECT_FALSE(secret.empty());
  EXPECT_TRUE(Secret().empty());
  static_assert(!Printable<Secret> && Printable<int>);
  static_assert(!std::is_convertible_v<Secret, std::string>);
  static_assert(!std::is_convertible_v<Secret, std::string_view>);
}

TEST(Secret, MovesWithoutLeavingACopy) {
  Secret first("abc");
  const auto* where = first.reveal().data();
  const Secret second = std::move(first);
  EXPECT_EQ(second.reveal(), "abc");
  EXPECT_EQ(second.reveal().data(), where);
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): what is tested
}

TEST(Secret, ACopyIsItsOwn) {
  const Secret copy = [] {
    const Secret original("day's token");
    Secret out("y");
    out = original;
    EXPECT_NE(out.reveal().data(), original.reveal().data());
    return out;
  }();
  EXPECT_EQ(copy.reveal(), "day's token");
}

}  // namespace
}  // namespace hmt::agent
