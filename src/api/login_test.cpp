#include "agent/log.h"
#include "api/test_brokers.h"

// The daily login at the broker.
namespace hmt::api::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class LoginApi : public BrokerApi {};

TEST_F(LoginApi, ALoginGoesOverTheBrokersPageAndComesBackLive) {
  const auto path = added();
  const auto login = begin_login(path);
  ASSERT_EQ(login.status, 200) << login.text;
  EXPECT_EQ(login.at("expires_in"), "600");
  const auto page = come_back(
      "request_token=token-4713&action=login&type=login&status=success&state=" + state_of(login));
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.text, HasSubstr("<h1>Logged in</h1>"));
  EXPECT_THAT(page.text, HasSubstr("The broker account AB1234 is connected until "));
  const auto live = get_as("anna", path);
  EXPECT_EQ(live.at("session"), "live");
  EXPECT_EQ(live.at("account"), "AB1234");
  EXPECT_NE(live.at("session_expires_at"), "null");
  EXPECT_EQ(sealed(path, &model::BrokerConnection::access_token), "sealed exchanged token-4713");
  const auto trail = get_as("anna", "/api/v1/audit?before=9000000000");
  EXPECT_EQ(trail.at("audit.0.event"), "session_renewed");
  EXPECT_EQ(trail.at("audit.0.actor"), "user:" + anna_id) << "in the name of who began it";
}

TEST_F(LoginApi, AStateEndsOneLoginAndNoSecond) {
  const auto path = added();
  const auto state = state_of(begin_login(path));
  const auto back = "request_token=token-4713&status=success&state=" + state;
  EXPECT_EQ(come_back(back).status, 200);
  const auto again = come_back("request_token=token-4713-of-another&status=success&state=" + state);
  EXPECT_EQ(again.status, 400);
  EXPECT_THAT(again.text, HasSubstr("This login is not known here"));
  EXPECT_EQ(sealed(path, &model::BrokerConnection::access_token), "sealed exchanged token-4713");
}

TEST_F(LoginApi, WithoutAStateNobodyIsLoggedIn) {
  const auto path = added();
  const auto state = state_of(begin_login(path));
  for (const std::string& query : std::vector<std::string>{
           "request_token=token-4713&status=success",
           "request_token=token-4713&status=success&state=",
           "request_token=token-4713&status=success&state=" + std::string(64, '0'),
           "request_token=token-4713&status=success&state=" + state.substr(1), "",
           "request_token=token-4713&status=success&state=" + state + "&state=" + state}) {
    EXPECT_EQ(come_back(query).status, 400) << query;
  }
  EXPECT_EQ(get_as("anna", path).at("session"), "none");
  EXPECT_EQ(come_back("request_token=token-4713&status=success&state=" + state).status, 200)
      << "and the state is good still";
}

TEST_F(LoginApi, WhoComesBackWithoutALoginIsToldSo) {
  const auto path = added();
  for (const std::string query : {"status=failed&request_token=token-4713", "status=success",
                                  "status=success&request_token=", "request_token=token-4713",
                                  "status=success&request_token=a&request_token=b"}) {
    const auto page = come_back(query + "&state=" + state_of(begin_login(path)));
    EXPECT_EQ(page.status, 400) << query;
    EXPECT_THAT(page.text, HasSubstr("Not logged in")) << query;
    EXPECT_THAT(page.text, HasSubstr("without a login")) << query;
  }
  EXPECT_EQ(get_as("anna", path).at("session"), "none");
}

TEST_F(LoginApi, WhenTheBrokerRefusesThePageSaysWhyInItsOwnWords) {
  const auto path = added();
  desk.broker_words = "the session is of <b>another</b> account";
  const auto page = come_back("request_token=token-4713-refused&status=success&state=" +
                              state_of(begin_login(path)));
  EXPECT_EQ(page.status, 409);
  EXPECT_THAT(page.text, HasSubstr("the session is of &lt;b&gt;another&lt;/b&gt; account."));
  EXPECT_EQ(get_as("anna", path).at("session"), "none");
}

TEST_F(LoginApi, ABrokerThatRepeatsTheTokenIsNotQuoted) {
  const auto path = added();
  desk.broker_words = "invalid token token-4713-refused";
  const auto page = come_back("request_token=token-4713-refused&status=success&state=" +
                              state_of(begin_login(path)));
  EXPECT_EQ(page.status, 409);
  EXPECT_THAT(page.text, HasSubstr("The broker did not take the login."));
}

