#include "api/broker_views.h"
#include "api/test_brokers.h"

// Broker connections, as their owners and others meet them.
namespace hmt::api::test {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST_F(BrokerApi, ANewConnectionIsShownWithoutItsSecrets) {
  desk.connection_standings.clear();
  const auto made = add();
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.at("name"), "my Kite");
  EXPECT_EQ(made.at("broker"), "kite");
  EXPECT_EQ(made.at("user_id"), anna_id);
  EXPECT_EQ(made.at("account"), "null");
  EXPECT_EQ(made.at("has_api_key"), "true");
  EXPECT_EQ(made.at("has_api_secret"), "true");
  EXPECT_EQ(made.at("session"), "none");
  EXPECT_EQ(made.at("session_expires_at"), "null");
  EXPECT_EQ(made.header("ETag"), "\"1\"");
  EXPECT_EQ(made.header("Location"), brokers + "/" + made.at("id"));
  EXPECT_EQ(get_as("anna", made.header("Location")).text, made.text);
  EXPECT_EQ(get_as("anna", brokers).at("brokers.0.id"), made.at("id"));
  EXPECT_EQ(sealed(made.header("Location"), &model::BrokerConnection::api_secret),
            "sealed annas-secret-4712");
}

TEST_F(BrokerApi, WithoutASecretItIsKeptForAccessTokensThatAreGiven) {
  const auto made = add("anna", R"({"name":"n","api_key":"k"})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.at("has_api_secret"), "false");
}

TEST_F(BrokerApi, WhyAConnectionIsNotLiveIsShown) {
  const auto made = add();
  const auto id = *model::ConnectionId::parse(made.at("id"));
  desk.connection_standings[id] = {false, "Nobody has logged in today"};
  const auto seen = get_as("anna", brokers + "/" + made.at("id"));
  EXPECT_EQ(seen.at("live"), "false");
  EXPECT_EQ(seen.at("why_not_live"), "Nobody has logged in today");
  desk.connection_standings[id] = {true, ""};
  EXPECT_EQ(get_as("anna", brokers).at("brokers.0.live"), "true");
  EXPECT_EQ(get_as("anna", brokers).at("brokers.0.why_not_live"), "null");
}

TEST_F(BrokerApi, AWrongBodyNamesItsFieldAndRepeatsNoSecret) {
  struct Case {
    std::string body, field;
  };
  for (const auto& [body, field] : std::vector<Case>{
           {R"({"api_key":"k","api_secret":"bens-s"})", "name"},
           {R"({"name":"n","api_secret":"bens-s"})", "api_key"},
           {R"({"name":"","api_key":"bens-k"})", "name"},
           {R"({"name":null,"api_key":"bens-k"})", "name"},
           {R"({"name":7,"api_key":"bens-k"})", "name"},
           {R"({"name":"n","api_key":""})", "api_key"},
           {R"({"name":"n","api_key":"bens- k"})", "api_key"},
           {R"({"name":"n","api_key":"bens-k\n"})", "api_key"},
           {R"({"name":"n","api_key":null})", "api_key"},
           {R"({"name":"n","api_key":["bens-k"]})", "api_key"},
           {R"({"name":"n","api_key":"k","api_secret":"bens-\u20b9"})", "api_secret"},
           {R"({"name":"n","api_key":"k","access_token":"bens-t"})", "access_token"},
           {R"({"name":"n","api_key":"k","user_id":"x"})", "user_id"},
           {R"({"name":"n","api_key":"k","enabled":false})", "enabled"},
           {R"({"name":"n","api_key":"k","version":1})", "version"},
           {R"({"name":"n","api_key":"bens-k","api_key":"bens-l"})", "api_key"},
       }) {
    const auto answer = add("anna", body);
    EXPECT_EQ(answer.status, 400) << body;
    EXPECT_EQ(answer.field(), field) << body;
  }
  EXPECT_EQ(add("anna", "[]").status, 400);
  EXPECT_EQ(add("anna", R"({"name":"n","api_key":")" + std::string(257, 'k') + "\"}").status, 400);
  EXPECT_EQ(rows(), 0U);
}

