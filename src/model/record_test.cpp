#include "model/record.h"

#include <gmock/gmock.h>

namespace hmt::model {
namespace {

using testing::ElementsAre;
using testing::Pair;

Claim stop_of_infy() {
  Claim claim;
  auto& attempt = claim.attempt;
  attempt.tag = "T0000000000000100ABC";
  attempt.trigger_id.uuid.bytes.fill(1);
  attempt.user_id.uuid.bytes.fill(2);
  attempt.fire_no = 2;
  attempt.created_at = base::parse_rfc3339("2026-11-23T04:00:00.5Z").value();
  attempt.request.exchange = Exchange::nse;
  attempt.request.trading_symbol = "INFY";
  attempt.evidence = {.last_price = Price::from_paise(149'995),
                      .exchange_time = 1'795'406'400,
                      .last_trade_time = 1'795'406'399,
                      .connection_epoch = 3,
                      .received_at = base::parse_rfc3339("2026-11-23T04:00:00.25Z").value(),
                      .after_gap = true,
                      .rule = "SELL leg 1: LTP 1499.95 <= 1500.00"};
  return claim;
}

TEST(Claim, ItsLineInTheTrailSaysWhatWasSeenAndWhichRuleItMet) {
  EXPECT_THAT(
      audit_of(stop_of_infy()).detail,
      ElementsAre(Pair("instrument", "NSE:INFY"),
                  Pair("rule", "SELL leg 1: LTP 1499.95 <= 1500.00"), Pair("last_price", "1499.95"),
                  Pair("received_at", "2026-11-23T04:00:00.250Z"),
                  Pair("exchange_time", "1795406400"), Pair("last_trade_time", "1795406399"),
                  Pair("connection_epoch", "3"), Pair("after_gap", "true"), Pair("fire_no", "2")));
}

TEST(Claim, ItsLineInTheTrailSaysWhoseItIs) {
  const auto claim = stop_of_infy();
  const auto line = audit_of(claim);
  EXPECT_EQ(line.event, "claimed");
  EXPECT_EQ(line.actor, "engine");
  EXPECT_EQ(line.severity, Severity::info);
  EXPECT_EQ(line.at, claim.attempt.created_at);
  EXPECT_EQ(line.user_id, claim.attempt.user_id);
  EXPECT_EQ(line.trigger_id, claim.attempt.trigger_id);
  EXPECT_EQ(line.tag, claim.attempt.tag);
}

}  // namespace
}  // namespace hmt::model
