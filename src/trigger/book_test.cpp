#include "trigger/book.h"

#include <gtest/gtest.h>
#include <map>
#include <sstream>

#include "trigger/naive_book.h"

// Contract 5 as a trader reads it. One line is one step:
//   arm NAME EXCHANGE single|two-leg BUY|SELL [>=|<=] LEVEL [TARGET] [leg-1-failed|leg-2-failed]
//   disarm NAME
//   tick EXCHANGE PRICE [fires NAME 1|2 …]       nothing after the price: nothing fires
namespace hmt::trigger {
namespace {

using model::Price;

template <class AnyBook>
class Script {
 public:
  void run(const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
      SCOPED_TRACE(line);
      std::istringstream words(line);
      std::string verb;
      words >> verb;
      if (verb == "arm") arm(words);
      if (verb == "disarm") disarm(words);
      if (verb == "tick") tick(words);
    }
  }

  AnyBook book;

 private:
  struct Market {
    model::Segment segment;
    model::InstrumentToken token;
  };

  static Market market(const std::string& exchange) {
    static const std::map<std::string, model::Segment> segments = {
        {"NSE", model::Segment::nse}, {"BSE", model::Segment::bse}, {"NFO", model::Segment::nfo},
        {"CDS", model::Segment::cds}, {"BCD", model::Segment::bcd}, {"MCX", model::Segment::mcx}};
    const auto segment = segments.at(exchange);
    return {segment, 1594U << 8 | static_cast<model::InstrumentToken>(segment)};
  }

  model::TriggerId id(const std::string& name) {
    const auto number = ids_.try_emplace(name, ids_.size() + 1).first->second;
    model::TriggerId out;
    out.uuid.bytes[15] = static_cast<std::uint8_t>(number);
    return out;
  }

  void arm(std::istringstream& words) {
    std::string name, exchange, condition, side, level;
    words >> name >> exchange >> condition >> side >> level;
    model::Trigger trigger;
    trigger.id = id(name);
    trigger.instrument_token = market(exchange).token;
    trigger.condition = model::from_word<model::Condition>(condition).value();
    trigger.side = model::from_word<model::Side>(side).value();
    if (level == ">=" || level == "<=") {
      trigger.direction = model::from_word<model::Direction>(level);
      words >> level;
    }
    trigger.leg_1.trigger_price = Price::parse(level).value();
    for (std::string word; words >> word;) {
      if (word == "leg-1-failed") {
        trigger.leg_1.state = model::LegState::failed;
      } else if (word == "leg-2-failed") {
        trigger.leg_2->state = model::LegState::failed;
      } else {
        trigger.leg_2 = model::Leg{};
        trigger.leg_2->trigger_price = Price::parse(word).value();
      }
    }
    book.arm(trigger);
  }

  void disarm(std::istringstream& words) {
    std::string name;
    words >> name;
    EXPECT_NE(book.disarm(id(name)), Book::Disarmed::was_not_armed);
  }

  void tick(std::istringstream& words) {
    std::string exchange, price, fires, name;
    words >> exchange >> price >> fires;
    std::string expected;
    for (int leg = 0; words >> name >> leg;) expected += name + " " + std::to_string(leg) + " ";
    ASSERT_TRUE(fires.empty() || !expected.empty());

    const auto [segment, token] = market(exchange);
    const auto wire = model::wire_at_or_below(Price::parse(price).value(), segment);
    ASSERT_EQ(model::price_from_wire(wire, segment), Price::parse(price).value());
    std::vector<Hit> hits;
    book.take_hits(token, wire, hits);
    std::string seen;
    for (const auto& hit : hits) {
      seen += name_of(hit.id) + " " + (hit.leg == model::LegNumber::one ? "1 " : "2 ");
    }
    EXPECT_EQ(seen, expected);
  }

  std::string name_of(model::TriggerId wanted) {
    for (const auto& [name, number] : ids_) {
      if (number == wanted.uuid.bytes[15]) return name;
    }
    return "nobody";
  }