TEST_F(BrokerApi, ARepeatedCreationFindsItsFirstAnswer) {
  const net::Headers key = {{"Idempotency-Key", "monday"}};
  const auto first = add("anna", annas_body, key);
  ASSERT_EQ(first.status, 201);
  EXPECT_EQ(first.header("Idempotency-Replayed"), "");
  const auto again = add("anna", annas_body, key);
  EXPECT_EQ(again.status, 201);
  EXPECT_EQ(again.text, first.text);
  EXPECT_EQ(again.header("Idempotency-Replayed"), "true");
  EXPECT_EQ(rows(), 1U);
  // It is found again by an engine that was started anew.
  auto with = config();
  with.authenticator = std::make_unique<UserTokens>(
      [this](std::string_view) {
        return SignedIn{*model::UserId::parse(anna_id), static_cast<net::Loop&>(loop).now() + 1h};
      },
      agent::Secret(operator_key));
  restart(std::move(with));
  EXPECT_EQ(add("anna", annas_body, key).text, first.text);
}

TEST_F(BrokerApi, AKeyThatWasUsedForAnotherBodyIsRefused) {
  const net::Headers key = {{"Idempotency-Key", "monday"}};
  ASSERT_EQ(add("anna", annas_body, key).status, 201);
  const auto other = add("anna", R"({"name":"other","api_key":"k"})", key);
  EXPECT_EQ(other.status, 422);
  EXPECT_EQ(other.code(), "idempotency_key_reused");
  EXPECT_EQ(other.field(), "Idempotency-Key");
  EXPECT_EQ(add("anna", annas_body, {{"Idempotency-Key", "tuesday"}}).status, 201);
  EXPECT_EQ(add("anna", annas_body, {{"Idempotency-Key", "two words"}}).status, 400);
  EXPECT_EQ(rows(), 2U);
}

TEST_F(BrokerApi, AnothersKeyIsNewToOne) {
  const net::Headers key = {{"Idempotency-Key", "monday"}};
  const auto annas = add("anna", annas_body, key);
  const auto bens = add("ben", annas_body, key);
  EXPECT_EQ(bens.status, 201);
  EXPECT_NE(bens.at("id"), annas.at("id"));
  EXPECT_EQ(bens.at("user_id"), ben_id);
}

TEST_F(BrokerApi, ARepetitionThatOvertakesTheFirstRequestWaits) {
  desk.hold_additions = true;
  std::optional<net::HttpOutcome> first;
  net::HttpClient other(loop, net::Origin{false, "127.0.0.1", port, ""}, net::ClientOptions{});
  other.get({"POST", brokers, as("anna", {{"Idempotency-Key", "k"}}), annas_body},
            [&](net::HttpOutcome got) { first = std::move(got); });
  ASSERT_TRUE(loop.run_until([&] { return desk.held.size() == 1; }));
  const auto early = add("anna", R"({"name":"n","api_key":"k"})", {{"Idempotency-Key", "k"}});
  EXPECT_EQ(early.status, 503);
  EXPECT_EQ(early.header("Retry-After"), "1");
  desk.held.front()();
  ASSERT_TRUE(loop.run_until([&] { return first.has_value(); }));
  EXPECT_EQ(first->response.status, 201);
  desk.hold_additions = false;
  EXPECT_EQ(add("anna", annas_body, {{"Idempotency-Key", "k"}}).status, 201);
  EXPECT_EQ(rows(), 1U);
}

TEST_F(BrokerApi, ACreationThatFailedMayBeRepeatedWithItsKey) {
  const net::Headers key = {{"Idempotency-Key", "k"}};
  desk.away = base::Error{base::ErrorKind::unavailable, "the database is away"};
  EXPECT_EQ(add("anna", annas_body, key).status, 503);
  desk.away.reset();
  EXPECT_EQ(add("anna", annas_body, key).status, 201);
  EXPECT_EQ(rows(), 1U);
}

