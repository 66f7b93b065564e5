#include "kite/login.h"

#include <gmock/gmock.h>
#include <map>

#include "kite/kite.h"
#include "net/http.h"
#include "net/test_peers.h"
#include "sim/server.h"

namespace hmt::kite {
namespace {

using base::ErrorKind;
using testing::HasSubstr;
using testing::Not;

base::Instant india(std::string_view time) {
  return *base::parse_broker_time(time);
}

TEST(LoginUrl, IsTheBrokersPageWithTheKeyAndTheStateThatComesBack) {
  EXPECT_EQ(login_url(KiteConfig{}.login_page, "abc123", "f00d"),
            "https://kite.zerodha.com/connect/login?v=3&api_key=abc123&"
            "redirect_params=state%3Df00d");
}

TEST(LoginUrl, NothingInAKeyOrStateBecomesAParameterOfItsOwn) {
  const auto url = login_url("http://127.0.0.1:1/connect/login", "a&b=c", "s&status=success d");
  const auto fields = net::parse_form(url.substr(url.find('?') + 1)).value();
  ASSERT_EQ(fields.size(), 3U);
  EXPECT_EQ(fields[1].second, "a&b=c");
  const auto back = net::parse_form(fields[2].second).value();
  ASSERT_EQ(back.size(), 1U);
  EXPECT_EQ(back[0].second, "s&status=success d");
}

TEST(LoginUrl, APageWithAQueryKeepsIt) {
  EXPECT_THAT(login_url("http://127.0.0.1/login?a=1", "k", "s"), HasSubstr("login?a=1&v=3&"));
}

TEST(SessionEnd, IsTheNextSixInTheMorningOfIndia) {
  struct Row {
    std::string login, end;
  };
  for (const auto& [login, end] : std::vector<Row>{
           {"2026-11-23 08:30:00", "2026-11-24 06:00:00"},
           {"2026-11-23 23:59:59", "2026-11-24 06:00:00"},
           {"2026-11-24 00:00:00", "2026-11-24 06:00:00"},
           {"2026-11-24 05:29:59", "2026-11-24 06:00:00"},
           {"2026-11-24 05:30:00", "2026-11-24 06:00:00"},
           {"2026-11-24 05:59:59", "2026-11-24 06:00:00"},
           {"2026-11-24 06:00:00", "2026-11-25 06:00:00"},
           {"2026-11-24 06:00:01", "2026-11-25 06:00:00"},
           {"2026-12-31 12:00:00", "2027-01-01 06:00:00"},
           {"2028-02-28 12:00:00", "2028-02-29 06:00:00"},
       }) {
    EXPECT_EQ(base::to_broker_time(session_end(india(login))), end) << login;
  }
  // The last instant before, to the nanosecond.
  EXPECT_EQ(session_end(india("2026-11-24 06:00:00") - base::Duration(1)),
            india("2026-11-24 06:00:00"));
}

// Against the simulated broker, which checks the checksum by code of its own.
class LoginTest : public testing::Test {
 protected:
  LoginTest() : broker(loop, brokers_accounts()) {
    address = broker.listen("127.0.0.1:0").value();
    anna = gateway("anna-key", "anna-secret");
    ben = gateway("ben-key", "ben-secret");
  }

  static sim::SimConfig brokers_accounts() {
    sim::SimConfig config;
    config.moving_prices = false;
    for (const std::string name : {"anna", "ben"}) {
      sim::AccountConfig account;
      account.user_id = name == "anna" ? "AN0001" : "BE0002";
      account.api_key = name + "-key";
      account.api_secret = name + "-secret";
      account.access_token.clear();
      config.accounts.push_back(account);
    }
    return config;
  }

  std::unique_ptr<broker::OrderGateway> gateway(std::string key, std::string secret) {
    KiteConfig config;
    config.api_key = std::move(key);
    config.api_secret = std::move(secret);
    config.rest = net::parse_origin("http://" + address).value();
    config.ticker = net::parse_origin("ws://" + address).value();
    return make_kite(loop, loop, config).gateway;
  }

  template <class T>
  base::Result<T> wait(const std::function<void(broker::Done<T>)>& ask) {
    std::optional<base::Result<T>> out;
    ask([&](base::Result<T> result) { out = std::move(result); });
    EXPECT_TRUE(loop.run_until([&] { return out.has_value(); }));
    return out ? *std::move(out) : base::Result<T>(base::fail(ErrorKind::unavailable, "no answer"));
  }
  base::Result<broker::Session> log_in(broker::OrderGateway& by, const std::string& token) {
    return wait<broker::Session>([&](auto done) { by.exchange_token(token, std::move(done)); });
  }
  base::Result<broker::Account> profile(broker::OrderGateway& of) {
    return wait<broker::Account>([&](auto done) { of.profile(std::move(done)); });
  }

