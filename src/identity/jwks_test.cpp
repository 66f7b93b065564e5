#include "identity/jwks.h"

#include <gtest/gtest.h>

#include "agent/manual_scheduler.h"
#include "identity/test_tokens.h"
#include "net/http_server.h"
#include "net/test_peers.h"

namespace hmt::identity::test {
namespace {

using base::ErrorKind;

// An issuer on a real socket, and a clock that only the test moves.
class Jwks : public testing::Test {
 protected:
  static constexpr std::string_view path = "/auth/v1/.well-known/jwks.json";

  Jwks() {
    const auto address = server.listen("127.0.0.1:0");
    EXPECT_TRUE(address);
    port = static_cast<std::uint16_t>(std::stoi(address->substr(address->rfind(':') + 1)));
    make_source();
  }

  void make_source(std::string prefix = {}, base::Duration patience = 1min) {
    source.emplace(clock, [this, ask = fetch_jwks_over(loop, {false, "127.0.0.1", port, prefix},
                                                       patience)](JwksDone done) mutable {
      ++asked;
      ask([this, done = std::move(done)](base::Result<std::string> got) mutable {
        brought = got.has_value();
        done(std::move(got));
        ++answered;
      });
    });
  }

  void answer(net::Incoming incoming, net::Responder responder) {
    targets.push_back(incoming.request.target);
    if (hangs) return hanging.push_back(std::move(responder));
    responder.send({status, headers, body});
  }

  void publish(const std::vector<const TestKey*>& keys) {
    std::vector<std::string> all;
    for (const auto* key : keys) all.push_back(key->jwk());
    body = jwks(all);
  }

  // The question that is on its way, and no other, is answered.
  void settle() {
    EXPECT_EQ(asked, answered + 1) << "one question is on its way";
    EXPECT_TRUE(loop.run_until([&] { return answered == asked; }));
  }
  void start() {
    source->start();
    settle();
  }
  void pass(base::Duration time) { clock.advance(time); }
  bool knows(const TestKey& key) const {
    const auto keys = source->keys();
    return keys && keys->find(key.id());
  }

  net::test::TestLoop loop;
  agent::ManualScheduler clock{now};
  net::HttpServer server{loop, {}, [this](net::Incoming incoming, net::Responder responder) {
                           answer(std::move(incoming), std::move(responder));
                         }};
  std::uint16_t port = 0;
  std::optional<JwksSource> source;

