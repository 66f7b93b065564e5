#include "api/test_server.h"

// Multi-user mode: whoever asks sees and touches their own, and learns nothing of what else there
// is.
namespace hmt::api::test {
namespace {

using base::ErrorKind;

const std::string operator_key = "the-operators-own-key";

// Users by made-up tokens, so that the tests say who asks and for how long.
class UsersApi : public ServerTest {
 protected:
  UsersApi() {
    restart(many_users());
    connect(id_a, "ca000000-0a49-4e58-9c77-0123456789ab");
    connect(id_b, "cb000000-0a49-4e58-9c77-0123456789ab");
  }

  ApiConfig many_users() {
    auto out = config();
    out.admin_token.clear();
    out.authenticator = std::make_unique<UserTokens>(
        [this](std::string_view credential) { return whose(credential); },
        agent::Secret(operator_key));
    return out;
  }

  base::Result<SignedIn> whose(std::string_view credential) {
    ++asked;
    if (away) return base::fail(ErrorKind::unavailable, "the keys are being fetched: ask again");
    const auto found = users.find(std::string(credential));
    if (found == users.end()) return base::fail(ErrorKind::refused, "the token is nobody's");
    return found->second;
  }

  SignedIn user(const std::string& id, base::Duration time = 1h) {
    return {*model::UserId::parse(id), static_cast<net::Loop&>(loop).now() + time};
  }

  static net::Headers as(const std::string& who, net::Headers more = {}) {
    more.emplace_back("Authorization", "Bearer " + who);
    return more;
  }
  static net::Headers writing_as(const std::string& who, net::Headers more = {}) {
    more.emplace_back("Content-Type", "application/json");
    return as(who, std::move(more));
  }
  Answer get_as(const std::string& who, const std::string& target) {
    return ask("GET", target, as(who));
  }
  Answer arm_as(const std::string& who, net::Headers more = {}) {
    return ask("POST", "/api/v1/triggers", writing_as(who, std::move(more)), stop_loss());
  }

