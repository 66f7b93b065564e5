#include "app/descriptors.h"

#include <algorithm>
#include <gtest/gtest.h>
#include <sys/resource.h>

namespace hmt::app {
namespace {

TEST(Descriptors, StrangersNeverGetTheLastOfThem) {
  EXPECT_EQ(connections_within(65'536), 2'048U);
  EXPECT_EQ(connections_within(1'024), 768U);
  EXPECT_EQ(connections_within(512), 256U);
  EXPECT_EQ(connections_within(100), 50U);
}

TEST(Descriptors, ALowLimitOfAShellIsRaisedToWhatTheSystemAllows) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  rlimit low = before;
  low.rlim_cur = 200;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  const auto raised = raise_descriptor_limit();
  EXPECT_EQ(raised, std::min<rlim_t>(before.rlim_max, 65'536));
  rlimit after{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &after), 0);
  EXPECT_EQ(after.rlim_cur, raised);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

}  // namespace
}  // namespace hmt::app
