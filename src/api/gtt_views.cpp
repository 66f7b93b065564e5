#include "api/gtt_views.h"

#include <ranges>
#include <string_view>

#include "api/auth.h"
#include "api/json_writer.h"

namespace hmt::api {
namespace {

using model::Attempt;
using model::AttemptState;
using model::LegNumber;
using model::Trigger;
using model::TriggerStatus;

// What a fire has come to is told by its order's result, as Kite does: a trigger that was met is
// triggered, whether its order was taken or not.
std::string_view status_of(const GttView& view) {
  const bool has_fired = view.trigger.triggered_leg.has_value();
  switch (view.trigger.status) {
    case TriggerStatus::active:
      return "active";
    case TriggerStatus::firing:
    case TriggerStatus::triggered:
      return "triggered";
    case TriggerStatus::failed:
      return has_fired ? "triggered" : "rejected";
    case TriggerStatus::needs_attention:
      return has_fired ? "triggered" : "disabled";
    case TriggerStatus::cancelled:
      return view.taken_by_group ? "cancelled" : "deleted";
    case TriggerStatus::expired:
      return "expired";
  }
  return "disabled";
}

struct Result {
  std::string_view status;
  std::string order_id;
  std::string why;
};

// "success" is an order that the broker has registered; it says nothing of a fill. Kite has no word
// for one whose fate is open: neither of its two would be true.
Result result_of(const Attempt& attempt, const Trigger& trigger) {
  const bool open = trigger.status == TriggerStatus::firing;
  switch (attempt.state) {
    case AttemptState::placed:
      if (attempt.order_status == "REJECTED") {
        return {"failed", attempt.order_id, attempt.message};
      }
      return {"success", attempt.order_id, ""};
    case AttemptState::queued:
    case AttemptState::forwarded:
      return {"pending", "", ""};
    case AttemptState::unknown:
      return {"unknown", "", ""};
    case AttemptState::withdrawn:
    case AttemptState::not_placed:
    case AttemptState::refused:
    case AttemptState::absent:
      return {open ? "pending" : "failed", "", open ? "" : attempt.message};
  }
  return {"unknown", "", ""};
}

std::string order_result_json(const Attempt& attempt, const Trigger& trigger) {
  auto result = result_of(attempt, trigger);
  if (result.status == "failed" && result.why.empty()) result.why = trigger.error_message;
  ObjectWriter out;
  out.text("status", result.status).text("order_id", result.order_id);
  return out.text("rejection_reason", result.why).done();
}

// A price that stands for "at the market" is 0.
void write_price(ObjectWriter& out, const std::optional<model::Price>& price) {
  out.price("price", price.value_or(model::Price{}));
}

std::string result_json(const GttView& view, const Attempt& attempt) {
  const auto& request = attempt.request;
  ObjectWriter meta;
  meta.number("gtt", view.number).text("tag", attempt.tag);
  ObjectWriter out;
  out.text("account_id",
           kite_api_key(view.trigger.user_id.uuid.is_nil() ? std::nullopt
                                                           : std::optional(view.trigger.user_id)));
  out.text("exchange", word(request.exchange)).text("tradingsymbol", request.trading_symbol);
  out.text("validity", "DAY").text("product", word(request.product));
  out.text("order_type", word(request.type)).text("transaction_type", word(request.side));
  out.number("quantity", request.quantity);
  write_price(out, request.price);
  out.text("meta", meta.done());
  out.text("timestamp", base::to_broker_time(attempt.created_at));
  out.price("triggered_at", attempt.evidence.last_price);
  return out.raw("order_result", order_result_json(attempt, view.trigger)).done();
}

// The last order that the leg has sent in its present arming, if any.
const Attempt* order_of(const GttView& view, LegNumber number) {
  const auto state = view.trigger.leg(number).state;
  const bool has_fired = state == model::LegState::fired || state == model::LegState::failed ||
                         view.trigger.triggered_leg == number;
  if (!has_fired) return nullptr;
  for (const auto& attempt : view.attempts | std::views::reverse) {
    if (attempt.leg == number) return &attempt;
  }
  return nullptr;
}

std::string order_json(const GttView& view, LegNumber number) {
  const auto& trigger = view.trigger;
  const auto& leg = trigger.leg(number);
  ObjectWriter out;
  out.text("exchange", word(trigger.exchange)).text("tradingsymbol", trigger.trading_symbol);
  out.text("product", word(leg.product)).text("order_type", leg.order_price ? "LIMIT" : "MARKET");
  out.text("transaction_type", word(trigger.side)).number("quantity", leg.quantity);
  write_price(out, leg.order_price);
  if (!leg.order_price) out.number("market_protection", -1);
  const auto* order = order_of(view, number);
  return (order ? out.raw("result", result_json(view, *order)) : out.null("result")).done();
}

// Our legs in Kite's order, the lower value first.
std::vector<LegNumber> legs_of(const Trigger& trigger) {
  if (!trigger.leg_2) return {LegNumber::one};
  if (trigger.side == model::Side::buy) return {LegNumber::two, LegNumber::one};
  return {LegNumber::one, LegNumber::two};
}

// Kite's clients tell by it which way a value is reached, and send it back when they modify: a
// price that has reached one already would turn the trigger round. 0, which no client can send
// back, is none; some of them read nothing but a number.
model::Price last_price_of(const GttView& view) {
  const model::Price none;
  if (!view.last_price) return none;
  if (view.trigger.status != TriggerStatus::active) return *view.last_price;
  for (const auto number : legs_of(view.trigger)) {
    const auto level = view.trigger.leg(number).trigger_price;
    const bool rises = model::direction_of(view.trigger, number) == model::Direction::rising;
    if (rises ? *view.last_price >= level : *view.last_price <= level) return none;
  }
  return *view.last_price;
}

std::string condition_json(const GttView& view) {
  const auto& trigger = view.trigger;
  ArrayWriter values;
  for (const auto leg : legs_of(trigger)) values.add(trigger.leg(leg).trigger_price.text());
  ObjectWriter out;
  out.text("exchange", word(trigger.exchange)).text("tradingsymbol", trigger.trading_symbol);
  out.raw("trigger_values", values.done()).price("last_price", last_price_of(view));
  return out.number("instrument_token", trigger.instrument_token).done();
}

// Our own id and word, for those who want to know more than Kite's words say.
std::string meta_json(const Trigger& trigger) {
  ObjectWriter out;
  out.text("hmt_id", trigger.id.text()).text("hmt_status", word(trigger.status));
  if (!trigger.order_status.empty()) out.text("order_status", trigger.order_status);
  if (!trigger.error_message.empty()) out.text("rejection_reason", trigger.error_message);
  return out.done();
}

void write_time(ObjectWriter& out, std::string_view name, const std::optional<base::Instant>& at) {
  at ? out.text(name, base::to_broker_time(*at)) : out.null(name);
}

}  // namespace

std::string gtt_json(const GttView& view) {
  const auto& trigger = view.trigger;
  const bool is_the_operators = trigger.user_id.uuid.is_nil();
  ArrayWriter orders;
  for (const auto leg : legs_of(trigger)) orders.add(order_json(view, leg));
  ObjectWriter out;
  out.number("id", view.number);
  out.text("user_id",
           kite_api_key(is_the_operators ? std::nullopt : std::optional(trigger.user_id)));
  out.null("parent_trigger").text("type", word(trigger.condition));
  write_time(out, "created_at", trigger.created_at);
  write_time(out, "updated_at", trigger.updated_at);
  write_time(out, "expires_at", trigger.expires_at);
  out.text("status", status_of(view)).raw("condition", condition_json(view));
  return out.raw("orders", orders.done()).raw("meta", meta_json(trigger)).done();
}

}  // namespace hmt::api
