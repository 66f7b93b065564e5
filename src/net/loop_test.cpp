#include "net/loop.h"

#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <thread>

namespace hmt::net {
namespace {

using namespace std::chrono_literals;

TEST(Loop, RunsWhatIsPostedInOrderOnTheThreadThatRunsIt) {
  Loop loop;
  std::string seen;
  std::thread::id where;
  std::jthread poster([&] {
    loop.post([&] {
      seen += 'a';
      where = std::this_thread::get_id();
      loop.post([&] {
        seen += 'c';
        loop.stop();
      });
    });
    loop.post([&] { seen += 'b'; });
  });
  poster.join();
  loop.run();
  EXPECT_EQ(seen, "abc");
  EXPECT_EQ(where, std::this_thread::get_id());
}

TEST(Loop, ATimerIsNeverEarlyAndTimersKeepTheirOrder) {
  Loop loop;
  std::string seen;
  const auto began = loop.steady();
  base::Duration late{};
  loop.after(30ms, [&] {
    seen += 'b';
    late = loop.steady() - began;
    loop.stop();
  });
  loop.after(1ms, [&] { seen += 'a'; });
  loop.run();
  EXPECT_EQ(seen, "ab");
  EXPECT_GE(late, 30ms);
}

TEST(Loop, ACancelledTimerNeverRunsAndItsTaskIsLetGo) {
  Loop loop;
  std::string seen;
  const auto held = std::make_shared<int>(1);
  const auto id = loop.after(1ms, [&seen, held] { seen += 'x'; });
  EXPECT_NE(id, 0u);
  loop.cancel(id);
  EXPECT_EQ(held.use_count(), 1);
  loop.cancel(id);
  loop.cancel(0);
  // Cancelled by another that is due at the same moment.
  agent::TimerId second = 0;
  loop.after(5ms, [&] { loop.cancel(second); });
  second = loop.after(5ms, [&] { seen += 'y'; });
  loop.after(20ms, [&] { loop.stop(); });
  loop.run();
  EXPECT_EQ(seen, "");
}

TEST(Loop, AStopBeforeTheRunIsNotLostAndItCanRunAgain) {
  Loop loop;
  loop.stop();
  loop.run();
  bool ran = false;
  loop.post([&] {
    ran = true;
    loop.stop();
  });
  loop.run();
  EXPECT_TRUE(ran);
}

TEST(Loop, LetsGoOfWhatNeverRan) {
  const auto held = std::make_shared<int>(1);
  {
    Loop loop;
    struct Meddler {
      Loop* loop;
      std::shared_ptr<int> held;
      ~Meddler() {
        loop->cancel(1);
        loop->post([] {});
        loop->after(1s, [] {});
      }
    };
    loop.after(1h, [meddler = std::make_unique<Meddler>(&loop, held)] {});
    loop.post([meddler = std::make_unique<Meddler>(&loop, held)] {});
  }
  EXPECT_EQ(held.use_count(), 1);
}

TEST(Loop, KnowsTheTime) {
  Loop loop;
  EXPECT_GE(loop.now(), base::parse_rfc3339("2025-01-01T00:00:00Z").value());
  const auto first = loop.steady();
  EXPECT_GT(first, 0s);
  EXPECT_GE(loop.steady(), first);
}

}  // namespace
}  // namespace hmt::net
