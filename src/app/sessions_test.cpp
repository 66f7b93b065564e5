#include "app/sessions.h"

#include <gtest/gtest.h>

namespace hmt::app {
namespace {

std::string refusal(const std::string& text) {
  const auto calendar = parse_sessions(text);
  return calendar ? "taken" : calendar.error().message;
}

std::string weekly(const std::string& session) {
  return "[NSE]\nweekly = [\"" + session + "\"]\n";
}

TEST(Sessions, OnesOfTheProductAreTaken) {
  EXPECT_TRUE(read_sessions("india"));
  EXPECT_TRUE(read_sessions("always"));
}

base::TradingDate day(std::string_view date) {
  return base::trading_date(*base::parse_rfc3339(std::string(date) + "T12:00:00+05:30"));
}

TEST(Sessions, AMonthBeforeTheHolidaysOfAYearEndItIsSaid) {
  const auto year = parse_sessions(weekly("09:15-15:30") +
                                   "[holidays]\nexchanges = [\"NSE\"]\n"
                                   "days = [\"2026-12-25\", \"2026-01-26\"]\n")
                        .value();
  const std::string said = "no holidays are listed after those of 2026";
  EXPECT_EQ(holidays_end(year, day("2026-11-30")), "");
  EXPECT_EQ(holidays_end(year, day("2026-12-01")), said);
  EXPECT_EQ(holidays_end(year, day("2027-06-01")), said);
}

TEST(Sessions, McxIsClosedOnChristmasAndOpenOnTheEveningOfDiwali) {
  const auto india = read_sessions("india").value();
  EXPECT_FALSE(india.trades_on(model::Exchange::mcx, day("2026-12-25")));
  EXPECT_TRUE(india.trades_on(model::Exchange::mcx, day("2026-11-10")));
  EXPECT_FALSE(india.trades_on(model::Exchange::nse, day("2026-11-10")));
}

TEST(Sessions, NobodyMissesHolidaysWhereNoneAreListed) {
  const auto today = day("2031-01-01");
  EXPECT_EQ(holidays_end(read_sessions("always").value(), today), "");
  EXPECT_EQ(holidays_end(parse_sessions(weekly("09:15-15:30")).value(), today), "");
}

TEST(Sessions, ASessionEndsWithItsDay) {
  EXPECT_EQ(refusal(weekly("00:00-24:00")), "taken");
  EXPECT_NE(refusal(weekly("23:00-24:01")), "taken");
  EXPECT_NE(refusal(weekly("00:00-24:59")), "taken");
  EXPECT_NE(refusal(weekly("25:00-26:00")), "taken");
}

TEST(Sessions, ADaysSessionsFollowOneAnother) {
  EXPECT_EQ(refusal(weekly("09:00-17:00\", \"17:00-23:30")), "taken");
  EXPECT_NE(refusal(weekly("09:00-17:00\", \"16:59-23:30")), "taken");
  EXPECT_NE(refusal(weekly("17:00-23:30\", \"09:00-17:00")), "taken");
}

TEST(Sessions, ABracketWithoutANameIsToldByItsLine) {
  for (const std::string broken : {"[", "[ ", "[!", "[[", "[[ [", "[[ #", "[\t# x"}) {
    EXPECT_NE(refusal(weekly("09:15-15:30") + broken + "\n").find("in line 3"), std::string::npos)
        << broken;
  }
}

TEST(Sessions, ABraceIsToldByItsLine) {
  for (const std::string broken : {"a = [3 ,}", "a = [}", "a = }", "a = {b = 1}"}) {
    EXPECT_NE(refusal(weekly("09:15-15:30") + broken + "\n").find("in line 3"), std::string::npos)
        << broken;
  }
  EXPECT_EQ(refusal(weekly("09:15-15:30") + "a = \"}\" # {\n"), "taken");
}

TEST(Sessions, LettersOfOtherAlphabetsStandInTextsAndCommentsOnly) {
  const auto good = weekly("09:15-15:30");
  EXPECT_EQ(refusal("# \u00e9 \u20b9\n" + good + "weekly_note = \"\u00e9\"\n"), "taken");
  EXPECT_EQ(refusal(good + "note = '''\u00e9\n[ '''\n# [\n"), "taken");
  EXPECT_EQ(refusal("\xEF\xBB\xBF" + good), "taken");
  EXPECT_NE(refusal(good + "\u00e9 = 1\n").find("in line 3"), std::string::npos);
  EXPECT_NE(refusal(good + "\r\n\u00e9").find("in line 4"), std::string::npos);
  EXPECT_NE(refusal(good + "note = \"a\\\"b\" \uFB01"), "taken");
  EXPECT_NE(refusal(good + "note = 4\"\u00e9\"\n"), "taken");
}

}  // namespace
}  // namespace hmt::app
