#include "model/catalogue.h"

#include <gtest/gtest.h>

namespace hmt::model {
namespace {

Instrument instrument(InstrumentToken token, Exchange exchange, std::string symbol,
                      std::string name) {
  Instrument out;
  out.token = token;
  out.exchange = exchange;
  out.trading_symbol = std::move(symbol);
  out.name = std::move(name);
  return out;
}

const Catalogue& market() {
  static const Catalogue catalogue({
      instrument(0x501, Exchange::nse, "INFY", "INFOSYS"),
      instrument(0x504, Exchange::bse, "INFY", "INFOSYS"),
      instrument(0x602, Exchange::nfo, "INFY26NOVFUT", "INFY"),
      instrument(0x702, Exchange::nfo, "INFY26NOV1500CE", "INFY"),
      instrument(0x801, Exchange::nse, "TATAINFRA", "Tata Infra Fund"),
      instrument(0x901, Exchange::nse, "RELINFRA", "Reliance Infrastructure"),
      instrument(0xA01, Exchange::nse, "RELIANCE", "Reliance Industries"),
      instrument(0xB01, Exchange::nse, "RIIL", "Reliance Industrial Infra"),
  });
  return catalogue;
}

std::vector<std::string> found(std::string_view query, std::size_t limit = 20) {
  std::vector<std::string> out;
  for (const auto* each : market().search(query, limit)) {
    out.push_back(std::string(word(each->exchange)) + ":" + each->trading_symbol);
  }
  return out;
}

using Names = std::vector<std::string>;

TEST(Catalogue, FindsByTokenAndByExchangeAndSymbol) {
  EXPECT_EQ(market().find(0x504)->exchange, Exchange::bse);
  EXPECT_EQ(market().find(0x999), nullptr);
  EXPECT_EQ(market().find(Exchange::bse, "INFY")->token, 0x504U);
  EXPECT_EQ(market().find(Exchange::mcx, "INFY"), nullptr);
  EXPECT_EQ(market().find(Exchange::nse, "infy"), nullptr) << "symbols are letter for letter";
  EXPECT_EQ(market().size(), 8U);
}

TEST(Catalogue, TheExactSymbolComesFirstThenPrefixesThenPartsThenNames) {
  EXPECT_EQ(found("infy"),
            (Names{"NSE:INFY", "BSE:INFY", "NFO:INFY26NOVFUT", "NFO:INFY26NOV1500CE"}));
  EXPECT_EQ(found("infra"), (Names{"NSE:RELINFRA", "NSE:TATAINFRA", "NSE:RIIL"}));
  EXPECT_EQ(found("rel"), (Names{"NSE:RELIANCE", "NSE:RELINFRA", "NSE:RIIL"}));
}

TEST(Catalogue, EveryWordOfTheQueryHasToMatch) {
  EXPECT_EQ(found("infy 1500"), Names{"NFO:INFY26NOV1500CE"});
  EXPECT_EQ(found("infy ce"), Names{"NFO:INFY26NOV1500CE"});
  EXPECT_EQ(found("reliance infra"), (Names{"NSE:RIIL", "NSE:RELINFRA"}));
  EXPECT_EQ(found("  reliance   industries "), Names{"NSE:RELIANCE"});
  EXPECT_EQ(found("infy nothing"), Names{});
}

TEST(Catalogue, AnExchangeInFrontNarrowsTheSearch) {
  EXPECT_EQ(found("bse:infy"), Names{"BSE:INFY"});
  EXPECT_EQ(found("NFO:infy fut"), Names{"NFO:INFY26NOVFUT"});
  EXPECT_EQ(found("LSE:infy"), Names{});
}

TEST(Catalogue, NoMoreThanTheLimitAndTheBestOfAll) {
  EXPECT_EQ(found("rel", 1), Names{"NSE:RELIANCE"});
  EXPECT_EQ(found("infy", 3).size(), 3U);
  EXPECT_EQ(found("infy", 0), Names{});
  EXPECT_EQ(Catalogue().search("infy", 5).size(), 0U);
}

TEST(Catalogue, OneThatLostMostOfAnExchangeIsThinned) {
  const Catalogue without_futures({
      instrument(0x501, Exchange::nse, "INFY", "INFOSYS"),
      instrument(0x504, Exchange::bse, "INFY", "INFOSYS"),
      instrument(0x801, Exchange::nse, "TATAINFRA", "Tata Infra Fund"),
      instrument(0x901, Exchange::nse, "RELINFRA", "Reliance Infrastructure"),
  });
  EXPECT_EQ(without_futures.thinned_since(market()), Exchange::nfo);
  EXPECT_EQ(market().thinned_since(without_futures), std::nullopt) << "it has grown";
  EXPECT_EQ(market().thinned_since(Catalogue()), std::nullopt) << "there was none before";
  EXPECT_EQ(without_futures.thinned_since(without_futures), std::nullopt);
}

TEST(Catalogue, AnExpiryThatTakesHalfOfAnExchangeIsNoLoss) {
  const Catalogue after({
      instrument(0x501, Exchange::nse, "INFY", "INFOSYS"),
      instrument(0x504, Exchange::bse, "INFY", "INFOSYS"),
      instrument(0x602, Exchange::nfo, "INFY26NOVFUT", "INFY"),
      instrument(0x801, Exchange::nse, "TATAINFRA", "Tata Infra Fund"),
      instrument(0x901, Exchange::nse, "RELINFRA", "Reliance Infrastructure"),
  });
  EXPECT_EQ(after.thinned_since(market()), std::nullopt);
}

}  // namespace
}  // namespace hmt::model
