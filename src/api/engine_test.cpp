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

// Users come with their own sign-in later; until then a test plays one.
class OneUser final : public Authenticator {
 public:
  base::Result<Identity> authenticate(const net::Headers& headers) override {
    const auto name = bearer(headers);
    if (!name) return base::fail(base::ErrorKind::not_found, "sign in");
    const auto id = model::UserId::parse(*name);
    if (!id) return base::fail(base::ErrorKind::refused, "no such user");
    return Identity{{"user:" + id->text(), *id}, {}};
  }
};

class UsersApi : public ServerTest {
 protected:
  UsersApi() {
    auto with = config();
    with.authenticator = std::make_unique<OneUser>();
    restart(std::move(with));
  }
  static net::Headers as(const std::string& user) {
    return {{"Authorization", "Bearer " + user}, {"Content-Type", "application/json"}};
  }
  const std::string anna = "11111111-1111-4111-8111-111111111111";
  const std::string ben = "22222222-2222-4222-8222-222222222222";
};

TEST_F(UsersApi, OnlyTheOperatorStopsTheEngine) {
  for (const std::string what : {"start", "stop"}) {
    const auto answer = ask("POST", engine + what, as(anna));
    EXPECT_EQ(answer.status, 403);
    EXPECT_EQ(answer.code(), "forbidden");
  }
}

TEST_F(UsersApi, AnotherUsersTriggerLooksLikeNone) {
  const auto made = ask("POST", "/api/v1/triggers", as(anna), stop_loss());
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.at("user_id"), anna);
  const auto nobodys = "/api/v1/triggers/33333333-3333-4333-8333-333333333333";
  for (const std::string method : {"GET", "DELETE", "PATCH"}) {
    auto headers = as(ben);
    headers.emplace_back("If-Match", "\"1\"");
    const auto body = method == "PATCH" ? R"({"quantity_1":11})" : "";
    const auto annas = ask(method, path_of(made), headers, body);
    EXPECT_EQ(annas.status, 404) << method;
    EXPECT_EQ(annas.text, ask(method, nobodys, headers, body).text) << method;
  }
  EXPECT_EQ(ask("GET", path_of(made) + "/attempts", as(ben)).status, 404);
  EXPECT_EQ(ask("GET", "/api/v1/triggers", as(ben)).at("triggers.0"), "-");
  EXPECT_EQ(ask("GET", "/api/v1/audit", as(ben)).at("audit.0"), "-");
  EXPECT_EQ(ask("GET", "/api/v1/triggers", as(anna)).at("triggers.0.id"), made.at("id"));
}

TEST_F(UsersApi, AStreamTellsAUserOnlyOfTheirOwn) {
  const auto headers = [&](const std::string& user) {
    return net::Headers{{"Authorization", "Bearer " + user}};
  };
  Listener annas(loop, port, "/api/v1/stream", headers(anna));
  Listener bens(loop, port, "/api/v1/stream", headers(ben));
  annas.next("hello");
  bens.next("hello");
  const auto made = ask("POST", "/api/v1/triggers", as(anna), stop_loss());
  EXPECT_EQ(annas.next("trg").at("d.0.id"), made.at("id"));
  bens.next("hb");
  bens.next("hb");
  EXPECT_EQ(bens.count("trg"), 0);
}

}  // namespace
}  // namespace hmt::api::test
