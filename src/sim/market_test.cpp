#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/accounts.h"
#include "sim/candles.h"
#include "sim/faults.h"
#include "sim/instrument_list.h"
#include "sim/json.h"
#include "sim/prices.h"
#include "sim/rate_meter.h"

namespace hmt::sim {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr base::Instant start{std::chrono::seconds(1'795'000'000)};  // a Wednesday in 2026

Price price(const char* text) {
  return *Price::parse(text);
}

const model::Catalogue& catalogue() {
  static const model::Catalogue all{standard_instruments(base::trading_date(start))};
  return all;
}

TEST(Instruments, KnowTheTokensThatEverybodyKnows) {
  EXPECT_EQ(find_instrument(catalogue(), "NSE:INFY")->token, 408065U);
  EXPECT_EQ(find_instrument(catalogue(), "NSE:NIFTY 50")->token, 256265U);
  EXPECT_EQ(find_instrument(catalogue(), "BSE:SENSEX")->token, 265U);
  EXPECT_EQ(find_instrument(catalogue(), "NSE:NOSUCH"), nullptr);
  EXPECT_EQ(find_instrument(catalogue(), "INFY"), nullptr);
}

TEST(Instruments, EveryTokenNamesItsExchangeTokenAndSegmentAndIsUnique) {
  std::set<model::InstrumentToken> seen;
  for (const auto& row : generated_instruments(base::trading_date(start), 5000)) {
    EXPECT_EQ(row.token >> 8, row.exchange_token) << row.trading_symbol;
    EXPECT_TRUE(model::segment_of(row.token).has_value()) << row.trading_symbol;
    EXPECT_TRUE(seen.insert(row.token).second) << row.trading_symbol;
    EXPECT_TRUE(row.last_price.is_multiple_of(row.tick_size)) << row.trading_symbol;
    EXPECT_GT(row.last_price.raw(), 0) << row.trading_symbol;
    if (row.expiry) EXPECT_GE(*row.expiry, base::trading_date(start)) << row.trading_symbol;
  }
}

TEST(Instruments, SymbolsAreUniqueOnTheirExchange) {
  std::set<std::string> seen;
  for (const auto& row : generated_instruments(base::trading_date(start), 30'000)) {
    const std::string name = std::string(model::word(row.exchange)) + ":" + row.trading_symbol;
    ASSERT_TRUE(seen.insert(name).second) << name;
  }
  EXPECT_EQ(seen.size(), 30'000U);
}

TEST(Instruments, TheDumpHasTheExactHeaderAndOneRowEach) {
  const std::string csv = instruments_csv(catalogue().all(), "NSE");
  EXPECT_THAT(csv, StartsWith("instrument_token,exchange_token,tradingsymbol,name,last_price,"
                              "expiry,strike,tick_size,lot_size,instrument_type,segment,"
                              "exchange\n"));
  EXPECT_THAT(csv, HasSubstr("\n408065,1594,INFY,INFOSYS,1573.1,,0,0.1,1,EQ,NSE,NSE\n"));
  EXPECT_THAT(csv, testing::Not(HasSubstr("BSE")));
}

TEST(Prices, EqualSeedsWalkTheSameWayOnTheTickGrid) {
  Prices one(catalogue(), 7, start), two(catalogue(), 7, start), other(catalogue(), 8, start);
  const auto& infy = *catalogue().find(408065);
  bool differs = false;
  for (int i = 0; i < 500; ++i) {
    const auto now = start + std::chrono::seconds(i);
    EXPECT_EQ(one.step(infy, 60, now), two.step(infy, 60, now));
    other.step(infy, 60, now);
    ASSERT_EQ(one.last(infy), two.last(infy));
    ASSERT_TRUE(one.last(infy).is_multiple_of(infy.tick_size));
    differs = differs || one.last(infy) != other.last(infy);
  }
  EXPECT_TRUE(differs);
  EXPECT_GT(one.version(infy), 200U);
}

TEST(Prices, BeforeItsFirstTradeAnInstrumentShowsAnOldOne) {
  Prices prices(catalogue(), 1, start);
  EXPECT_LT(prices.snapshot(408065).last_trade_time, start - std::chrono::hours(12));
  const auto& infy = *catalogue().find(408065);
  ASSERT_TRUE(prices.trade(infy, price("1600.00"), start));
  ASSERT_TRUE(prices.trade(infy, price("1580.00"), start + std::chrono::seconds(1)));
  const Snapshot now = prices.snapshot(408065);
  EXPECT_EQ(now.last_trade_time, start + std::chrono::seconds(1));
  EXPECT_EQ(now.open, price("1600.00"));
  EXPECT_EQ(now.high, price("1600.00"));
  EXPECT_EQ(now.low, price("1580.00"));
  EXPECT_EQ(now.average, price("1590.00"));
  EXPECT_EQ(now.volume, 2);
}

TEST(Prices, RefuseWhatIsOffTheGridOrDoesNotFitTheWire) {
  Prices prices(catalogue(), 1, start);
  const auto& infy = *catalogue().find(408065);
  EXPECT_FALSE(prices.trade(infy, price("1573.15"), start));
  EXPECT_FALSE(prices.trade(infy, price("0"), start));
  EXPECT_FALSE(prices.trade(infy, price("21474836.50"), start));
  EXPECT_EQ(prices.version(infy), 0U);
}

TEST(PriceScript, ReadsSymbolsWithSpacesAndSortsByTime) {
  const auto script = parse_price_script(
      "# a dip\n2.5 NSE:INFY 1500.10\n\n1 NSE:NIFTY 50  26000.05\r\n1 NSE:INFY 1501\n");
  ASSERT_TRUE(script);
  ASSERT_EQ(script->size(), 3U);
  EXPECT_EQ((*script)[0].instrument, "NSE:NIFTY 50");
  EXPECT_EQ((*script)[0].after, std::chrono::seconds(1));
  EXPECT_EQ((*script)[1].price, price("1501"));
  EXPECT_EQ((*script)[2].after, std::chrono::milliseconds(2500));
}

TEST(PriceScript, NamesTheLineThatIsWrong) {
  for (const char* text : {"1 NSE:INFY 1\nx NSE:INFY 1", "\n1 INFY 2", "#\n1 NSE:INFY"}) {
    const auto script = parse_price_script(text);
    ASSERT_FALSE(script) << text;
    EXPECT_THAT(script.error().message, StartsWith("line 2: ")) << text;
  }
}

TEST(Json, KeepsNumbersAsTheyWereWritten) {
  const auto parsed = parse_json(R"({"a":"x\"","v":[408065,-1.50,true,null,{"b":[]}]})");
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->find("a")->text, "x\"");
  const Json& list = *parsed->find("v");
  ASSERT_EQ(list.items.size(), 5U);
  EXPECT_EQ(list.items[0].text, "408065");
  EXPECT_EQ(list.items[1].text, "-1.50");
  EXPECT_TRUE(list.items[2].truth);
  EXPECT_TRUE(list.items[3].is(Json::Kind::null));
  EXPECT_EQ(parsed->find("c"), nullptr);
}

TEST(Json, RefusesWhatIsNoWholeDocument) {
  for (const char* text : {"", "{", "[1,]", "{\"a\":1} x", "17", "{\"a\":01}", "nul"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_FALSE(parse_json(std::string(200, '[') + std::string(200, ']')));
}

TEST(Json, WritesShortExactDecimals) {
  JsonWriter out;
  out.begin_object().key("p").price(price("1573.10")).key("q").price(price("72"));
  out.key("c").price(price("89.2475")).key("s").string("a\"b\n").end_object();
  EXPECT_EQ(out.take(), "{\"p\":1573.1,\"q\":72,\"c\":89.2475,\"s\":\"a\\\"b\\u000a\"}");
}

TEST(RateMeter, RefusesTheEleventhInsideTheWindowAndForgetsAfterIt) {
  RateMeter meter(10, std::chrono::seconds(1));
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(meter.take(std::chrono::milliseconds(i * 10)));
  EXPECT_FALSE(meter.take(std::chrono::milliseconds(999)));
  EXPECT_TRUE(meter.take(std::chrono::milliseconds(1000)));
  EXPECT_FALSE(meter.take(std::chrono::milliseconds(1005)));
}

TEST(Faults, HappenInTheirOrderAndAreUsedUp) {
  Faults faults(1);
  faults.set({{.kind = FaultKind::timeout_400, .count = 2},
              {.kind = FaultKind::book_5xx},
              {.kind = FaultKind::rate_429}});
  EXPECT_EQ(faults.take(FaultTarget::placement)->kind, FaultKind::timeout_400);
  EXPECT_EQ(faults.take(FaultTarget::placement)->kind, FaultKind::timeout_400);
  EXPECT_EQ(faults.take(FaultTarget::placement)->kind, FaultKind::rate_429);
  EXPECT_FALSE(faults.take(FaultTarget::placement));
  EXPECT_EQ(faults.take(FaultTarget::book)->kind, FaultKind::book_5xx);
  EXPECT_TRUE(faults.pending().empty());
}

TEST(Faults, AChanceIsTakenAboutAsOftenAsItSays) {
  Faults faults(42);
  faults.set({{.kind = FaultKind::rate_429, .count = 1'000'000, .per_hundred = 30}});
  int taken = 0;
  for (int i = 0; i < 1000; ++i) taken += faults.take(FaultTarget::placement).has_value();
  EXPECT_NEAR(taken, 300, 60);
}

TEST(Faults, EveryKindHasAWordOfItsOwn) {
  for (int i = 0; i <= static_cast<int>(FaultKind::connect_429); ++i) {
    const auto kind = static_cast<FaultKind>(i);
    EXPECT_EQ(fault_kind(word(kind)), kind) << i;
  }
  EXPECT_FALSE(fault_kind("no_such_fault"));
}

TEST(Accounts, TheChecksumIsTheSha256OfKeyTokenAndSecret) {
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  Accounts accounts{SimConfig{}};
  const std::string good = sha256_hex("simkeyrt1simsecret");
  EXPECT_TRUE(accounts.log_in("simkey", "rt1", good, start));
  EXPECT_FALSE(accounts.log_in("simkey", "rt2", good, start));
  EXPECT_FALSE(accounts.log_in("other", "rt1", good, start));
}

TEST(Accounts, AnAccountIsWrittenAsKeySecretUserAndToken) {
  const auto logged_out = parse_account("key:secret:AB1234").value();
  EXPECT_EQ(logged_out.api_key, "key");
  EXPECT_EQ(logged_out.api_secret, "secret");
  EXPECT_EQ(logged_out.user_id, "AB1234");
  EXPECT_EQ(logged_out.access_token, "");
  EXPECT_EQ(parse_account("key:secret:AB1234:token").value().access_token, "token");
  for (const char* wrong : {"", "key", "key:secret", "key:secret:", ":secret:AB1234", "key::AB1234",
                            "key:secret:AB1234:token:more"}) {
    EXPECT_FALSE(parse_account(wrong)) << wrong;
  }
}

TEST(Accounts, AKeyBelongsToOneAccount) {
  Accounts accounts{SimConfig{}};
  EXPECT_TRUE(accounts.add(parse_account("second:secret:AB1234:token").value()));
  EXPECT_FALSE(accounts.add(parse_account("second:other:CD5678:token").value()));
  EXPECT_TRUE(accounts.authorise("token second:token"));
  EXPECT_FALSE(accounts.authorise("token simkey:token"));
}

TEST(Accounts, AnIssuedRequestTokenWorksOnce) {
  Accounts accounts{SimConfig{}};
  const std::string token = accounts.issue_request_token(accounts.all()[0]);
  const std::string checksum = sha256_hex("simkey" + token + "simsecret");
  EXPECT_TRUE(accounts.log_in("simkey", token, checksum, start));
  EXPECT_FALSE(accounts.log_in("simkey", token, checksum, start));
}

TEST(Accounts, AnExpiredTokenIsReplacedByTheNextLogin) {
  Accounts accounts{SimConfig{}};
  EXPECT_TRUE(accounts.authorise("token simkey:simtoken"));
  accounts.expire_all();
  EXPECT_FALSE(accounts.authorise("token simkey:simtoken"));
  EXPECT_FALSE(accounts.authorise("token simkey:"));
  const auto again =
      accounts.log_in("simkey", "rt", sha256_hex("simkeyrtsimsecret"), start).value();
  EXPECT_TRUE(accounts.authorise("token simkey:" + again->access_token));
}

TEST(Candles, TileTheTradingDayAndEndAtTheLastPrice) {
  Prices prices(catalogue(), 1, start);
  const auto& infy = *catalogue().find(408065);
  const auto from = *base::parse_broker_time("2026-11-16 00:00:00");  // a Monday
  const auto now = *base::parse_broker_time("2026-11-17 10:00:30");
  const auto rows = candles(prices, infy, *interval_of("minute"), from, now, now);
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->size(), 375U + 46U);
  EXPECT_EQ(rows->back().close, prices.last(infy));
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const Candle& row = (*rows)[i];
    EXPECT_GE(row.high, std::max(row.open, row.close));
    EXPECT_LE(row.low, std::min(row.open, row.close));
    const bool same_day = i > 0 && row.start - (*rows)[i - 1].start == std::chrono::minutes(1);
    if (same_day) EXPECT_EQ(row.open, (*rows)[i - 1].close);
  }
  EXPECT_FALSE(
      candles(prices, infy, *interval_of("minute"), from - std::chrono::days(61), now, now));
  EXPECT_FALSE(interval_of("2minute"));
}

}  // namespace
}  // namespace hmt::sim
