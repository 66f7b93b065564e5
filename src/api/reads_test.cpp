#include "api/test_server.h"

namespace hmt::api::test {
namespace {

class ReadApi : public ServerTest {};

TEST_F(ReadApi, AnOrderTellsWhyItWasMade) {
  const auto made = arm();
  EXPECT_EQ(get(path_of(made) + "/attempts").at("attempts.0"), "-");
  fire(made);
  const auto attempts = get(path_of(made) + "/attempts");
  EXPECT_EQ(attempts.at("attempts.0.state"), "forwarded");
  EXPECT_EQ(attempts.at("attempts.0.price"), "1495.50");
  EXPECT_EQ(attempts.at("attempts.0.evidence.rule"), "SELL leg 1: LTP 1499.95 <= 1500.00");
  EXPECT_EQ(get("/api/v1/orders").at("orders.0.trigger_id"), made.at("id"));
  EXPECT_EQ(get("/api/v1/orders?limit=0").status, 400);
  EXPECT_EQ(get("/api/v1/orders?colour=red").field(), "colour");
}

TEST_F(ReadApi, TheTrailIsReadForwardsAndBackwards) {
  const auto made = arm();
  fire(made);
  const auto trail = get("/api/v1/audit?trigger_id=" + made.at("id"));
  EXPECT_EQ(trail.at("audit.0.event"), "created");
  EXPECT_EQ(trail.at("audit.1.event"), "claimed");
  EXPECT_EQ(trail.at("audit.1.detail.rule"), "SELL leg 1: LTP 1499.95 <= 1500.00");
  EXPECT_EQ(trail.at("next"), "null");
  const auto number = trail.at("audit.0.number");
  EXPECT_EQ(get("/api/v1/audit?after=" + number).at("audit.0.event"), "claimed");
  const auto newest = get("/api/v1/audit?limit=1&before=9000000000");
  EXPECT_EQ(newest.at("audit.0.event"), "claimed");
  EXPECT_EQ(get("/api/v1/audit?limit=1&before=" + newest.at("next")).at("audit.0.event"),
            "created");
}

TEST_F(ReadApi, AWrongTrailFilterIsNamed) {
  EXPECT_EQ(get("/api/v1/audit?trigger_id=7").field(), "trigger_id");
  EXPECT_EQ(get("/api/v1/audit?after=-1").field(), "after");
  EXPECT_EQ(get("/api/v1/audit?before=x").field(), "before");
  EXPECT_EQ(get("/api/v1/audit?after=1&before=2").field(), "before");
  EXPECT_EQ(get("/api/v1/audit?limit=99999").field(), "limit");
}

TEST_F(ReadApi, InstrumentsAreFoundByWordsAndByToken) {
  desk.trade(infy, "1573.15");
  const auto found = get("/api/v1/instruments?q=inf");
  EXPECT_EQ(found.at("instruments.0.trading_symbol"), "INFY");
  EXPECT_EQ(found.at("instruments.0.last_price"), "1573.15");
  EXPECT_EQ(found.at("instruments.0.tick_size"), "0.05");
  EXPECT_EQ(get("/api/v1/instruments?q=CDS%3AUSDINR").at("instruments.0.tick_size"), "0.0025");
  EXPECT_EQ(get("/api/v1/instruments?q=NIFTY").at("instruments.0.tradable"), "false");
  EXPECT_EQ(get("/api/v1/instruments?instrument_token=738561").at("instruments.0.last_price"),
            "null");
  EXPECT_EQ(get("/api/v1/instruments?instrument_token=1").text, R"({"instruments":[]})");
  EXPECT_EQ(get("/api/v1/instruments").field(), "q");
  EXPECT_EQ(get("/api/v1/instruments?q=").field(), "q");
  EXPECT_EQ(get("/api/v1/instruments?q=" + std::string(101, 'a')).field(), "q");
  EXPECT_EQ(get("/api/v1/instruments?q=a&limit=101").field(), "limit");
}

TEST_F(ReadApi, TheSessionSaysWhoIsSignedIn) {
  const auto session = get("/api/v1/session");
  EXPECT_EQ(session.at("actor"), "operator");
  EXPECT_EQ(session.at("operator"), "true");
  EXPECT_EQ(session.at("version"), "1.2.3");
  EXPECT_EQ(session.at("simulated"), "false");
}

TEST_F(ReadApi, MetricsAreForPrometheusAndNeedSignIn) {
  const auto answer = get("/metrics");
  EXPECT_EQ(answer.text, "hmt_ticks_total 7\n");
  EXPECT_EQ(answer.header("Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
  EXPECT_EQ(ask("GET", "/metrics", {}).status, 401);
}

TEST_F(ReadApi, TheStatusPageShowsTheStatusUnderAStrictPolicy) {
  desk.standing_.status = runtime::EngineStatus::degraded;
  desk.standing_.reasons = {"a reason that only the signed in may read"};
  const auto page = ask("GET", "/", {});
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.header("Content-Type"), "text/html; charset=utf-8");
  EXPECT_NE(page.text.find("<strong>degraded</strong>"), std::string::npos);
  EXPECT_EQ(page.text.find("a reason"), std::string::npos);
  EXPECT_EQ(page.text.find("<script"), std::string::npos);
  EXPECT_NE(page.header("Content-Security-Policy").find("default-src 'none'"), std::string::npos);
  EXPECT_EQ(page.header("Content-Security-Policy").find("unsafe"), std::string::npos);
}

TEST_F(ReadApi, TheDocumentIsServedToEveryone) {
  const auto document = ask("GET", "/api/v1/openapi.json", {});
  EXPECT_EQ(document.status, 200);
  EXPECT_EQ(document.at("openapi"), "3.1.0");
}

}  // namespace
}  // namespace hmt::api::test
