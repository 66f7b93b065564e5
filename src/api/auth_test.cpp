#include "api/auth.h"

#include <gtest/gtest.h>

#include "api/door.h"
#include "api/secret.h"

namespace hmt::api {
namespace {

using namespace std::chrono_literals;
using base::ErrorKind;

TEST(AdminToken, OnlyTheWholeTokenSignsIn) {
  AdminToken door("secret");
  const auto with = [&](std::string value) {
    const auto identity = door.authenticate({{"authorization", std::move(value)}});
    return identity.has_value();
  };
  EXPECT_TRUE(with("Bearer secret"));
  EXPECT_TRUE(with("bearer secret"));
  for (const std::string wrong : {"Bearer secre", "Bearer secrets", "Bearer ", "Bearer", "secret",
                                  "Basic secret", "Bearer  secret", "Bearer secret "}) {
    EXPECT_FALSE(with(wrong)) << wrong;
  }
  EXPECT_EQ(door.authenticate({}).error().kind, ErrorKind::not_found);
  EXPECT_EQ(door.authenticate({{"Authorization", "x"}}).error().kind, ErrorKind::refused);
}

TEST(LockOut, TenFailuresInAMinuteLockAPeerOutUntilTheFirstIsAMinuteOld) {
  LockOut lock;
  for (int i = 0; i < 9; ++i) lock.failed("a", std::chrono::seconds(i));
  EXPECT_FALSE(lock.locked_for("a", 9s));
  lock.failed("a", 9s);
  EXPECT_EQ(lock.locked_for("a", 9s), 51s);
  EXPECT_FALSE(lock.locked_for("b", 9s));
  EXPECT_FALSE(lock.locked_for("a", 60s));
}

TEST(LockOut, SlowFailuresDoNotLockOut) {
  LockOut lock;
  for (int i = 0; i < 100; ++i) {
    lock.failed("a", 7s * i);
    EXPECT_FALSE(lock.locked_for("a", 7s * i)) << i;
  }
}

TEST(LockOut, ManyPeersDoNotFillTheMemory) {
  LockOut lock;
  for (int i = 0; i < 10; ++i) lock.failed("guesser", 50s);
  for (int i = 0; i < 1500; ++i) lock.failed("peer" + std::to_string(i), 10s);
  EXPECT_TRUE(lock.locked_for("guesser", 51s)) << "the busiest is not the one forgotten";
}

TEST(StreamTickets, ATicketIsGoodOnceAndForHalfAMinute) {
  StreamTickets tickets;
  const auto first = tickets.issue({}, 0s);
  const auto second = tickets.issue({}, 0s);
  EXPECT_TRUE(tickets.redeem(first, 29s));
  EXPECT_FALSE(tickets.redeem(first, 29s));
  EXPECT_FALSE(tickets.redeem(second, 30s));
  EXPECT_FALSE(tickets.redeem("", 0s));
}

TEST(StreamTickets, TheOldestIsForgottenWhenThereAreTooMany) {
  StreamTickets tickets;
  const auto first = tickets.issue({}, 0s);
  std::string last;
  for (std::size_t i = 0; i < StreamTickets::outstanding_max; ++i) last = tickets.issue({}, 0s);
  EXPECT_FALSE(tickets.redeem(first, 1s));
  EXPECT_TRUE(tickets.redeem(last, 1s));
}

bool host_is_refused(const Door& door, std::string host) {
  return refuse_host(door, {"GET", "/", {{"Host", std::move(host)}}, {}}).has_value();
}

TEST(Door, OnlyNamesThatTheEngineAnswersToGetIn) {
  const Door door{{"hmt.example"}, {}};
  for (const std::string good :
       {"127.0.0.1", "127.0.0.1:8080", "localhost:1", "LOCALHOST", "[::1]:8080", "hmt.example"}) {
    EXPECT_FALSE(host_is_refused(door, good)) << good;
  }
  for (const std::string bad :
       {"", "evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8080", "[::2]",
        "hmt.example.evil", "127.0.0.1@evil.example", "0.0.0.0:8080", "::1"}) {
    EXPECT_TRUE(host_is_refused(door, bad)) << bad;
  }
}

TEST(Door, OnlyTheEnginesOwnPagesMayWrite) {
  const Door door{{}, {"http://localhost:5173"}};
  const auto refused = [&](std::string origin) {
    return refuse_origin(
               door, {"POST", "/", {{"Host", "127.0.0.1:8080"}, {"Origin", std::move(origin)}}, {}})
        .has_value();
  };
  EXPECT_FALSE(refused(""));
  EXPECT_FALSE(refused("http://127.0.0.1:8080"));
  EXPECT_FALSE(refused("https://127.0.0.1:8080"));
  EXPECT_FALSE(refused("http://localhost:5173"));
  EXPECT_TRUE(refused("null"));
  EXPECT_TRUE(refused("http://127.0.0.1:9090"));
  EXPECT_TRUE(refused("http://evil.example"));
  EXPECT_TRUE(refused("http://127.0.0.1:8080.evil.example"));
}

TEST(Secret, TokensAreLongAndNeverTheSame) {
  EXPECT_EQ(random_token().size(), 64U);
  EXPECT_NE(random_token(), random_token());
  EXPECT_TRUE(equal_in_constant_time("a", "a"));
  EXPECT_FALSE(equal_in_constant_time("a", "b"));
  EXPECT_FALSE(equal_in_constant_time("a", "aa"));
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace hmt::api
