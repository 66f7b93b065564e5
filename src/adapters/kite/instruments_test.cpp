#include "kite/instruments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hmt::kite {
namespace {

const std::string header =
    "instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,"
    "lot_size,instrument_type,segment,exchange\n";

InstrumentDump read(const std::string& rows) {
  auto dump = parse_instruments(header + rows, 1);
  EXPECT_TRUE(dump) << (dump ? "" : dump.error().message);
  return dump ? *std::move(dump) : InstrumentDump{};
}

TEST(Instruments, AShareIsRead) {
  const auto dump = read("408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n");
  ASSERT_EQ(dump.instruments.size(), 1u);
  const auto& infy = dump.instruments[0];
  EXPECT_EQ(infy.token, 408065u);
  EXPECT_EQ(infy.exchange_token, 1594u);
  EXPECT_EQ(infy.exchange, model::Exchange::nse);
  EXPECT_EQ(infy.trading_symbol, "INFY");
  EXPECT_EQ(infy.name, "INFOSYS");
  EXPECT_EQ(infy.tick_size.text(), "0.05");
  EXPECT_EQ(infy.lot_size, 1);
  EXPECT_EQ(infy.instrument_type, "EQ");
  EXPECT_FALSE(infy.expiry);
  EXPECT_FALSE(infy.is_index());
}

TEST(Instruments, AnOptionHasStrikeLotAndExpiry) {
  const auto dump = read(
      "15149826,59179,NIFTY26DEC25000CE,NIFTY,101.25,2026-12-29,25000.0,0.05,65,CE,NFO-OPT,NFO\n");
  ASSERT_EQ(dump.instruments.size(), 1u);
  const auto& option = dump.instruments[0];
  EXPECT_EQ(option.strike, base::Price::from_rupees(25000));
  EXPECT_EQ(option.last_price.text(), "101.25");
  EXPECT_EQ(option.lot_size, 65);
  ASSERT_TRUE(option.expiry);
  EXPECT_EQ(option.expiry->text(), "2026-12-29");
}

TEST(Instruments, AnIndexAndACurrencyFutureAreRead) {
  const auto dump = read(
      "256265,1001,NIFTY 50,NIFTY 50,0,,0,0,0,EQ,INDICES,NSE\n"
      "412675,1612,USDINR26DECFUT,USDINR,0.0,2026-12-29,0,0.0025,1,FUT,CDS-FUT,CDS\n");
  ASSERT_EQ(dump.instruments.size(), 2u);
  EXPECT_TRUE(dump.instruments[0].is_index());
  EXPECT_EQ(dump.instruments[1].tick_size.text(), "0.0025");
}

TEST(Instruments, QuotedNamesMayHoldCommasAndQuotes) {
  const auto dump =
      read("408065,1594,INFY,\"INFOSYS, THE \"\"BIG\"\" ONE\",0.0,,0.0,0.05,1,EQ,NSE,NSE\r\n");
  ASSERT_EQ(dump.instruments.size(), 1u);
  EXPECT_EQ(dump.instruments[0].name, "INFOSYS, THE \"BIG\" ONE");
  EXPECT_EQ(dump.instruments[0].exchange, model::Exchange::nse);
}

TEST(Instruments, AnExchangeThatIsNotOursIsLeftOut) {
  const auto dump = read(
      "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n"
      "523,2,SPX,S&P 500,0.0,,0.0,0.05,1,EQ,INDICES,GLOBAL\n"
      "408076,1594,ODD,ODD,0.0,,0.0,0.05,1,EQ,NSE,NSE\n");
  EXPECT_EQ(dump.instruments.size(), 1u);
  EXPECT_EQ(dump.foreign, 2u) << "another exchange, and a token with another segment";
  EXPECT_EQ(dump.malformed, 0u);
}

TEST(Instruments, PricesAreReadAsTheGeneralParserReadsThem) {
  for (const auto* text : {"0", "0.0", "0.05", "25000.0", "83.0025", "0.0000001", "12345678.9",
                           "99999999.99", "123456789.5", "1.00000004", "1e2", "-5", "007.50"}) {
    const auto expected = base::Price::parse_rounded(text);
    const auto dump = parse_instruments(header +
                                            "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n"
                                            "408065,1594,INFY,INFOSYS,0.0,," +
                                            text + ",0.05,1,EQ,NSE,NSE\n",
                                        1);
    ASSERT_TRUE(dump) << text;
    ASSERT_EQ(dump->instruments.size(), expected ? 2u : 1u) << text;
    if (expected) {
      EXPECT_EQ(dump->instruments.back().strike, *expected) << text;
    }
  }
  for (const auto* text : {".5", "5.", ".", "1.2.3", "1,5", "+1", " 1", "x"}) {
    const auto dump = parse_instruments(header +
                                            "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n"
                                            "408065,1594,INFY,INFOSYS,0.0,," +
                                            std::string(text) + ",0.05,1,EQ,NSE,NSE\n",
                                        1);
    ASSERT_TRUE(dump) << text;
    EXPECT_EQ(dump->instruments.size(), 1u) << text;
  }
}

TEST(Instruments, ARowThatBreaksTheFormatIsLeftOutAndCounted) {
  const std::string good = "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n";
  for (const auto* row : {
           "x,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n",
           "408065,1594,INFY,INFOSYS,0.0,,0.0,abc,1,EQ,NSE,NSE\n",
           "408065,1594,INFY,INFOSYS,0.0,2026-13-01,0.0,0.05,1,EQ,NSE,NSE\n",
           "408065,1594,,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n",
           "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1.5,EQ,NSE,NSE\n",
           "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE,more\n",
           "408065,1594,INFY,\"INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n",
           "4080",
       }) {
    const auto dump = read(good + row);
    EXPECT_EQ(dump.instruments.size(), 1u) << row;
    EXPECT_EQ(dump.malformed, 1u) << row;
  }
}

TEST(Instruments, ADumpWithAnotherHeaderOrTooFewRowsIsRefused) {
  const std::string row = "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n";
  for (const auto& csv : {std::string(), std::string("<html>502 Bad Gateway</html>"), row,
                          "exchange," + header + row, header}) {
    const auto dump = parse_instruments(csv, 1);
    ASSERT_FALSE(dump) << csv;
    EXPECT_EQ(dump.error().kind, base::ErrorKind::corrupt);
  }
  const auto cut = parse_instruments(header + row + row, 3);
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().message, testing::HasSubstr("cut short"));
}

TEST(Instruments, ADumpWithManyBrokenRowsIsRefused) {
  std::string rows;
  for (int i = 0; i < 300; ++i) rows += "408065,1594,INFY,INFOSYS,0.0,,0.0,0.05,1,EQ,NSE,NSE\n";
  for (int i = 0; i < 5; ++i) rows += "broken\n";
  EXPECT_FALSE(parse_instruments(header + rows, 1));
}

TEST(Instruments, AHundredThousandRowsAreReadInOneGo) {
  std::string csv = header;
  for (int i = 0; i < 100'000; ++i) {
    csv += std::to_string((i + 1) * 256 + 2) + "," + std::to_string(i + 1) + ",NIFTY26DEC" +
           std::to_string(i) + "CE,NIFTY,101.25,2026-12-29,25000.0,0.05,65,CE,NFO-OPT,NFO\n";
  }
  const auto dump = parse_instruments(csv, 50'000);
  ASSERT_TRUE(dump);
  EXPECT_EQ(dump->instruments.size(), 100'000u);
  EXPECT_EQ(dump->instruments.back().token, 25'600'002u);
}

}  // namespace
}  // namespace hmt::kite
