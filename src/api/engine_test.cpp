#include "api/test_server.h"

namespace hmt::api::test {
namespace {

const std::string engine = "/functions/v1/hmt-trigger-engine/";

class EngineApi : public ServerTest {};

TEST_F(EngineApi, AStrangerSeesTheStatusAndNothingElse) {
  const auto answer = ask("GET", engine + "health", {});
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.text, R"({"status":"running"})");
}

TEST_F(EngineApi, HealthTellsTheOperatorHowThingsStand) {
  desk.standing_.status = runtime::EngineStatus::degraded;
  desk.standing_.reasons = {"The feed is away: log in again."};
  desk.standing_.feed = runtime::FeedStatus::connecting;
  desk.standing_.active_triggers = 15;
  desk.standing_.processed_ticks = 125043;
  desk.standing_.last_tick_time = *base::parse_rfc3339("2024-12-13T12:00:00Z");
  const auto answer = get(engine + "health");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.at("status"), "degraded");
  EXPECT_EQ(answer.at("reasons.0"), "The feed is away: log in again.");
  EXPECT_EQ(answer.at("stats.active_triggers"), "15");
  EXPECT_EQ(answer.at("stats.processed_ticks"), "125043");
  EXPECT_EQ(answer.at("stats.websocket_status"), "connecting");
  EXPECT_EQ(answer.at("stats.last_tick_time"), "2024-12-13T12:00:00.000Z");
  EXPECT_EQ(answer.at("config.max_retries"), "2");
  EXPECT_EQ(answer.at("config.retry_backoff_ms"), "1000");
  EXPECT_EQ(answer.at("config.enabled"), "true");
}

TEST_F(EngineApi, HealthWithAWrongTokenIsRefusedRatherThanCutShort) {
  EXPECT_EQ(ask("GET", engine + "health", {{"Authorization", "Bearer wrong"}}).status, 401);
}

TEST_F(EngineApi, StatsAreTheSixCounters) {
  desk.standing_.failed_orders = 3;
  const auto answer = get(engine + "stats");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body.members.size(), 6U);
  EXPECT_EQ(answer.at("failed_orders"), "3");
}

TEST_F(EngineApi, TheOperatorStopsAndStartsTheEngine) {
  const auto stopped = ask("POST", engine + "stop", signed_in());
  EXPECT_EQ(stopped.text, R"({"success":true,"message":"Engine stopped"})");
  EXPECT_EQ(ask("GET", engine + "health", {}).at("status"), "stopped");
  EXPECT_EQ(post(engine + "start", "{}").at("message"), "Engine started");
  EXPECT_EQ(ask("GET", engine + "health", {}).at("status"), "running");
}

TEST_F(EngineApi, StartSaysWhyTheConfigurationForbidsIt) {
  desk.configured_.enabled = false;
  const auto answer = ask("POST", engine + "start", signed_in());
  EXPECT_EQ(answer.status, 409);
  EXPECT_EQ(answer.code(), "refused");
  EXPECT_NE(answer.at("error.message").find("HMT_ENGINE_ENABLED"), std::string::npos);
}

TEST_F(EngineApi, StartAndStopTakeNoBody) {
  EXPECT_EQ(post(engine + "stop", R"({"force":true})").status, 400);
  EXPECT_EQ(desk.standing_.status, runtime::EngineStatus::running);
}

}  // namespace
}  // namespace hmt::api::test
