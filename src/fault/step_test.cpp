#include "fault/step.h"

#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sstream>
#include <sys/wait.h>
#include <unistd.h>

namespace hmt::fault {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Step claim = "claim";
constexpr Step record = "record";

// In a process of its own: what is armed stays so, and the process may end. The status of waitpid.
template <class Body>
int in_a_child(Body body) {
  const auto child = ::fork();
  if (child == 0) {
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, WUNTRACED);
  if (!WIFSTOPPED(status)) return status;
  ::kill(child, SIGKILL);
  int end = 0;
  ::waitpid(child, &end, 0);
  return status;
}

TEST(Step, DoesNothingUnlessItWasTold) {
  claim.before();
  Step().before();
  EXPECT_TRUE(arm(""));
  claim.before();
}

TEST(Step, KillsAtTheNamedPointAndPassing) {
  const auto at = [](int times) {
    return in_a_child([times] {
      if (!arm("claim.before:2:kill")) ::_exit(3);
      record.before();
      claim.after();
      for (int i = 0; i < times; ++i) claim.before();
    });
  };
  const auto once = at(1);
  EXPECT_TRUE(WIFEXITED(once) && WEXITSTATUS(once) == 0);
  const auto twice = at(2);
  EXPECT_TRUE(WIFSIGNALED(twice) && WTERMSIG(twice) == SIGKILL);
}

TEST(Step, StopsWhereItStands) {
  const auto status = in_a_child([] {
    if (!arm("record.after:1:stop")) ::_exit(3);
    record.after();
  });
  EXPECT_TRUE(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
}

TEST(Step, TellsWhatIsPassed) {
  const auto path = testing::TempDir() + "hmt-told-" + std::to_string(::getpid());
  const auto status = in_a_child([&path] {
    if (!arm("tell:" + path)) ::_exit(3);
    claim.before();
    Step().before();
    record.sent();
    claim.before();
  });
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  ::unlink(path.c_str());
  EXPECT_EQ(text.str(), "claim.before\nrecord.sent\nclaim.before\n");
}

TEST(Step, RefusesWhatItDoesNotUnderstand) {
  for (const auto* wrong : {"claim", "claim.before", "claim.before:1", "claim.before:0:kill",
                            "claim.before:x:kill", "claim.before:1:hang", "claim.never:1:kill",
                            "claim.asked:1:kill", "nobody.before:1:kill", ":1:kill", "::", ":"}) {
    const auto armed = arm(wrong);
    ASSERT_FALSE(armed) << wrong;
    EXPECT_EQ(armed.error().field, "HMT_FAULTS");
    EXPECT_THAT(armed.error().message, HasSubstr("POINT:N:kill"));
  }
  EXPECT_FALSE(arm("tell:/nowhere/at/all"));
}

TEST(Step, ListsEachPointWithItsDatabases) {
  const auto text = listed();
  EXPECT_THAT(text, HasSubstr("claim.before sqlite postgres\n"));
  EXPECT_THAT(text, HasSubstr("claim.sent postgres\n"));
  EXPECT_THAT(text, HasSubstr("order.asked sqlite postgres\n"));
  EXPECT_THAT(text, Not(HasSubstr("claim.asked")));
}

}  // namespace
}  // namespace hmt::fault
