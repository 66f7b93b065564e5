#include "agent/log.h"

#include <algorithm>
#include <chrono>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace hmt::agent {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;

// What is written to stderr while `work` runs with logging on.
template <class Work>
std::string logged(Level threshold, LogFormat format, Work work) {
  testing::internal::CaptureStderr();
  log_start(threshold, format);
  work();
  log_stop();
  return testing::internal::GetCapturedStderr();
}

TEST(Log, WritesOneJsonObjectALine) {
  const auto out = logged(Level::info, LogFormat::json, [] {
    log_info("ticker_connected", {{"connection", 1LL}, {"url", "wss://x"}, {"warm", true}});
    log_warning("stale", {{"instrument", "NSE:INFY"}});
  });
  EXPECT_THAT(
      out,
      MatchesRegex(
          "\\{\"at\":\"20[-0-9]+T[0-9:.]+Z\",\"level\":\"info\",\"event\":\"ticker_connected\","
          "\"connection\":1,\"url\":\"wss://x\",\"warm\":true\\}\n"
          "\\{\"at\":\"[^\"]+\",\"level\":\"warning\",\"event\":\"stale\","
          "\"instrument\":\"NSE:INFY\"\\}\n"));
}

TEST(Log, LeavesOutWhatIsBelowTheThreshold) {
  const auto out = logged(Level::warning, LogFormat::json, [] {
    log(Level::debug, "quiet");
    log_info("quiet");
    log_error("loud");
  });
  EXPECT_THAT(out, Not(HasSubstr("quiet")));
  EXPECT_THAT(out, HasSubstr("loud"));
}

TEST(Log, TextThatComesFromOutsideCannotForgeALine) {
  const std::string nasty = "a\"b\\c\n{\"event\":\"forged\"}\t\x01\x7f\xff é";
  const auto json =
      logged(Level::info, LogFormat::json, [&] { log_info("said", {{"text", nasty}}); });
  EXPECT_THAT(json, EndsWith("\"text\":\"a\\\"b\\\\c\\n{\\\"event\\\":\\\"forged\\\"}\\t\\u0001"
                             "\\u007f\\ufffd é\"}\n"));
  const auto text =
      logged(Level::info, LogFormat::text, [&] { log_info("said", {{"text", nasty}}); });
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
}

TEST(Log, TextFormIsForEyes) {
  const auto out = logged(Level::info, LogFormat::text, [] {
    log_info("order_sent", {{"symbol", "INFY"}, {"why", "stop hit"}, {"quantity", -5LL}});
  });
  EXPECT_THAT(out, EndsWith("Z info order_sent symbol=INFY why=\"stop hit\" quantity=-5\n"));
}

TEST(Log, ASecretIsNeverWrittenWhereverItAppears) {
  log_redact("s3cr\"et");
  log_redact("7421");
  log_redact("");
  const auto out = logged(Level::info, LogFormat::json, [] {
    log_info("x s3cr\"et",
             {{"url", "?token=s3cr\"et&again=s3cr\"et"}, {"pin", 174210LL}, {"ok", 17LL}});
  });
  EXPECT_THAT(out, Not(HasSubstr("s3cr")));
  EXPECT_THAT(out, Not(HasSubstr("7421")));
  EXPECT_THAT(out, HasSubstr("\"url\":\"?token=[redacted]&again=[redacted]\""));
  EXPECT_THAT(out, HasSubstr("\"pin\":\"1[redacted]0\",\"ok\":17}"));
}

TEST(Log, AVeryLongValueIsCut) {
  const std::string huge(1 << 20, 'x');
  const auto out =
      logged(Level::info, LogFormat::json, [&] { log_info("big", {{"value", huge}}); });
  EXPECT_LT(out.size(), 10'000u);
}

TEST(Log, BeforeTheStartOnlyWhatIsBadIsSaidAtOnce) {
  testing::internal::CaptureStderr();
  log_info("quiet");
  log_error("bad");
  log_stop();
  const auto out = testing::internal::GetCapturedStderr();
  EXPECT_THAT(out, HasSubstr("\"event\":\"bad\""));
  EXPECT_THAT(out, Not(HasSubstr("quiet")));
}

// stderr is a pipe that nobody reads until `release`.
class StuckTerminal {
 public:
  StuckTerminal() : saved_(::dup(2)) {
    EXPECT_EQ(::pipe(ends_), 0);
    ::dup2(ends_[1], 2);
    ::close(ends_[1]);
  }
  void release() {
    reader_ = std::jthread([this] {
      char chunk[65536];
      for (auto got = ::read(ends_[0], chunk, sizeof chunk); got > 0;
           got = ::read(ends_[0], chunk, sizeof chunk)) {
        seen_.append(chunk, static_cast<std::size_t>(got));
      }
    });
  }
  // All that was written, after the last writer has gone.
  std::string restore() {
    ::dup2(saved_, 2);
    ::close(saved_);
    reader_.join();
    ::close(ends_[0]);
    return seen_;
  }

 private:
  int saved_;
  int ends_[2] = {-1, -1};
  std::string seen_;
  std::jthread reader_;
};

TEST(Log, AStuckTerminalHoldsUpNobodyAndTheNewestLinesSurvive) {
  const auto dropped_before = log_lines_dropped();
  StuckTerminal terminal;
  log_start(Level::info, LogFormat::json);
  constexpr long long lines = 20'000;
  const auto began = std::chrono::steady_clock::now();
  for (long long n = 1; n <= lines; ++n) log_info("line", {{"n", n}});
  const auto took = std::chrono::steady_clock::now() - began;
  const auto dropped = log_lines_dropped() - dropped_before;
  terminal.release();
  log_stop();
  const auto seen = terminal.restore();
  EXPECT_LT(took, std::chrono::seconds(20));
  EXPECT_GT(dropped, 5'000u);
  EXPECT_THAT(seen, HasSubstr("\"n\":20000}"));
  EXPECT_THAT(seen, HasSubstr("log_lines_dropped"));
  EXPECT_EQ(static_cast<std::uint64_t>(std::ranges::count(seen, '\n')), lines - dropped + 1);
}

TEST(Log, ManyThreadsMayLogWhileItStartsAndStops) {
  testing::internal::CaptureStderr();
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 3; ++t) {
      threads.emplace_back([] {
        for (long long n = 0; n < 500; ++n) log_warning("busy", {{"n", n}});
      });
    }
    for (int n = 0; n < 5; ++n) {
      log_start(Level::info, LogFormat::json);
      log_stop();
    }
  }
  const auto out = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::ranges::count(out, '\n'), 1500);
}

}  // namespace
}  // namespace hmt::agent
