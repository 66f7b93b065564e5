#pragma once
#include "api/test_server.h"

// For tests: two users and the operator of many, each with a token of their own, and their broker
// connections. No answer that they get may hold a secret.
namespace hmt::api::test {

inline const std::string brokers = "/api/v1/brokers";
inline const std::string nobodys_broker = "/api/v1/brokers/33333333-3333-4333-8333-333333333333";
inline const std::string operator_key = "the-operators-own-key";
inline const std::string annas_body =
    R"({"name":"my Kite","api_key":"annas-key-4711","api_secret":"annas-secret-4712"})";

class BrokerApi : public ServerTest {
 protected:
  BrokerApi() {
    auto with = config();
    with.admin_token.clear();
    with.authenticator = std::make_unique<UserTokens>(
        [this](std::string_view credential) -> base::Result<SignedIn> {
          const auto until = static_cast<net::Loop&>(loop).now() + 1h;
          if (credential == "anna") return SignedIn{*model::UserId::parse(anna_id), until};
          if (credential == "ben") return SignedIn{*model::UserId::parse(ben_id), until};
          return base::fail(base::ErrorKind::refused, "nobody's");
        },
        agent::Secret(operator_key));
    restart(std::move(with));
  }

  static net::Headers as(const std::string& who, net::Headers more = {}) {
    more.emplace_back("Authorization", "Bearer " + who);
    more.emplace_back("Content-Type", "application/json");
    return more;
  }
  Answer get_as(const std::string& who, const std::string& target) {
    return quiet(ask("GET", target, as(who)));
  }
  Answer add(const std::string& who = "anna", const std::string& body = annas_body,
             net::Headers more = {}) {
    return quiet(ask("POST", brokers, as(who, std::move(more)), body));
  }
  std::string added(const std::string& who = "anna") {
    const auto answer = add(who);
    EXPECT_EQ(answer.status, 201) << answer.text;
    return brokers + "/" + answer.at("id");
  }
  Answer change(const std::string& who, const std::string& path, const std::string& body,
                net::Headers more = {}) {
    return quiet(ask("PATCH", path, as(who, std::move(more)), body));
  }
  Answer begin_login(const std::string& path, const std::string& who = "anna") {
    return quiet(ask("POST", path + "/login", as(who)));
  }
  // The state that the broker hands through: the desk of the tests shows it plainly.
  static std::string state_of(const Answer& login) {
    const auto url = login.at("login_url");
    return url.substr(url.find('?') + 1);
  }
  // The browser comes back from the broker, from another site and without our sign-in.
  Answer come_back(const std::string& query) {
    const auto answer = quiet(ask("GET", brokers + "/callback?" + query,
                                  {{"Sec-Fetch-Site", "cross-site"}, {"Accept", "text/html"}}));
    EXPECT_THAT(answer.header("Content-Type"), testing::HasSubstr("text/html")) << query;
    EXPECT_THAT(answer.header("Content-Security-Policy"), testing::HasSubstr("default-src 'none'"));
    EXPECT_THAT(answer.header("Content-Security-Policy"),
                testing::Not(testing::HasSubstr("unsafe")));
    EXPECT_EQ(answer.header("Referrer-Policy"), "no-referrer");
    EXPECT_THAT(answer.text, testing::HasSubstr("close this window"));
    EXPECT_THAT(answer.text, testing::Not(testing::HasSubstr("<script")));
    EXPECT_THAT(answer.text, testing::Not(testing::HasSubstr("http")));
    return answer;
  }
  // No answer of any kind holds a secret, sealed or not, or a token.
  static Answer quiet(Answer answer) {
    for (const std::string secret :
         {"annas-key-4711", "annas-secret-4712", "sealed", "token-4713", "bens-"}) {
      EXPECT_THAT(answer.text, testing::Not(testing::HasSubstr(secret)));
    }
    return answer;
  }
  std::string sealed(const std::string& path, std::string model::BrokerConnection::* column) {
    const auto id = *model::ConnectionId::parse(path.substr(path.rfind('/') + 1));
    const auto row = database->writer().reader()->connection(id, {});
    return row ? (*row).*column : "gone";
  }
  std::size_t rows() { return database->writer().reader()->connections({})->size(); }

  const std::string anna_id = "aaaaaaaa-1111-4111-8111-111111111111";
  const std::string ben_id = "bbbbbbbb-2222-4222-8222-222222222222";
};

}  // namespace hmt::api::test