TEST_F(LoginApi, AConnectionThatIsGoneMeanwhileIsTold) {
  const auto path = added();
  const auto state = state_of(begin_login(path));
  EXPECT_EQ(ask("DELETE", path, as("anna")).status, 200);
  EXPECT_EQ(come_back("request_token=token-4713&status=success&state=" + state).status, 404);
}

TEST_F(LoginApi, ALoginThatCannotBeginTakesNoOthersPlace) {
  const auto annas = added("anna");
  const auto bens = added("ben");
  const auto state = state_of(begin_login(bens, "ben"));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(begin_login(annas, "ben").status, 404);
  EXPECT_EQ(begin_login(nobodys_broker, "ben").status, 404);
  EXPECT_EQ(quiet(ask("POST", bens + "/login", as("ben"), R"({"x":1})")).status, 400);
  EXPECT_EQ(come_back("request_token=token-4713&status=success&state=" + state).status, 200);
  EXPECT_EQ(get_as("anna", annas).at("session"), "none");
}

// Two users log in at the same time, and the one's browser comes back with the other's state.
TEST_F(LoginApi, TheStateAndNotTheBrowserSaysWhoseLoginItIs) {
  const auto annas = added("anna");
  const auto bens = added("ben");
  const auto state = state_of(begin_login(annas, "anna"));
  begin_login(bens, "ben");
  EXPECT_EQ(
      quiet(ask("GET", brokers + "/callback?request_token=token-4713&status=success&state=" + state,
                as("ben")))
          .status,
      200);
  EXPECT_EQ(get_as("anna", annas).at("session"), "live");
  EXPECT_EQ(get_as("ben", bens).at("session"), "none");
}

TEST_F(LoginApi, ATokenThatWasMadeElsewhereLogsIn) {
  const auto path = added();
  const auto by_request =
      quiet(ask("POST", path + "/session", as("anna"), R"({"request_token":"token-4713"})"));
  EXPECT_EQ(by_request.status, 200) << by_request.text;
  EXPECT_EQ(by_request.at("session"), "live");
  EXPECT_EQ(by_request.header("ETag"), "\"2\"");
  EXPECT_EQ(sealed(path, &model::BrokerConnection::access_token), "sealed exchanged token-4713");
  EXPECT_EQ(
      quiet(ask("POST", path + "/session", as("anna"), R"({"access_token":"token-4713b"})")).status,
      200);
  EXPECT_EQ(sealed(path, &model::BrokerConnection::access_token), "sealed token-4713b");
  const auto refused =
      quiet(ask("POST", path + "/session", as("anna"), R"({"access_token":"token-4713 refused"})"));
  EXPECT_EQ(refused.field(), "access_token");
  const auto broker =
      quiet(ask("POST", path + "/session", as("anna"), R"({"access_token":"token-4713-refused"})"));
  EXPECT_EQ(broker.status, 409);
  EXPECT_EQ(broker.code(), "refused");
}

TEST_F(LoginApi, ASessionIsGivenByOneToken) {
  const auto path = added();
  for (const std::string body :
       {"{}", R"({"request_token":"a","access_token":"b"})", R"({"request_token":null})",
        R"({"access_token":""})", R"({"token":"a"})", "[]", R"({"request_token":7})"}) {
    EXPECT_EQ(quiet(ask("POST", path + "/session", as("anna"), body)).status, 400) << body;
  }
  EXPECT_EQ(get_as("anna", path).at("session"), "none");
}

TEST_F(LoginApi, NoTokenOrSecretReachesTheLog) {
  testing::internal::CaptureStderr();
  agent::log_start(agent::Level::debug, agent::LogFormat::text);
  agent::log_warning("log_is_read");
  const auto path = added();
  const auto state = state_of(begin_login(path));
  come_back("request_token=token-4713-refused&status=success&state=" + state);
  come_back("request_token=token-4713&status=success&state=" + state_of(begin_login(path)));
  quiet(ask("POST", path + "/session", as("anna"), R"({"access_token":"token-4713b"})"));
  agent::log_stop();
  const auto log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("log_is_read"));
  for (const auto& secret :
       {std::string("4711"), std::string("4712"), std::string("4713"), state}) {
    EXPECT_THAT(log, Not(HasSubstr(secret)));
  }
}

}  // namespace
}  // namespace hmt::api::test
