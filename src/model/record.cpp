#include "model/record.h"

#include "base/short_text.h"

namespace hmt::model {
namespace {

Detail detail_of(const Attempt& attempt) {
  const auto& seen = attempt.evidence;
  const auto& request = attempt.request;
  return {{"instrument", base::joined({word(request.exchange), ":", request.trading_symbol})},
          {"rule", seen.rule},
          {"last_price", seen.last_price.short_text()},
          {"received_at", base::short_rfc3339(seen.received_at)},
          {"exchange_time", base::digits_of(seen.exchange_time)},
          {"last_trade_time", base::digits_of(seen.last_trade_time)},
          {"connection_epoch", base::digits_of(seen.connection_epoch)},
          {"after_gap", seen.after_gap ? "true" : "false"},
          {"fire_no", base::digits_of(attempt.fire_no)}};
}

}  // namespace

AuditEntry audit_of(const Claim& claim) {
  const auto& attempt = claim.attempt;
  return {.at = attempt.created_at,
          .event = "claimed",
          .severity = Severity::info,
          .actor = "engine",
          .user_id = attempt.user_id,
          .trigger_id = attempt.trigger_id,
          .tag = attempt.tag,
          .detail = detail_of(attempt)};
}

}  // namespace hmt::model