TEST_F(BrokerApi, TwentyConnectionsAreTheMostOfOneUser) {
  for (int i = 0; i < 20; ++i) added();
  const auto more = add("anna", annas_body, {{"Idempotency-Key", "k"}});
  EXPECT_EQ(more.status, 429);
  EXPECT_EQ(more.code(), "limit_reached");
  EXPECT_EQ(add("ben").status, 201) << "another user's are not counted";
  EXPECT_EQ(rows(), 21U);
}

TEST_F(BrokerApi, AChangeNamesTheVersionThatItWasReadAt) {
  const auto path = added();
  EXPECT_EQ(change("anna", path, R"({"name":"new"})").status, 428);
  const auto changed =
      change("anna", path, R"({"name":"new","enabled":false})", {{"If-Match", "\"1\""}});
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.at("name"), "new");
  EXPECT_EQ(changed.at("enabled"), "false");
  EXPECT_EQ(changed.header("ETag"), "\"2\"");
  EXPECT_EQ(sealed(path, &model::BrokerConnection::api_key), "sealed annas-key-4711");
  const auto late = change("anna", path, R"({"name":"late","version":1})");
  EXPECT_EQ(late.status, 412);
  EXPECT_EQ(late.code(), "version_mismatch");
  EXPECT_EQ(change("anna", path, R"({"api_secret":"annas-secret-4712x","version":2})").status, 200);
  EXPECT_EQ(sealed(path, &model::BrokerConnection::api_secret), "sealed annas-secret-4712x");
  EXPECT_EQ(get_as("anna", path).at("name"), "new");
}

TEST_F(BrokerApi, AChangeOfWhatIsTheEnginesIsRefused) {
  const auto path = added();
  for (const std::string field : {"account", "user_id", "session_expires_at", "access_token", "id",
                                  "broker", "live", "nonsense"}) {
    const auto answer = change("anna", path, "{\"" + field + "\":\"x\",\"version\":1}");
    EXPECT_EQ(answer.status, 400) << field;
    EXPECT_EQ(answer.field(), field);
  }
  EXPECT_EQ(change("anna", path, R"({"enabled":null,"version":1})").field(), "enabled");
  EXPECT_EQ(change("anna", path, R"({"api_secret":null,"version":1})").field(), "api_secret");
  EXPECT_EQ(get_as("anna", path).at("version"), "1");
}

TEST_F(BrokerApi, AConnectionIsRemovedOnlyWhenNoActiveTriggerStandsOnIt) {
  const auto path = added();
  const auto made = ask("POST", "/api/v1/triggers", as("anna"), stop_loss());
  ASSERT_EQ(made.status, 201) << made.text;
  const auto held = quiet(ask("DELETE", path, as("anna")));
  EXPECT_EQ(held.status, 409);
  EXPECT_EQ(held.code(), "in_use");
  EXPECT_EQ(ask("DELETE", path_of(made), as("anna")).status, 200);
  EXPECT_EQ(ask("DELETE", path, as("anna", {{"If-Match", "\"2\""}})).status, 412);
  const auto gone = ask("DELETE", path, as("anna", {{"If-Match", "\"1\""}}));
  EXPECT_EQ(gone.status, 200);
  EXPECT_EQ(gone.at("removed"), "true");
  EXPECT_EQ(brokers + "/" + gone.at("id"), path);
  EXPECT_EQ(get_as("anna", path).status, 404);
  EXPECT_EQ(ask("DELETE", path, as("anna")).status, 404);
}