  std::map<std::string, std::size_t> ids_;
};

template <class AnyBook>
struct EitherBook : testing::Test {
  void check(const std::string& text) { script.run(text); }
  Script<AnyBook> script;
};

using Books = testing::Types<Book, NaiveBook>;
class BookNames {
 public:
  template <class AnyBook>
  static std::string GetName(int) {
    return std::is_same_v<AnyBook, Book> ? "Fast" : "Naive";
  }
};
TYPED_TEST_SUITE(EitherBook, Books, BookNames);

TYPED_TEST(EitherBook, ASellStopFiresWhenThePriceFallsToItAndNotBefore) {
  this->check(R"(
    arm stop NSE single SELL 1500.00
    tick NSE 1500.05
    tick NSE 1500.00 fires stop 1
    tick NSE 1400.00)");
}

TYPED_TEST(EitherBook, ABuyStopFiresWhenThePriceRisesToItAndNotBefore) {
  this->check(R"(
    arm stop NSE single BUY 1500.00
    tick NSE 1499.95
    tick NSE 1500.00 fires stop 1
    tick NSE 1600.00)");
}

TYPED_TEST(EitherBook, AGapThroughTheLevelFires) {
  this->check(R"(
    arm sell NSE single SELL 1500.00
    arm buy NSE single BUY 1600.00
    tick NSE 1200.05 fires sell 1
    tick NSE 1899.95 fires buy 1)");
}

TYPED_TEST(EitherBook, ATwoLegSellStopsBelowAndTakesProfitAbove) {
  this->check(R"(
    arm a NSE two-leg SELL 1500.00 1600.00
    arm b NSE two-leg SELL 1490.00 1590.00
    tick NSE 1500.05
    tick NSE 1589.95
    tick NSE 1590.00 fires b 2
    tick NSE 1599.95
    tick NSE 1500.00 fires a 1
    tick NSE 1600.00
    tick NSE 1400.00)");
}

TYPED_TEST(EitherBook, ATwoLegBuyStopsAboveAndTakesProfitBelow) {
  this->check(R"(
    arm a NSE two-leg BUY 1600.00 1500.00
    arm b NSE two-leg BUY 1610.00 1510.00
    tick NSE 1599.95
    tick NSE 1510.05
    tick NSE 1510.00 fires b 2
    tick NSE 1600.00 fires a 1
    tick NSE 1500.00)");
}

// Legs that cross can only come through the table by hand; the rule is the contract's all the same.
TYPED_TEST(EitherBook, LegOneWinsWhenBothHold) {
  this->check(R"(
    arm sell NSE two-leg SELL 1600.00 1500.00
    tick NSE 1550.00 fires sell 1
    arm buy NSE two-leg BUY 1500.00 1600.00
    tick NSE 1550.00 fires buy 1
    arm touch NSE two-leg SELL 1500.00 1500.00
    tick NSE 1500.00 fires touch 1)");
}

TYPED_TEST(EitherBook, ASingleTriggerFollowsItsExplicitDirectionInAllFourQuadrants) {
  this->check(R"(
    arm breakout NSE single BUY >= 1500.00
    arm dip NSE single BUY <= 1400.00
    arm stop NSE single SELL <= 1300.00
    arm target NSE single SELL >= 1600.00
    tick NSE 1450.00
    tick NSE 1500.00 fires breakout 1
    tick NSE 1400.00 fires dip 1
    tick NSE 1300.00 fires stop 1
    tick NSE 1600.00 fires target 1)");
}

TYPED_TEST(EitherBook, HitsComeInTheOrderOfArming) {
  this->check(R"(
    arm c NSE single SELL 1400.00
    arm a NSE single SELL 1500.00
    arm d NSE single BUY >= 1000.00
    arm b NSE single SELL 1450.00
    tick NSE 1300.00 fires c 1 a 1 d 1 b 1)");
}

TYPED_TEST(EitherBook, AnEditPutsATriggerAtTheEndOfTheOrder) {
  this->check(R"(
    arm a NSE single SELL 1500.00
    arm b NSE single SELL 1500.00
    arm a NSE single SELL 1499.00
    tick NSE 1499.50 fires b 1
    arm b NSE single SELL 1500.00
    arm a NSE single SELL 1498.00
    tick NSE 1498.00 fires b 1 a 1)");
}

TYPED_TEST(EitherBook, ADisarmedTriggerDoesNotFire) {
  this->check(R"(
    arm a NSE two-leg SELL 1500.00 1600.00
    arm b NSE two-leg SELL 1500.00 1600.00
    disarm a
    tick NSE 1500.00 fires b 1
    tick NSE 1600.00)");
}

TYPED_TEST(EitherBook, AFiredTriggerIsDisarmedWithBothItsLegs) {
  this->check(R"(
    arm a NSE two-leg SELL 1500.00 1600.00
    tick NSE 1500.00 fires a 1
    tick NSE 1600.00
    tick NSE 1500.00)");
  EXPECT_EQ(this->script.book.size(), 0U);
  EXPECT_TRUE(this->script.book.instruments().empty());
}

TYPED_TEST(EitherBook, TheOtherLegOfAFailedOneStaysArmed) {
  this->check(R"(
    arm a NSE two-leg SELL 1500.00 1600.00 leg-1-failed
    arm b NSE two-leg SELL 1500.00 1600.00 leg-2-failed
    tick NSE 1600.00 fires a 2
    tick NSE 1500.00 fires b 1)");
}

TYPED_TEST(EitherBook, ALevelBetweenTwoWirePricesIsReachedByTheFirstPricePastIt) {
  this->check(R"(
    arm fall NSE single SELL 1500.025
    tick NSE 1500.03
    tick NSE 1500.02 fires fall 1
    arm rise NSE single BUY 1500.025
    tick NSE 1500.02
    tick NSE 1500.03 fires rise 1)");
}

TYPED_TEST(EitherBook, EverySegmentHasItsOwnScale) {
  this->check(R"(
    arm cds CDS two-leg SELL 83.0025 83.5050
    arm bcd BCD two-leg SELL 83.0025 83.5050
    arm mcx MCX two-leg SELL 71000 72000
    arm bse BSE single BUY 0.05
    arm nfo NFO single SELL 0.05
    tick CDS 83.0025001
    tick CDS 83.0025 fires cds 1
    tick BCD 83.0026
    tick BCD 83.5049
    tick BCD 83.505 fires bcd 2
    tick MCX 71999
    tick MCX 72000 fires mcx 2
    tick BSE 0.04
    tick BSE 0.05 fires bse 1
    tick NFO 0.10
    tick NFO 0.05 fires nfo 1)");
}

TYPED_TEST(EitherBook, InstrumentsDoNotHearOfEachOther) {
  this->check(R"(
    arm a NSE single SELL 1500.00
    tick BSE 1400.00
    tick NSE 1600.00
    tick NSE 1400.00 fires a 1)");
}

TYPED_TEST(EitherBook, ZeroIsNoPriceAndFiresNothing) {
  this->check(R"(
    arm stop NSE single SELL 1500.00
    arm rise NSE single BUY >= 0.01
    arm tiny NSE single SELL 0.005
    tick NSE 0
    tick NSE 0.01 fires stop 1 rise 1)");
}

// 42949672.95 is the largest price that the wire holds; on CDS it is 429.4967295.
TYPED_TEST(EitherBook, ALevelAboveEveryWirePriceIsNeverReachedFromBelow) {
  this->check(R"(
    arm beyond NSE single BUY 42949672.955
    arm far NSE single BUY 99999999
    arm edge NSE single BUY 42949672.95
    tick NSE 42949672.94
    tick NSE 42949672.95 fires edge 1
    arm dollar CDS single BUY 429.4967295
    arm pound CDS single BUY 500
    tick CDS 429.4967294
    tick CDS 429.4967295 fires dollar 1)");
  EXPECT_EQ(this->script.book.size(), 3U);
}

TYPED_TEST(EitherBook, ALevelAboveEveryWirePriceIsReachedFromAboveByAny) {
  this->check(R"(
    arm a NSE single SELL 99999999
    tick NSE 42949672.95 fires a 1)");
}

TYPED_TEST(EitherBook, AnInstrumentIsKnownAsLongAsSomethingIsArmedOnIt) {
  auto& book = this->script.book;
  model::Trigger trigger;
  trigger.leg_1.trigger_price = Price::from_rupees(100);
  const auto arm = [&](std::uint8_t number, model::InstrumentToken token) {
    trigger.id.uuid.bytes[0] = number;
    trigger.instrument_token = token;
    return book.arm(trigger);
  };
  EXPECT_EQ(arm(1, 0x301), Book::Armed::first_of_instrument);
  EXPECT_EQ(arm(1, 0x301), Book::Armed::replaced);
  EXPECT_EQ(arm(2, 0x301), Book::Armed::another);
  EXPECT_EQ(arm(3, 0x201), Book::Armed::first_of_instrument);
  EXPECT_EQ(book.instruments(), (std::vector<model::InstrumentToken>{0x201, 0x301}));
  trigger.leg_1.state = model::LegState::fired;
  EXPECT_EQ(arm(4, 0x501), Book::Armed::no_leg);
  EXPECT_EQ(arm(3, 0x201), Book::Armed::no_leg);
  EXPECT_EQ(book.armed_on(0x201), 0U) << "what was armed is out of date";
  trigger.leg_1.state = model::LegState::armed;
  EXPECT_EQ(arm(3, 0x201), Book::Armed::first_of_instrument);
  EXPECT_EQ(book.armed_on(0x301), 2U);
  EXPECT_EQ(book.armed_on(0x999), 0U);

  EXPECT_EQ(arm(3, 0x301), Book::Armed::replaced) << "it moved to where others are";
  EXPECT_EQ(book.armed_on(0x201), 0U);
  EXPECT_EQ(arm(3, 0x401), Book::Armed::first_of_instrument) << "it moved to where none was";

  EXPECT_EQ(book.disarm(trigger.id), Book::Disarmed::last_of_instrument);
  EXPECT_EQ(book.disarm(trigger.id), Book::Disarmed::was_not_armed);
  trigger.id.uuid.bytes[0] = 1;
  EXPECT_TRUE(book.is_armed(trigger.id));
  EXPECT_EQ(book.disarm(trigger.id), Book::Disarmed::one_of_several);
  EXPECT_FALSE(book.is_armed(trigger.id));
  EXPECT_EQ(book.size(), 1U);
}

TYPED_TEST(EitherBook, ATriggerWithoutAnArmedLegIsDisarmed) {
  this->check(R"(
    arm a NSE two-leg SELL 1500.00 1600.00
    arm a NSE two-leg SELL 1500.00 1600.00 leg-1-failed leg-2-failed
    tick NSE 1500.00
    tick NSE 1600.00)");
  EXPECT_EQ(this->script.book.size(), 0U);
}

TYPED_TEST(EitherBook, HitsAreAppendedAndATriggerArmedAgainIsOneOfThem) {
  model::Trigger trigger;
  trigger.instrument_token = 0x101;
  trigger.leg_1.trigger_price = Price::from_rupees(100);
  this->script.book.arm(trigger);
  this->script.book.arm(trigger);
  std::vector<Hit> hits{Hit{}};
  this->script.book.take_hits(0x101, 10'000, hits);
  ASSERT_EQ(hits.size(), 2U) << "hits are appended";
  EXPECT_EQ(hits[1], (Hit{trigger.id, model::LegNumber::one}));
}

model::Trigger numbered(std::uint8_t number, model::InstrumentToken token) {
  model::Trigger trigger;
  trigger.id.uuid.bytes[3] = number;
  trigger.instrument_token = token;
  trigger.leg_1.trigger_price = Price::from_rupees(100);
  return trigger;
}

TEST(BookLimits, OneTriggerTooManyIsRefusedAndTheOthersStay) {
  Book book({.triggers_max = 2, .instruments_max = 10});
  book.arm(numbered(1, 0x101));
  book.arm(numbered(2, 0x101));
  EXPECT_EQ(book.arm(numbered(3, 0x101)), Book::Armed::full);
  EXPECT_EQ(book.arm(numbered(2, 0x101)), Book::Armed::replaced) << "an edit needs no room";
  EXPECT_EQ(book.size(), 2U);
  book.disarm(numbered(1, 0x101).id);
  EXPECT_EQ(book.arm(numbered(3, 0x101)), Book::Armed::another);
}

TEST(BookLimits, OneInstrumentTooManyIsRefused) {
  Book book({.triggers_max = 10, .instruments_max = 2});
  book.arm(numbered(1, 0x101));
  book.arm(numbered(2, 0x201));
  EXPECT_EQ(book.arm(numbered(3, 0x301)), Book::Armed::full);
  EXPECT_EQ(book.arm(numbered(3, 0x201)), Book::Armed::another);
  EXPECT_EQ(book.arm(numbered(1, 0x301)), Book::Armed::first_of_instrument)
      << "it leaves an instrument of which it was the last";
  EXPECT_EQ(book.arm(numbered(2, 0x401)), Book::Armed::full);
  EXPECT_FALSE(book.is_armed(numbered(2, 0).id)) << "what was armed is out of date";
}

TEST(BookLimits, ABookCanBeMoved) {
  Book first;
  first.arm(numbered(1, 0x101));
  Book second = std::move(first);
  EXPECT_TRUE(second.is_armed(numbered(1, 0).id));
}

TEST(BookDeathTest, ATokenOfNoSegmentIsABug) {
  EXPECT_DEATH(Book().arm(numbered(1, 0x100)), "known segment");
}

}  // namespace
}  // namespace hmt::trigger
