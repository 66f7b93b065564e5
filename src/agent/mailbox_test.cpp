#include "agent/mailbox.h"

#include <array>
#include <gtest/gtest.h>
#include <memory>
#include <thread>

namespace hmt::agent {
namespace {

TEST(Mailbox, GivesWhatWasPushedInOrder) {
  Mailbox<int> mailbox(8);
  EXPECT_TRUE(mailbox.try_push(1));
  EXPECT_TRUE(mailbox.try_push(2));
  std::vector<int> out{99};
  mailbox.drain(out);
  EXPECT_EQ(out, (std::vector{1, 2}));
  mailbox.drain(out);
  EXPECT_TRUE(out.empty());
}

TEST(Mailbox, TellsTheSenderWhenItIsFullAndHasRoomAgainAfterADrain) {
  Mailbox<int> mailbox(2);
  EXPECT_TRUE(mailbox.try_push(1));
  EXPECT_TRUE(mailbox.try_push(2));
  EXPECT_FALSE(mailbox.try_push(3));
  std::vector<int> out;
  mailbox.drain(out);
  EXPECT_EQ(out, (std::vector{1, 2}));
  EXPECT_TRUE(mailbox.try_push(4));
}

TEST(Mailbox, StopWakesTheConsumerAndLosesNothing) {
  Mailbox<std::unique_ptr<int>> mailbox(4);
  EXPECT_TRUE(mailbox.try_push(std::make_unique<int>(7)));
  mailbox.stop();
  EXPECT_FALSE(mailbox.try_push(std::make_unique<int>(8)));
  std::vector<std::unique_ptr<int>> out;
  ASSERT_TRUE(mailbox.wait_drain(out));
  EXPECT_EQ(*out.at(0), 7);
  EXPECT_FALSE(mailbox.wait_drain(out));

  Mailbox<int> empty(1);
  std::jthread stopper([&] { empty.stop(); });
  std::vector<int> nothing;
  EXPECT_FALSE(empty.wait_drain(nothing));
}

TEST(Mailbox, EachOfManySendersKeepsItsOrderAndNothingIsLost) {
  constexpr int senders = 4;
  constexpr int each = 5000;
  Mailbox<std::pair<int, int>> mailbox(64);
  std::vector<std::jthread> threads;
  for (int sender = 0; sender < senders; ++sender) {
    threads.emplace_back([&mailbox, sender] {
      for (int n = 0; n < each; ++n) {
        while (!mailbox.try_push({sender, n})) std::this_thread::yield();
      }
    });
  }
  std::array<int, senders> next{};
  int got = 0;
  std::vector<std::pair<int, int>> out;
  while (got < senders * each && mailbox.wait_drain(out)) {
    EXPECT_LE(out.size(), 64u);
    for (const auto& [sender, n] : out) {
      ASSERT_EQ(n, next.at(static_cast<std::size_t>(sender))++);
      ++got;
    }
  }
  EXPECT_EQ(got, senders * each);
}

}  // namespace
}  // namespace hmt::agent
