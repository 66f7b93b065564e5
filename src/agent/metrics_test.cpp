#include "agent/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace hmt::agent {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;

TEST(Metrics, AreToldInPrometheusText) {
  const auto ticks = counter("hmt_test_ticks_total", "Ticks seen", {{"mode", "full"}});
  ticks.add();
  ticks.add(41);
  gauge("hmt_test_open_triggers", "Triggers that are armed").set(3.5);
  latency_histogram("hmt_test_fire_seconds", "Tick to order").observe_seconds(0.0002);
  const auto text = metrics_text();
  EXPECT_THAT(text, HasSubstr("# HELP hmt_test_ticks_total Ticks seen\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE hmt_test_ticks_total counter\n"));
  EXPECT_THAT(text, HasSubstr("hmt_test_ticks_total{mode=\"full\"} 42\n"));
  EXPECT_THAT(text, HasSubstr("hmt_test_open_triggers 3.5\n"));
  EXPECT_THAT(text, HasSubstr("hmt_test_fire_seconds_bucket{le=\"0.0001\"} 0\n"));
  EXPECT_THAT(text, HasSubstr("hmt_test_fire_seconds_bucket{le=\"0.00025\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hmt_test_fire_seconds_bucket{le=\"30\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("hmt_log_lines_dropped "));
}

TEST(Metrics, AFifthMoreCanBeSeenInAFineHistogram) {
  const auto took = fine_latency_histogram("hmt_test_frame_seconds", "Frame to verdict");
  took.observe_seconds(100e-6);
  took.observe_seconds(120e-6);
  const auto text = metrics_text();
  EXPECT_THAT(text, ContainsRegex("hmt_test_frame_seconds_bucket.le=.0.00010763[0-9]*.. 1\n"));
  EXPECT_THAT(text, ContainsRegex("hmt_test_frame_seconds_bucket.le=.0.000128.. 2\n"));
}

TEST(Metrics, TheSameNameAndLabelsAreTheSameMetric) {
  counter("hmt_test_same_total", "h", {{"a", "1"}}).add(2);
  counter("hmt_test_same_total", "h", {{"a", "1"}}).add(3);
  counter("hmt_test_same_total", "h", {{"a", "2"}}).add(7);
  EXPECT_THAT(metrics_text(), HasSubstr("hmt_test_same_total{a=\"1\"} 5\n"));
  EXPECT_THAT(metrics_text(), HasSubstr("hmt_test_same_total{a=\"2\"} 7\n"));
}

TEST(Metrics, MayBeUsedFromManyThreadsAndBeforeTheyAreMade) {
  Counter unmade;
  unmade.add();
  {
    std::vector<std::jthread> threads;
    for (int n = 0; n < 4; ++n) {
      threads.emplace_back([] {
        for (int i = 0; i < 1000; ++i) counter("hmt_test_threads_total", "h").add();
      });
    }
  }
  EXPECT_THAT(metrics_text(), HasSubstr("hmt_test_threads_total 4000\n"));
}

TEST(MetricsDeathTest, ANameOfSomebodyElseIsABug) {
  EXPECT_DEATH(counter("ticks", "h"), "hmt_");
}

}  // namespace
}  // namespace hmt::agent