TEST_F(BrokerApi, AnothersConnectionIsAnsweredAsOneThatIsNotThere) {
  const auto path = added();
  struct Request {
    std::string method, below, body;
    net::Headers headers;
  };
  for (const auto& [method, below, body, headers] :
       std::vector<Request>{{"GET", "", "", {}},
                            {"PATCH", "", R"({"name":"mine"})", {{"If-Match", "\"1\""}}},
                            {"PATCH", "", R"({"name":"mine"})", {{"If-Match", "\"9\""}}},
                            {"PATCH", "", R"({"name":"mine"})", {}},
                            {"PATCH", "", R"({"nam":"mine"})", {{"If-Match", "\"1\""}}},
                            {"DELETE", "", "", {}},
                            {"DELETE", "", "", {{"If-Match", "\"1\""}}},
                            {"DELETE", "", "", {{"If-Match", "\"9\""}}},
                            {"POST", "/login", "", {}},
                            {"POST", "/session", R"({"request_token":"x"})", {}},
                            {"POST", "/session", R"({"access_token":"x"})", {}}}) {
    const auto of_anna = ask(method, path + below, as("ben", headers), body);
    const auto of_none = ask(method, nobodys_broker + below, as("ben", headers), body);
    EXPECT_NE(of_anna.status, 200) << method << below;
    EXPECT_EQ(of_anna.status, of_none.status) << method << below;
    EXPECT_EQ(of_anna.text, of_none.text) << method << below;
  }
  EXPECT_EQ(get_as("ben", brokers).at("brokers.0"), "-");
  EXPECT_EQ(get_as("anna", path).at("version"), "1") << "and nothing was done to it";
  EXPECT_EQ(get_as("anna", path).at("session"), "none");
}

TEST_F(BrokerApi, TheOperatorOfManySeesAllAndOwnsNone) {
  const auto annas = added("anna");
  const auto bens = added("ben");
  EXPECT_EQ(get_as(operator_key, brokers).at("brokers.0.user_id"), anna_id);
  EXPECT_EQ(get_as(operator_key, brokers).at("brokers.1.user_id"), ben_id);
  EXPECT_EQ(get_as(operator_key, bens).status, 200);
  const auto refused = add(operator_key);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "forbidden");
  EXPECT_EQ(change(operator_key, annas, R"({"enabled":false,"version":1})").at("enabled"), "false");
  EXPECT_EQ(get_as("anna", annas).at("user_id"), anna_id);
}

TEST(BrokerView, ASessionIsLiveUntilItEnds) {
  const base::Instant now = *base::parse_rfc3339("2026-11-24T00:30:00Z");
  model::BrokerConnection row;
  row.session_expires_at = now + std::chrono::hours(1);
  EXPECT_EQ(session_word(row, now), "none");
  row.access_token = "v1.x";
  EXPECT_EQ(session_word(row, now), "live");
  row.session_expires_at = now + std::chrono::nanoseconds(1);
  EXPECT_EQ(session_word(row, now), "live");
  row.session_expires_at = now;
  EXPECT_EQ(session_word(row, now), "expired");
  row.session_expires_at.reset();
  EXPECT_EQ(session_word(row, now), "live");
}

// ---- through which connection a trigger fires

TEST_F(BrokerApi, ATriggerFiresThroughTheOnlyConnectionOfItsOwner) {
  const auto none = ask("POST", "/api/v1/triggers", as("anna"), stop_loss());
  EXPECT_EQ(none.status, 400);
  EXPECT_EQ(none.field(), "broker_connection_id");
  EXPECT_THAT(none.at("error.message"), HasSubstr("POST /api/v1/brokers"));
  const auto path = added();
  added("ben");
  const auto made = ask("POST", "/api/v1/triggers", as("anna"), stop_loss());
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(brokers + "/" + made.at("broker_connection_id"), path);
}

TEST_F(BrokerApi, WithMoreThanOneConnectionATriggerSaysWhich) {
  const auto first = added();
  const auto second = added();
  const auto open = ask("POST", "/api/v1/triggers", as("anna"), stop_loss());
  EXPECT_EQ(open.status, 400);
  EXPECT_EQ(open.field(), "broker_connection_id");
  const auto id = second.substr(second.rfind('/') + 1);
  const auto made = ask("POST", "/api/v1/triggers", as("anna"),
                        stop_loss({{"broker_connection_id", "\"" + id + "\""}}));
  EXPECT_EQ(made.at("broker_connection_id"), id) << made.text;
}