  const std::string id_a = "aaaaaaaa-0a49-4e58-9c77-0123456789ab";
  const std::string id_b = "bbbbbbbb-0a49-4e58-9c77-0123456789ab";
  std::map<std::string, SignedIn> users = {{"token-a", user(id_a)}, {"token-b", user(id_b)}};
  bool away = false;
  int asked = 0;
};

TEST_F(UsersApi, AUserIsToldWhoTheyAreAndForHowLong) {
  const auto session = get_as("token-a", "/api/v1/session");
  EXPECT_EQ(session.at("actor"), "user:" + id_a);
  EXPECT_EQ(session.at("user_id"), id_a);
  EXPECT_EQ(session.at("operator"), "false");
  EXPECT_EQ(base::parse_rfc3339(session.at("expires_at")),
            std::chrono::floor<std::chrono::milliseconds>(users.at("token-a").expires_at));
  const auto of_operator = get_as(operator_key, "/api/v1/session");
  EXPECT_EQ(of_operator.at("operator"), "true");
  EXPECT_EQ(of_operator.at("expires_at"), "null");
}

TEST_F(UsersApi, OnlyTheWholeOperatorsKeyIsTheOperator) {
  asked = 0;
  EXPECT_EQ(get_as(operator_key, "/api/v1/session").status, 200);
  EXPECT_EQ(asked, 0) << "the key is never judged as a token";
  for (const std::string& wrong :
       std::vector<std::string>{operator_key + "x", operator_key.substr(1), "x", token}) {
    EXPECT_EQ(get_as(wrong, "/api/v1/session").status, 401) << wrong;
  }
  EXPECT_EQ(ask("GET", "/api/v1/session", {{"Authorization", "Basic dXNlcjpwYXNz"}}).status, 401);
  EXPECT_EQ(ask("GET", "/api/v1/session", {}).status, 401);
}

TEST_F(UsersApi, ATriggerBelongsToWhoMadeIt) {
  const auto made = arm_as("token-a");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.at("user_id"), id_a);
  const auto own = get_as("token-a", "/api/v1/triggers");
  EXPECT_EQ(own.at("triggers.0.id"), made.at("id"));
  EXPECT_EQ(get_as("token-b", "/api/v1/triggers").at("triggers.0"), "-");
  EXPECT_EQ(get_as(operator_key, "/api/v1/triggers").at("triggers.0.id"), made.at("id"));
}

TEST_F(UsersApi, NobodyCanMakeATriggerForAnother) {
  const auto forged = ask("POST", "/api/v1/triggers", writing_as("token-a"),
                          stop_loss({{"user_id", "\"" + id_b + "\""}}));
  EXPECT_EQ(forged.status, 400);
  EXPECT_EQ(get_as("token-b", "/api/v1/triggers").at("triggers.0"), "-");
}

// The same status, the same words, and headers that differ in nothing but what the clock says.
TEST_F(UsersApi, AnothersTriggerIsAnsweredAsOneThatIsNotThere) {
  const auto others = "/api/v1/triggers/" + arm_as("token-a").at("id");
  const std::string random = "/api/v1/triggers/cccccccc-0a49-4e58-9c77-0123456789ab";
  struct Request {
    std::string method, below, body;
    net::Headers headers;
  };
  const std::vector<Request> requests = {
      {"GET", "", "", {}},
      {"GET", "/attempts", "", {}},
      {"PATCH", "", R"({"quantity_1":5})", {{"If-Match", "\"1\""}}},
      {"PATCH", "", R"({"quantity_1":5})", {{"If-Match", "\"9\""}}},
      {"PATCH", "", R"({"quantity_1":5})", {}},
      {"PATCH", "", R"({"quantity_1":"x"})", {{"If-Match", "\"1\""}}},
      {"DELETE", "", "", {}},
      {"DELETE", "", "", {{"If-Match", "\"1\""}}},
      {"DELETE", "", "", {{"If-Match", "\"9\""}}},
      {"DELETE", "", "", {{"Idempotency-Key", "k"}}}};
  for (const auto& [method, below, body, headers] : requests) {
    const auto of_other = ask(method, others + below, writing_as("token-b", headers), body);
    const auto of_none = ask(method, random + below, writing_as("token-b", headers), body);
    EXPECT_EQ(of_other.status, of_none.status) << method << below;
    EXPECT_EQ(of_other.text, of_none.text) << method << below;
    EXPECT_EQ(of_other.headers.size(), of_none.headers.size()) << method << below;
    EXPECT_NE(of_other.status, 200) << method << below;
  }
  EXPECT_EQ(get_as("token-b", others).status, 404);
  EXPECT_EQ(get_as("token-a", others).at("status"), "active") << "and nothing was done to it";
  EXPECT_EQ(get_as("token-a", others).at("version"), "1");
}

TEST_F(UsersApi, ListsAndTrailsHoldOnesOwnAlone) {
  const auto made = arm_as("token-a");
  fire(made);
  const auto id = made.at("id");
  EXPECT_EQ(get_as("token-a", "/api/v1/orders").at("orders.0.trigger_id"), id);
  EXPECT_EQ(get_as("token-a", "/api/v1/audit").at("audit.1.event"), "created");
  EXPECT_EQ(get_as("token-a", "/api/v1/audit").at("audit.2.event"), "claimed");
  EXPECT_EQ(get_as(operator_key, "/api/v1/orders").at("orders.0.trigger_id"), id);
  EXPECT_EQ(get_as(operator_key, "/api/v1/audit?trigger_id=" + id).at("audit.0.actor"),
            "user:" + id_a);
  for (const std::string& target :
       {std::string("/api/v1/orders"), std::string("/api/v1/audit"),
        "/api/v1/audit?trigger_id=" + id, std::string("/api/v1/audit?before=9000000000"),
        std::string("/api/v1/triggers?status=firing"),
        std::string("/api/v1/triggers?instrument_token=408065")}) {
    const auto answer = get_as("token-b", target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_EQ(answer.text.find(id), std::string::npos) << target;
    EXPECT_EQ(answer.text.find(id_a), std::string::npos) << target;
  }
}

TEST_F(UsersApi, AKeyOfAnotherUsersWriteIsNewToOne) {
  const auto first = arm_as("token-a", {{"Idempotency-Key", "same"}});
  const auto second = arm_as("token-b", {{"Idempotency-Key", "same"}});
  EXPECT_EQ(second.status, 201);
  EXPECT_NE(second.at("id"), first.at("id"));
  EXPECT_EQ(second.at("user_id"), id_b);
  EXPECT_EQ(arm_as("token-a", {{"Idempotency-Key", "same"}}).at("id"), first.at("id"));
}

TEST_F(UsersApi, TheOperatorStartsStopsAndSeesAndOwnsNothing) {
  const std::string engine = "/functions/v1/hmt-trigger-engine";
  EXPECT_EQ(ask("POST", engine + "/stop", as(operator_key)).status, 200);
  EXPECT_EQ(ask("POST", engine + "/start", as(operator_key)).status, 200);
  EXPECT_EQ(get_as(operator_key, "/metrics").status, 200);
  const auto refused = arm_as(operator_key);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.code(), "forbidden");
  EXPECT_EQ(arm_as(operator_key, {{"Idempotency-Key", "k"}}).status, 403);
  EXPECT_EQ(get_as(operator_key, "/api/v1/triggers").at("triggers.0"), "-");
  const auto path = "/api/v1/triggers/" + arm_as("token-a").at("id");
  EXPECT_EQ(ask("DELETE", path, as(operator_key)).at("status"), "cancelled");
}

TEST_F(UsersApi, AUserNeitherStartsNorStopsNorReadsTheMetrics) {
  const std::string engine = "/functions/v1/hmt-trigger-engine";
  for (const auto& [method, target] :
       {std::pair<std::string, std::string>{"POST", engine + "/start"},
        {"POST", engine + "/stop"},
        {"GET", "/metrics"}}) {
    const auto answer = ask(method, target, as("token-a"));
    EXPECT_EQ(answer.status, 403) << target;
    EXPECT_EQ(answer.code(), "forbidden") << target;
  }
  EXPECT_EQ(get_as("token-a", engine + "/health").at("status"), "running");
}

TEST_F(UsersApi, WhileTheKeysAreFetchedOneIsAskedToComeAgain) {
  away = true;
  for (const std::string target :
       {"/api/v1/session", "/api/v1/triggers", "/api/v1/orders", "/api/v1/audit",
        "/api/v1/instruments?q=INFY", "/functions/v1/hmt-trigger-engine/stats",
        "/functions/v1/hmt-trigger-engine/health", "/metrics"}) {
    const auto answer = get_as("token-a", target);
    EXPECT_EQ(answer.status, 503) << target;
    EXPECT_EQ(answer.code(), "unavailable") << target;
    EXPECT_EQ(answer.header("Retry-After"), "1") << target;
  }
  EXPECT_EQ(ask("POST", "/api/v1/stream-ticket", as("token-a")).status, 503);
  EXPECT_EQ(ask("GET", "/functions/v1/hmt-trigger-engine/health", {}).status, 200);
  EXPECT_EQ(get_as(operator_key, "/api/v1/session").status, 200) << "the operator needs no keys";
  away = false;
  EXPECT_EQ(get_as("token-a", "/api/v1/session").status, 200);
}

TEST_F(UsersApi, WaitingForTheKeysIsNoWrongCredential) {
  away = true;
  for (int i = 0; i < 15; ++i) EXPECT_EQ(get_as("token-a", "/api/v1/session").status, 503);
  away = false;
  EXPECT_EQ(get_as("nobody", "/api/v1/session").status, 401) << "not locked out";
}

// ---- the live stream

TEST_F(UsersApi, AStreamTellsOnesOwnAlone) {
  Listener a(loop, port, "/api/v1/stream", as("token-a"));
  Listener b(loop, port, "/api/v1/stream", as("token-b"));
  Listener all(loop, port, "/api/v1/stream", as(operator_key));
  a.next("hello");
  b.next("hello");
  all.next("hello");
  std::vector<std::string> of_a, of_b;
  for (int i = 0; i < 20; ++i) {
    of_a.push_back(arm_as("token-a").at("id"));
    of_b.push_back(arm_as("token-b").at("id"));
  }
  for (std::size_t i = 0; i < of_a.size(); ++i) {
    EXPECT_EQ(a.next("trg").at("d.0.id"), of_a[i]);
    EXPECT_EQ(b.next("trg").at("d.0.id"), of_b[i]);
    EXPECT_EQ(all.next("trg").at("d.0.id"), of_a[i]);
    EXPECT_EQ(all.next("trg").at("d.0.id"), of_b[i]);
  }
  a.next("hb");
  b.next("hb");
  EXPECT_EQ(a.count("trg"), 20);
  EXPECT_EQ(b.count("trg"), 20);
}

TEST_F(UsersApi, AStreamEndsWithItsTokenAndTellsNothingAfter) {
  users.at("token-a") = user(id_a, 1s);
  Listener listener(loop, port, "/api/v1/stream", as("token-a"));
  listener.next("hello");
  const auto end = listener.end();
  EXPECT_EQ(end.close_code, 4003);
  EXPECT_GE(static_cast<net::Loop&>(loop).now(), users.at("token-a").expires_at);
  users.at("token-a") = user(id_a, 1h);
  Listener again(loop, port, "/api/v1/stream", as("token-a"));
  again.next("hello");
  EXPECT_FALSE(again.is_closed());
}

TEST_F(UsersApi, AnEventThatIsHeardOfAfterATokensEndIsNotToldOnItsStream) {
  users.at("token-a") = user(id_a, 1s);
  Listener listener(loop, port, "/api/v1/stream", as("token-a"));
  listener.next("hello");
  model::AuditEntry entry;
  entry.event = "too_late";
  entry.actor = "engine";
  entry.user_id = users.at("token-a").user;
  const auto number = *database->writer().note(entry);
  EXPECT_TRUE(loop.run_until([&] {
    const bool over = static_cast<net::Loop&>(loop).now() >= users.at("token-a").expires_at;
    if (over) desk.tell(number);
    return over;
  }));
  EXPECT_EQ(listener.end().close_code, 4003);
  EXPECT_EQ(listener.count("evt"), 0);
}

TEST_F(UsersApi, APriceAfterATokensEndIsNotToldOnItsStream) {
  users.at("token-a") = user(id_a, 1s);
  Listener listener(loop, port, "/api/v1/stream", as("token-a"));
  listener.next("hello");
  listener.say(R"({"t":"sub","px":[408065]})");
  EXPECT_TRUE(loop.run_until([&] { return !desk.wanted.empty(); }));
  EXPECT_TRUE(loop.run_until([&] {
    const bool over = static_cast<net::Loop&>(loop).now() >= users.at("token-a").expires_at;
    if (over) desk.trade(infy, "1573.15");
    return over;
  }));
  EXPECT_EQ(listener.end().close_code, 4003);
  EXPECT_EQ(listener.count("px"), 0);
}

TEST_F(UsersApi, AStreamOnATicketEndsWithTheTokenThatBoughtIt) {
  users.at("token-a") = user(id_a, 4s);
  const auto ticket = ask("POST", "/api/v1/stream-ticket", as("token-a")).at("ticket");
  Listener listener(loop, port, "/api/v1/stream?ticket=" + ticket);
  EXPECT_EQ(listener.end().close_code, 4003);
}

TEST_F(UsersApi, ATicketOutlivesNoToken) {
  users.at("token-a") = user(id_a, 1s);
  const auto ticket = ask("POST", "/api/v1/stream-ticket", as("token-a")).at("ticket");
  loop.run_until(
      [&] { return static_cast<net::Loop&>(loop).now() >= users.at("token-a").expires_at; });
  const auto answer = raw("GET /api/v1/stream?ticket=" + ticket +
                          " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                          "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");
  EXPECT_NE(answer.find(" 401 "), std::string::npos) << answer;
}

}  // namespace
}  // namespace hmt::api::test