  int status = 200;
  net::Headers headers = {{"Content-Type", "application/json"}};
  std::string body = R"({"keys":[]})";
  bool hangs = false;
  std::vector<net::Responder> hanging;
  std::vector<std::string> targets;  // of all questions that came
  std::size_t asked = 0;
  std::size_t answered = 0;
  bool brought = false;  // the last answer, a text
  const TestKey first = TestKey::p256("first");
  const TestKey second = TestKey::p256("second");
};

TEST_F(Jwks, TheKeysAreFetchedAtTheStart) {
  publish({&first});
  EXPECT_EQ(source->keys(), nullptr);
  start();
  EXPECT_TRUE(knows(first));
  EXPECT_EQ(targets, std::vector<std::string>{std::string(path)});
}

TEST_F(Jwks, BeforeTheyAreThereATokenIsAskedToWait) {
  publish({&first});
  EXPECT_EQ(source->look_up("first").kind, ErrorKind::unavailable);
  settle();
  EXPECT_TRUE(knows(first)) << "the question itself starts the fetch";
}

TEST_F(Jwks, TheIssuersPathComesFirst) {
  publish({&first});
  make_source("/gateway");
  start();
  EXPECT_EQ(targets.back(), "/gateway" + std::string(path));
}

TEST_F(Jwks, TheyAreRefreshedBeforeTheyAreTenMinutesOld) {
  publish({&first});
  start();
  pass(8min + 59s);
  EXPECT_EQ(asked, 1U);
  publish({&first, &second});
  pass(1s);
  EXPECT_TRUE(knows(first)) << "meanwhile the old ones hold";
  settle();
  EXPECT_TRUE(knows(second));
  pass(9min);
  settle();
}

TEST_F(Jwks, KeysThatCannotBeRefreshedAreUsedForAnHourAndNoLonger) {
  publish({&first});
  start();
  status = 500;
  pass(9min);
  settle();
  EXPECT_TRUE(knows(first));
  for (int i = 0; i < 8; ++i) {
    pass(30s);
    settle();
    EXPECT_TRUE(knows(first));
  }
  hangs = true;
  pass(59min - 9min - 4min);
  EXPECT_TRUE(knows(first)) << "59 minutes";
  pass(1min);
  EXPECT_FALSE(knows(first)) << "an hour";
  EXPECT_EQ(source->look_up("first").kind, ErrorKind::unavailable);
}

TEST_F(Jwks, KeysOfTenMinutesAreNotUsedUnlessTheIssuerFailed) {
  publish({&first});
  start();
  hangs = true;
  pass(9min);
  EXPECT_EQ(asked, 2U);
  pass(59s);
  EXPECT_TRUE(knows(first));
  pass(1s);
  EXPECT_FALSE(knows(first)) << "they may have been revoked";
  EXPECT_EQ(source->look_up("first").kind, ErrorKind::unavailable);
}

TEST_F(Jwks, AFailureThatIsOverIsForgotten) {
  publish({&first});
  start();
  status = 500;
  pass(9min);
  settle();
  status = 200;
  pass(30s);
  settle();
  hangs = true;
  pass(9min + 59s);
  EXPECT_TRUE(knows(first));
  pass(1s);
  EXPECT_FALSE(knows(first)) << "ten minutes are ten minutes again";
}

TEST_F(Jwks, AfterAFailureTheyComeBack) {
  status = 503;
  start();
  EXPECT_EQ(source->keys(), nullptr);
  EXPECT_EQ(source->look_up("first").kind, ErrorKind::unavailable);
  EXPECT_EQ(asked, 1U);
  status = 200;
  publish({&first});
  pass(5s);
  settle();
  EXPECT_TRUE(knows(first));
}

TEST_F(Jwks, ARedirectIsNotFollowed) {
  publish({&first});
  for (const int code : {301, 302, 303, 307, 308}) {
    status = code;
    headers = {{"Location", "http://127.0.0.1:" + std::to_string(port) + "/other"}};
    targets.clear();
    make_source();
    start();
    EXPECT_EQ(source->keys(), nullptr) << code;
    EXPECT_EQ(targets.size(), 1U) << code;
  }
}

TEST_F(Jwks, WhatIsNotAKeySetChangesNothing) {
  publish({&first});
  start();
  for (const std::string& wrong :
       std::vector<std::string>{"", "<html></html>", "{}", R"({"keys":[)",
                                jwks(std::vector<std::string>(21, second.jwk()))}) {
    body = wrong;
    pass(targets.size() == 1 ? base::Duration(9min) : base::Duration(30s));
    settle();
    EXPECT_TRUE(knows(first)) << wrong;
  }
}

TEST_F(Jwks, AnAnswerOfMoreThan64KbIsNotRead) {
  publish({&first});
  body.insert(body.size() - 1, KeySet::bytes_max - body.size(), ' ');
  start();
  EXPECT_TRUE(knows(first)) << "64 KB";
  body.insert(body.size() - 1, 1, ' ');
  make_source();
  start();
  EXPECT_FALSE(brought) << "it is not even taken whole";
  EXPECT_EQ(source->keys(), nullptr);
}

TEST_F(Jwks, ASlowIssuerIsGivenUp) {
  hangs = true;
  make_source("", 50ms);
  start();
  EXPECT_EQ(source->keys(), nullptr);
  EXPECT_EQ(source->look_up("first").kind, ErrorKind::unavailable);
  pass(5s);
  EXPECT_EQ(asked, 2U) << "and asked again";
}

TEST_F(Jwks, ManyTokensOfOneNewKeyAskOnce) {
  hangs = true;
  for (int i = 0; i < 100; ++i) {
    source->start();
    EXPECT_EQ(source->look_up("first").kind, ErrorKind::unavailable);
    EXPECT_EQ(source->look_up("k" + std::to_string(i)).kind, ErrorKind::unavailable);
  }
  pass(31s);
  EXPECT_EQ(source->look_up("first").kind, ErrorKind::unavailable);
  EXPECT_EQ(asked, 1U);
}

TEST_F(Jwks, ANewKeyIsLookedUpWhenItsFirstTokenComes) {
  publish({&first});
  start();
  pass(30s);
  publish({&first, &second});
  EXPECT_EQ(source->look_up("second").kind, ErrorKind::unavailable);
  settle();
  EXPECT_TRUE(knows(second));
}

TEST_F(Jwks, StrangersCannotMakeItAskMoreThanTwiceAMinute) {
  publish({&first});
  start();
  int answered_at_once = 0;
  for (int second_passed = 0; second_passed < 300; ++second_passed) {
    pass(1s);
    for (int i = 0; i < 20; ++i) {
      const auto name = "made-up-" + std::to_string(second_passed * 20 + i);
      const auto error = source->look_up(name);
      answered_at_once += error.kind == ErrorKind::refused ? 1 : 0;
    }
    if (asked > answered) settle();
  }
  EXPECT_EQ(asked, 11U) << "the first, and one each half minute";
  EXPECT_EQ(answered_at_once, 6000 - 200);
}

TEST_F(Jwks, ANameThatIsNobodysIsRememberedForAWhile) {
  publish({&first});
  start();
  pass(31s);
  EXPECT_EQ(source->look_up("nobody").kind, ErrorKind::unavailable);
  settle();
  EXPECT_EQ(source->look_up("nobody").kind, ErrorKind::refused);
  pass(4min);
  EXPECT_EQ(source->look_up("nobody").kind, ErrorKind::refused);
  EXPECT_EQ(asked, 2U);
  pass(1min + 1s);
  EXPECT_EQ(source->look_up("nobody").kind, ErrorKind::unavailable) << "and then asked for again";
  settle();
}

TEST_F(Jwks, ManyNamesOfNobodyDoNotFillTheMemory) {
  publish({&first});
  start();
  // A question can be remembered for 64 names.
  for (int round = 0; round < 6; ++round) {
    pass(31s);
    for (int i = 0; i < 65; ++i) {
      source->look_up("n" + std::to_string(round) + "-" + std::to_string(i));
    }
    settle();
  }
  pass(31s);
  EXPECT_EQ(source->look_up("n5-63").kind, ErrorKind::refused);
  EXPECT_EQ(source->look_up("n5-64").kind, ErrorKind::unavailable);
  settle();
  pass(31s);
  EXPECT_EQ(source->look_up("n0-0").kind, ErrorKind::unavailable) << "the oldest are forgotten";
  settle();
}

TEST_F(Jwks, WhileTheIssuerFailsAnUnknownKeyMayStillBeThere) {
  publish({&first});
  start();
  pass(31s);
  status = 500;
  EXPECT_EQ(source->look_up("second").kind, ErrorKind::unavailable);
  settle();
  EXPECT_EQ(source->look_up("second").kind, ErrorKind::unavailable);
  EXPECT_EQ(asked, 2U);
  status = 200;
  publish({&first, &second});
  pass(30s);
  settle();
  EXPECT_TRUE(knows(second));
}

TEST_F(Jwks, ItMayGoWhileAQuestionIsOnItsWay) {
  hangs = true;
  source->start();
  EXPECT_TRUE(loop.run_until([&] { return !targets.empty(); }));
  source.reset();
  EXPECT_EQ(answered, 1U) << "the client ends it, and nobody is there to hear of it";
  pass(1h);
  EXPECT_EQ(asked, 1U);
}

TEST_F(Jwks, ItLeavesNoTimerBehind) {
  start();
  EXPECT_FALSE(clock.idle());
  source.reset();
  EXPECT_TRUE(clock.idle());
}

// A key becomes known before it signs, and is revoked after its last token has ended.
TEST_F(Jwks, KeysAreRotated) {
  const auto holds = [&](const TestKey& key) {
    return verify(key.token(), {source->keys(), {}}, policy(), now).has_value();
  };
  publish({&first});
  start();
  EXPECT_TRUE(holds(first));
  publish({&first, &second});  // standby
  pass(9min);
  settle();
  EXPECT_TRUE(holds(second)) << "current, and nothing has to be looked up";
  EXPECT_TRUE(holds(first)) << "its tokens still run";
  EXPECT_EQ(asked, 2U);
  publish({&second});  // revoked
  pass(9min);
  settle();
  EXPECT_FALSE(holds(first));
  EXPECT_TRUE(holds(second));
}

}  // namespace
}  // namespace hmt::identity::test