TEST_F(BrokerApi, NoTriggerFiresThroughAnothersConnection) {
  added();
  const auto bens = added("ben");
  const auto through = [&](const std::string& id) {
    return ask("POST", "/api/v1/triggers", as("anna"),
               stop_loss({{"broker_connection_id", "\"" + id + "\""}}));
  };
  const auto stolen = through(bens.substr(bens.rfind('/') + 1));
  EXPECT_EQ(stolen.status, 400);
  EXPECT_EQ(stolen.field(), "broker_connection_id");
  EXPECT_EQ(stolen.text, through("33333333-3333-4333-8333-333333333333").text)
      << "as one that is not there";
  EXPECT_EQ(through("00000000-0000-0000-0000-000000000000").status, 400)
      << "the operator's own is nobody else's";
  EXPECT_EQ(get_as("anna", "/api/v1/triggers").at("triggers.0"), "-");
}

// ---- figures

TEST_F(BrokerApi, AUserIsToldTheFiguresOfTheirOwnTriggersAlone) {
  added("anna");
  added("ben");
  desk.standing_.active_triggers = 815;
  desk.standing_.triggered_orders = 816;
  desk.standing_.failed_orders = 817;
  desk.standing_.queued_orders = 818;
  desk.standing_.unknown_orders = 819;
  desk.standing_.reasons = {"The feed is away"};
  const auto fired = ask("POST", "/api/v1/triggers", as("anna"), stop_loss());
  ask("POST", "/api/v1/triggers", as("anna"), stop_loss());
  ask("POST", "/api/v1/triggers", as("ben"), stop_loss());
  fire(fired);
  const std::string engine = "/functions/v1/hmt-trigger-engine/";
  const auto health = get_as("anna", engine + "health");
  EXPECT_EQ(health.at("stats.active_triggers"), "1");
  EXPECT_EQ(health.at("stats.triggered_orders"), "0");
  EXPECT_EQ(health.at("stats.failed_orders"), "0");
  EXPECT_EQ(health.at("stats.queued_orders"), "null");
  EXPECT_EQ(health.at("stats.unknown_orders"), "null");
  EXPECT_EQ(health.at("reasons.0"), "The feed is away");
  EXPECT_EQ(get_as("anna", engine + "stats").at("active_triggers"), "1");
  EXPECT_EQ(get_as("ben", engine + "stats").at("active_triggers"), "1");
  for (const auto* text : {&health.text}) EXPECT_THAT(*text, Not(HasSubstr("81")));
  const auto whole = get_as(operator_key, engine + "health");
  EXPECT_EQ(whole.at("stats.active_triggers"), "815");
  EXPECT_EQ(whole.at("stats.queued_orders"), "818");
  EXPECT_EQ(get_as(operator_key, engine + "stats").at("failed_orders"), "817");
}

TEST_F(BrokerApi, AUsersStreamCountsTheirOwnAndTheOperatorsCountsAll) {
  added("anna");
  desk.standing_.active_triggers = 815;
  Listener annas(loop, port, "/api/v1/stream", as("anna"));
  Listener operators(loop, port, "/api/v1/stream", as(operator_key));
  EXPECT_EQ(annas.next("hello").at("engine.stats.active_triggers"), "0");
  EXPECT_EQ(operators.next("hello").at("engine.stats.active_triggers"), "815");
  ask("POST", "/api/v1/triggers", as("anna"), stop_loss());
  annas.next("trg");
  const auto stat = annas.next("stat");
  EXPECT_EQ(stat.at("d.stats.active_triggers"), "1");
  EXPECT_EQ(stat.at("d.stats.queued_orders"), "null");
  EXPECT_EQ(operators.next("stat").at("d.stats.active_triggers"), "815");
}

// ---- single-user mode

class SingleUserBrokers : public ServerTest {};

TEST_F(SingleUserBrokers, ATriggerNeedsNoConnection) {
  EXPECT_EQ(arm().at("broker_connection_id"), "00000000-0000-0000-0000-000000000000");
}

TEST_F(SingleUserBrokers, TheOperatorMayAddAConnection) {
  const auto made = post(brokers, R"({"name":"second","api_key":"k","api_secret":"s"})");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.at("user_id"), "00000000-0000-0000-0000-000000000000");
  EXPECT_EQ(arm().at("broker_connection_id"), "00000000-0000-0000-0000-000000000000");
}

}  // namespace
}  // namespace hmt::api::test
