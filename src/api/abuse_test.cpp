#include <random>

#include "api/routes.h"
#include "api/test_server.h"

namespace hmt::api::test {
namespace {

class AbusedApi : public ServerTest {
 protected:
  static std::string concrete(std::string_view pattern) {
    std::string out(pattern);
    const auto at = out.find("{id}");
    if (at != std::string::npos) out.replace(at, 4, "33333333-3333-4333-8333-333333333333");
    return out;
  }
  // Of an open route to one who brings nothing.
  static int open_status(std::string_view pattern) {
    return pattern == "/api/v1/brokers/callback" ? 400 : 200;
  }
  // To one who is not signed in: Kite has no 401.
  static int shut_status(const Route& route) { return route.access == Access::kite ? 403 : 401; }
  std::string raw_request(const std::string& line, const std::string& headers,
                          const std::string& body = {}) {
    return raw(line + " HTTP/1.1\r\n" + headers + "Connection: close\r\nContent-Length: " +
               std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  // The status of a raw answer.
  static int status(const std::string& answer) {
    return answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0;
  }
};

TEST_F(AbusedApi, WithoutSignInEveryRouteIsShutButTheOpenOnes) {
  for (const auto& route : routes()) {
    const auto answer = ask(std::string(route.method), concrete(route.pattern), {});
    const bool is_open = route.access == Access::open || route.access == Access::optional;
    const bool is_stream = route.access == Access::stream;
    EXPECT_EQ(answer.status, is_open     ? open_status(route.pattern)
                             : is_stream ? 426
                                         : shut_status(route))
        << route.method << " " << route.pattern;
    if (answer.status == 401) {
      EXPECT_EQ(answer.header("WWW-Authenticate"), "Bearer realm=\"hmt\"");
      EXPECT_EQ(answer.code(), "unauthorized");
    }
  }
}

TEST_F(AbusedApi, AWrongTokenIsRefusedOnEveryRouteThatAsksForOne) {
  for (const auto& route : routes()) {
    if (route.access == Access::open || route.access == Access::stream) continue;
    restart(config());  // or the guesser would be locked out
    const auto answer = ask(std::string(route.method), concrete(route.pattern),
                            {{"Authorization", "Bearer wrong"}});
    EXPECT_EQ(answer.status, shut_status(route)) << route.pattern;
  }
}

TEST_F(AbusedApi, AGuesserIsLockedOutAndTheStatusStaysReadable) {
  const net::Headers guess = {{"Authorization", "Bearer guess"}};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(ask("GET", "/api/v1/session", guess).status, 401);
  const auto locked = ask("GET", "/api/v1/session", guess);
  EXPECT_EQ(locked.status, 429);
  EXPECT_EQ(locked.code(), "locked_out");
  EXPECT_GT(std::stoi(locked.header("Retry-After")), 50);
  EXPECT_EQ(ask("GET", "/functions/v1/hmt-trigger-engine/health", {}).status, 200);
  EXPECT_EQ(ask("GET", "/", {}).status, 200);
}

// All programs of this machine share an address: one that guesses must not keep the operator from
// the kill switch.
TEST_F(AbusedApi, TheOperatorGetsInWhileAGuesserOnTheSameMachineIsLockedOut) {
  const net::Headers guess = {{"Authorization", "Basic eDp5"}};
  for (int i = 0; i < 12; ++i) ask("GET", "/api/v1/session", guess);
  EXPECT_EQ(ask("GET", "/api/v1/session", guess).status, 429);
  EXPECT_EQ(ask("POST", "/functions/v1/hmt-trigger-engine/stop", signed_in()).status, 200);
  EXPECT_EQ(desk.standing_.status, runtime::EngineStatus::stopped);
  EXPECT_EQ(ask("GET", "/api/v1/session", guess).status, 429) << "it stays locked out";
}

// <img src="http://127.0.0.1:8080/api/v1/stream?ticket=x"> on any page.
TEST_F(AbusedApi, WrongTicketsLockNobodyOut) {
  for (int i = 0; i < 12; ++i) {
    EXPECT_EQ(ask("GET", "/api/v1/stream?ticket=x", {}).status, 426);
    Listener socket(loop, port, "/api/v1/stream?ticket=x");
    EXPECT_EQ(socket.end().http_status, 401);
  }
  EXPECT_EQ(ask("GET", "/api/v1/session", {{"Authorization", "Bearer x"}}).status, 401);
  const auto ticket = ask("POST", "/api/v1/stream-ticket", signed_in());
  ASSERT_EQ(ticket.status, 201) << ticket.text;
  Listener opened(loop, port, "/api/v1/stream?ticket=" + ticket.at("ticket"));
  opened.next("hello");
}

TEST_F(AbusedApi, WhoBringsNoTokenGuessesNothing) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(ask("GET", "/api/v1/session", {}).status, 401);
  EXPECT_EQ(get("/api/v1/session").status, 200);
}

TEST_F(AbusedApi, UnknownPathsAndMethodsSayWhatIsWrong) {
  EXPECT_EQ(get("/api/v1/trigger").status, 404);
  EXPECT_EQ(get("/api/v1/triggers/").status, 404);
  EXPECT_EQ(get("/api/v1/../../etc/passwd").status, 404);
  EXPECT_EQ(get("//").status, 404);
  const auto answer = ask("PUT", "/api/v1/triggers", json(), "{}");
  EXPECT_EQ(answer.status, 405);
  EXPECT_EQ(answer.code(), "method_not_allowed");
  EXPECT_EQ(answer.header("Allow"), "GET, POST");
  EXPECT_EQ(ask("OPTIONS", "/api/v1/triggers", {}).header("Access-Control-Allow-Origin"), "");
}

TEST_F(AbusedApi, ABodyMustSayThatItIsJson) {
  for (const std::string type : {"", "text/plain", "application/x-www-form-urlencoded",
                                 "application/jsonx", "multipart/form-data"}) {
    auto headers = signed_in();
    if (!type.empty()) headers.emplace_back("Content-Type", type);
    const auto answer = ask("POST", "/api/v1/triggers", headers, stop_loss());
    EXPECT_EQ(answer.status, 415) << type;
    EXPECT_EQ(answer.code(), "unsupported_media_type");
  }
  auto headers = signed_in({{"Content-Type", "Application/JSON ; charset=utf-8"}});
  EXPECT_EQ(ask("POST", "/api/v1/triggers", headers, stop_loss()).status, 201);
}

TEST_F(AbusedApi, ABodyLargerThan64KiloBytesIsRefusedInTheApisOwnWords) {
  const auto answer = post("/api/v1/triggers", std::string(65 << 10, ' '));
  EXPECT_EQ(answer.status, 413);
  EXPECT_EQ(answer.code(), "body_too_large");
}

TEST_F(AbusedApi, BrokenJsonIsWrongInputAndNeverAFault) {
  for (const std::string body :
       {"", "{", "[]", "null", "{\"a\":1,\"a\":2}", "{\"quantity_1\":1e999}", "\xFF\xFE", "{}{}",
        "{\"instrument_token\":{}}", "{\"parent_id\":\"\\u0000\"}"}) {
    EXPECT_EQ(post("/api/v1/triggers", body).status, 400) << body;
  }
  EXPECT_EQ(post("/api/v1/triggers", std::string(60'000, '[')).status, 400);
  EXPECT_EQ(post("/api/v1/triggers", stop_loss({{"quantity_1", "1"}, {"x", "1"}})).field(), "x");
}

TEST_F(AbusedApi, RandomDamageToABodyNeverBreaksTheServer) {
  const unsigned seed = 20261123;
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const auto good = stop_loss({{"expires_at", "\"2099-01-01T00:00:00Z\""}});
  for (int round = 0; round < 300; ++round) {
    auto body = good;
    for (int change = 0; change < 3; ++change) {
      const auto at = random() % body.size();
      if (random() % 2 == 0)
        body[at] = static_cast<char>(random() % 256);
      else
        body.erase(at, random() % 8);
    }
    const auto answer = post("/api/v1/triggers", body);
    EXPECT_TRUE(answer.status == 400 || answer.status == 201) << answer.status << body;
  }
}

TEST_F(AbusedApi, AnotherHostNameIsTurnedAway) {
  const auto answer = raw_request("GET /api/v1/session",
                                  "Host: evil.example\r\nAuthorization: Bearer " + token + "\r\n");
  EXPECT_EQ(status(answer), 403);
  EXPECT_NE(answer.find("host_not_allowed"), std::string::npos);
  EXPECT_NE(answer.find("127.0.0.1, localhost, [::1] and the address that it listens on"),
            std::string::npos)
      << "it says which names it answers to";
  EXPECT_EQ(status(raw_request("GET /", "Host: localhost\r\n")), 200);
}

TEST_F(AbusedApi, AnotherSitesPageMayNotWrite) {
  const auto stop = [&](const std::string& origin) {
    return ask("POST", "/functions/v1/hmt-trigger-engine/stop", signed_in({{"Origin", origin}}));
  };
  const auto answer = stop("http://evil.example");
  EXPECT_EQ(answer.status, 403);
  EXPECT_EQ(answer.code(), "origin_not_allowed");
  EXPECT_EQ(desk.standing_.status, runtime::EngineStatus::running);
  EXPECT_EQ(stop("http://127.0.0.1:" + std::to_string(port)).status, 200);
}

// A browser says of each request where it comes from; a page cannot change that.
TEST_F(AbusedApi, ABrowserOnAnotherSitesPageReachesTheOpenPagesOnly) {
  for (const auto& route : routes()) {
    for (const std::string site : {"cross-site", "same-site", "Cross-Site"}) {
      const auto answer = ask(std::string(route.method), concrete(route.pattern),
                              signed_in({{"Sec-Fetch-Site", site}}));
      const bool is_open = route.access == Access::open;
      EXPECT_EQ(answer.status, is_open ? open_status(route.pattern) : 403)
          << route.pattern << " " << site;
      if (is_open) continue;
      if (route.access == Access::kite) {
        EXPECT_EQ(answer.at("error_type"), "PermissionException");
      } else {
        EXPECT_EQ(answer.code(), "origin_not_allowed");
      }
    }
  }
  for (const std::string site : {"same-origin", "none"}) {
    const auto answer = ask("GET", "/api/v1/session", signed_in({{"Sec-Fetch-Site", site}}));
    EXPECT_EQ(answer.status, 200) << site;
  }
}

TEST_F(AbusedApi, APageThatIsAllowedIsNotTurnedAwayForComingFromAnotherSite) {
  auto with = config();
  with.allowed_origins = {"http://localhost:5173"};
  restart(std::move(with));
  const auto from = [&](const std::string& origin) {
    return ask("POST", "/api/v1/stream-ticket",
               signed_in({{"Origin", origin}, {"Sec-Fetch-Site", "cross-site"}}))
        .status;
  };
  EXPECT_EQ(from("http://localhost:5173"), 201);
  EXPECT_EQ(from("http://localhost:5174"), 403);
  EXPECT_EQ(from("http://127.0.0.1:" + std::to_string(port)), 403);
}

TEST_F(AbusedApi, MalformedRequestsAreAnsweredInTheApisOwnWords) {
  for (const std::string& request : std::vector<std::string>{
           "GET\r\n\r\n", "GET / HTTP/1.1\r\n\r\n", "\x16\x03\x01 hello\r\n\r\n",
           "GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n"
           "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"}) {
    const auto answer = raw(request);
    EXPECT_EQ(status(answer), 400) << request;
    EXPECT_NE(answer.find("malformed_request"), std::string::npos) << request;
  }
  const auto large =
      raw("GET / HTTP/1.1\r\nHost: localhost\r\nX: " + std::string(20 << 10, 'x') + "\r\n\r\n");
  EXPECT_EQ(status(large), 431);
  EXPECT_NE(large.find("headers_too_large"), std::string::npos);
}

}  // namespace
}  // namespace hmt::api::test