  net::test::TestLoop loop;
  sim::Server broker;
  std::string address;
  std::unique_ptr<broker::OrderGateway> anna;
  std::unique_ptr<broker::OrderGateway> ben;
};

TEST_F(LoginTest, ARequestTokenBecomesASessionOfTheAccount) {
  const auto session = log_in(*anna, "request-1");
  ASSERT_TRUE(session) << session.error().message;
  EXPECT_EQ(session->user_id, "AN0001");
  EXPECT_FALSE(profile(*anna)) << "a session is not used before it is given";
  anna->use_session(session->access_token);
  EXPECT_EQ(profile(*anna)->user_id, "AN0001");
}

TEST_F(LoginTest, WithTheWrongSecretTheBrokerGivesNothing) {
  auto forger = gateway("anna-key", "ben-secret");
  const auto session = log_in(*forger, "request-1");
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::refused);
  EXPECT_THAT(session.error().message, HasSubstr("checksum"));
  EXPECT_THAT(session.error().message, Not(HasSubstr("ben-secret")));
}

// Two users of one engine: what the one does is never done with what is the other's.
TEST_F(LoginTest, TwoAccountsOnOneLoopHaveSessionsOfTheirOwn) {
  const auto annas = log_in(*anna, "request-1");
  ASSERT_TRUE(annas);
  anna->use_session(annas->access_token);
  EXPECT_EQ(profile(*anna)->user_id, "AN0001");
  const auto nobody = profile(*ben);
  ASSERT_FALSE(nobody) << "Ben is not logged in by Anna's login";
  EXPECT_EQ(nobody.error().field, "access_token");
  const auto bens = log_in(*ben, "request-2");
  ASSERT_TRUE(bens);
  ben->use_session(bens->access_token);
  EXPECT_EQ(profile(*ben)->user_id, "BE0002");
  EXPECT_EQ(profile(*anna)->user_id, "AN0001");
  EXPECT_NE(annas->access_token, bens->access_token);
}

// Seen on the wire: each connection carries one account's requests, orders and questions alike.
TEST(TwoGateways, NeverShareAConnectionAHeaderOrAToken) {
  std::mutex mutex;
  std::map<int, std::string> carried;  // by connection
  net::test::RawServer server([&](net::test::RawSocket& socket, int number) {
    while (true) {
      const auto head = socket.receive_until("\r\n\r\n");
      if (head.empty()) return;
      {
        const std::lock_guard lock(mutex);
        carried[number] += head;
      }
      const std::string body = R"({"status":"success","data":[]})";
      socket.send("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                  std::to_string(body.size()) + "\r\n\r\n" + body);
    }
  });
  net::test::TestLoop loop;
  const auto make = [&](const std::string& name) {
    KiteConfig config;
    config.api_key = name + "-key";
    config.access_token = name + "-token";
    config.rest = net::parse_origin("http://127.0.0.1:" + std::to_string(server.port())).value();
    return make_kite(loop, loop, config).gateway;
  };
  {
    auto anna = make("anna");
    auto ben = make("ben");
    anna->warm_up();
    ben->warm_up();
    for (int round = 0; round < 3; ++round) {
      int answered = 0;
      for (auto* gateway : {anna.get(), ben.get(), ben.get(), anna.get()}) {
        gateway->order_book([&](auto) { ++answered; });
        gateway->cancel("1", [&](auto) { ++answered; });
      }
      EXPECT_TRUE(loop.run_until([&] { return answered == 8; }));
    }
    anna->use_session("anna-tomorrow");
    int answered = 0;
    anna->order_book([&](auto) { ++answered; });
    ben->order_book([&](auto) { ++answered; });
    EXPECT_TRUE(loop.run_until([&] { return answered == 2; }));
  }
  const std::lock_guard lock(mutex);
  int of_anna = 0;
  int of_ben = 0;
  for (const auto& [number, text] : carried) {
    const bool annas = text.find("anna-") != std::string::npos;
    const bool bens = text.find("ben-") != std::string::npos;
    EXPECT_FALSE(annas && bens) << "connection " << number << " carried both";
    EXPECT_EQ(text.find("anna-key:ben"), std::string::npos);
    EXPECT_EQ(text.find("ben-key:anna"), std::string::npos);
    of_anna += annas;
    of_ben += bens;
  }
  EXPECT_GT(of_anna, 1);
  EXPECT_GT(of_ben, 1);
}

}  // namespace
}  // namespace hmt::kite
