#include "api/views.h"

#include <set>
#include <utility>

#include "api/json_writer.h"

namespace hmt::api {
namespace {

using model::word;

template <class Enum>
void word_or_null(ObjectWriter& out, std::string_view name, const std::optional<Enum>& value) {
  value ? out.text(name, word(*value)) : out.null(name);
}

void write_leg(ObjectWriter& out, const model::Leg* leg, const std::string& n) {
  if (!leg) {
    out.null("product_type_" + n).null("trigger_price_" + n).null("order_price_" + n);
    out.null("quantity_" + n).null("leg_" + n + "_state");
    return;
  }
  out.text("product_type_" + n, word(leg->product));
  out.price("trigger_price_" + n, leg->trigger_price).price("order_price_" + n, leg->order_price);
  out.number("quantity_" + n, leg->quantity).text("leg_" + n + "_state", word(leg->state));
}

void write_identity(ObjectWriter& out, const model::Trigger& trigger) {
  out.text("id", trigger.id.text()).text("user_id", trigger.user_id.text());
  out.text("broker_connection_id", trigger.broker_connection_id.text());
  out.text_or_null("parent_id", trigger.parent_id ? trigger.parent_id->text() : "");
  out.text("trading_symbol", trigger.trading_symbol).text("exchange", word(trigger.exchange));
  out.number("instrument_token", trigger.instrument_token);
  out.text("condition_type", word(trigger.condition));
  out.text("transaction_type", word(trigger.side));
}

void write_story(ObjectWriter& out, const model::Trigger& trigger) {
  out.text("status", word(trigger.status)).instant("triggered_at", trigger.triggered_at);
  trigger.triggered_leg ? out.number("triggered_leg", static_cast<int>(*trigger.triggered_leg))
                        : out.null("triggered_leg");
  out.price("triggered_price", trigger.triggered_price);
  out.text_or_null("order_id", trigger.order_id);
  out.text_or_null("order_status", trigger.order_status);
  out.number("filled_quantity", trigger.filled_quantity);
  out.price("average_price", trigger.average_price);
  out.text_or_null("error_message", trigger.error_message);
  out.number("version", trigger.version).number("fire_no", trigger.fire_no);
  out.instant("created_at", trigger.created_at).instant("updated_at", trigger.updated_at);
  out.instant("expires_at", trigger.expires_at);
}

std::optional<base::Instant> from_epoch(std::uint32_t seconds) {
  if (seconds == 0) return std::nullopt;
  return base::Instant(std::chrono::seconds(seconds));
}

std::string evidence_json(const model::Evidence& evidence) {
  ObjectWriter out;
  out.price("last_price", evidence.last_price);
  out.instant("exchange_time", from_epoch(evidence.exchange_time));
  out.instant("last_trade_time", from_epoch(evidence.last_trade_time));
  out.instant("received_at", evidence.received_at).boolean("after_gap", evidence.after_gap);
  return out.text("rule", evidence.rule).done();
}

void write_counters(ObjectWriter& out, const EngineView& view) {
  const auto& standing = view.standing;
  const auto write = [&](std::string_view name, std::int64_t of_all, auto own) {
    if (view.whole) return void(out.number(name, of_all));
    view.own ? out.number(name, (*view.own).*own) : out.null(name);
  };
  write("active_triggers", standing.active_triggers, &store::TriggerCounts::active);
  out.number("subscribed_instruments", standing.subscribed_instruments);
  out.number("processed_ticks", standing.processed_ticks);
  write("triggered_orders", standing.triggered_orders, &store::TriggerCounts::triggered);
  write("failed_orders", standing.failed_orders, &store::TriggerCounts::failed);
  out.number("uptime_seconds", standing.uptime_seconds);
}

std::string reasons_json(const runtime::Standing& standing) {
  ArrayWriter out;
  for (const auto& reason : standing.reasons) out.add(json_string(reason));
  return out.done();
}

std::string open_json(const runtime::Standing& standing) {
  ArrayWriter out;
  for (const auto exchange : standing.open) out.add(json_string(word(exchange)));
  return out.done();
}

std::string health_stats_json(const EngineView& view) {
  const auto& standing = view.standing;
  ObjectWriter out;
  write_counters(out, view);
  out.text("websocket_status", word(standing.feed));
  out.instant("last_tick_time", standing.last_tick_time);
  if (!view.whole) return out.null("queued_orders").null("unknown_orders").done();
  out.number("queued_orders", standing.queued_orders);
  return out.number("unknown_orders", standing.unknown_orders).done();
}

}  // namespace

std::string stored_trigger_json(const model::Trigger& trigger) {
  ObjectWriter out;
  write_identity(out, trigger);
  word_or_null(out, "direction", trigger.direction);
  write_leg(out, &trigger.leg_1, "1");
  write_leg(out, trigger.leg_2 ? &*trigger.leg_2 : nullptr, "2");
  out.text("on_unknown", word(trigger.on_unknown));
  word_or_null(out, "purpose", trigger.purpose);
  write_story(out, trigger);
  return out.done();
}

std::string trigger_json(std::string_view stored, const runtime::Watch& watch) {
  ObjectWriter out;
  out.members_of(stored).boolean("monitored", watch.monitored);
  out.text_or_null("not_monitored_reason", watch.why_not);
  return out.price("last_price", watch.last_price)
      .instant("last_price_at", watch.last_price_at)
      .done();
}

std::string trigger_json(const model::Trigger& trigger, const runtime::Watch& watch) {
  return trigger_json(stored_trigger_json(trigger), watch);
}

std::string attempt_json(const model::Attempt& attempt) {
  const auto& request = attempt.request;
  ObjectWriter out;
  out.text("tag", attempt.tag).text("trigger_id", attempt.trigger_id.text());
  out.number("fire_no", attempt.fire_no).number("attempt_no", attempt.attempt_no);
  out.number("leg", static_cast<int>(attempt.leg)).number("lease_epoch", attempt.lease_epoch);
  out.text("trading_date", attempt.trading_date.text());
  out.text("exchange", word(request.exchange)).text("trading_symbol", request.trading_symbol);
  out.text("transaction_type", word(request.side)).text("order_type", word(request.type));
  out.text("product", word(request.product)).number("quantity", request.quantity);
  out.price("price", request.price).text("state", word(attempt.state));
  out.text_or_null("order_id", attempt.order_id).text_or_null("order_status", attempt.order_status);
  out.text_or_null("message", attempt.message).number("filled_quantity", attempt.filled_quantity);
  out.price("average_price", attempt.average_price).instant("created_at", attempt.created_at);
  out.instant("forwarded_at", attempt.forwarded_at).instant("answered_at", attempt.answered_at);
  return out.raw("evidence", evidence_json(attempt.evidence)).done();
}

std::string detail_json(const model::Detail& detail) {
  ObjectWriter out;
  std::set<std::string> used;
  for (const auto& [name, value] : detail) {
    // A name that comes twice would make the object ambiguous: the later one is told apart.
    auto unique = std::string(name);
    for (int n = 2; !used.insert(unique).second; ++n)
      unique = std::string(name).append("_").append(std::to_string(n));
    out.text(unique, value);
  }
  return out.done();
}

std::string audit_json(const store::AuditRow& row) {
  const auto& entry = row.entry;
  ObjectWriter out;
  out.number("number", row.number).instant("at", entry.at).text("event", entry.event);
  out.text("severity", word(entry.severity)).text("actor", entry.actor);
  out.text_or_null("user_id", entry.user_id ? entry.user_id->text() : "");
  out.text_or_null("trigger_id", entry.trigger_id ? entry.trigger_id->text() : "");
  return out.text_or_null("tag", entry.tag).raw("detail", detail_json(entry.detail)).done();
}

std::string instrument_json(const model::Instrument& instrument,
                            const std::optional<runtime::LivePrice>& live) {
  ObjectWriter out;
  out.number("instrument_token", instrument.token).text("exchange", word(instrument.exchange));
  out.text("trading_symbol", instrument.trading_symbol).text_or_null("name", instrument.name);
  out.text("segment", instrument.segment).text("instrument_type", instrument.instrument_type);
  out.price("tick_size", instrument.tick_size).number("lot_size", instrument.lot_size);
  const bool has_strike = instrument.strike > base::Price{};
  has_strike ? out.price("strike", instrument.strike) : out.null("strike");
  out.text_or_null("expiry", instrument.expiry ? instrument.expiry->text() : "");
  out.boolean("tradable", !instrument.is_index());
  if (!live) return out.null("last_price").null("last_price_at").done();
  return out.price("last_price", live->last).instant("last_price_at", live->at).done();
}

EngineView engine_view(const runtime::Desk& desk, store::Reader& reader,
                       const store::Actor& actor) {
  if (!actor.user) return {desk.standing()};
  EngineView out{desk.standing_of(*actor.user), false};
  if (const auto counts = reader.counts(actor)) out.own = *counts;
  return out;
}

std::string stats_json(const EngineView& view) {
  ObjectWriter out;
  write_counters(out, view);
  return out.done();
}

std::string engine_json(const EngineView& view) {
  const auto& standing = view.standing;
  ObjectWriter out;
  out.text("status", word(standing.status)).raw("stats", health_stats_json(view));
  return out.raw("reasons", reasons_json(standing))
      .raw("open", open_json(standing))
      .number("lease_epoch", standing.lease_epoch)
      .done();
}

std::string health_json(const EngineView& view, const runtime::Configured& configured,
                        std::string_view version, std::string_view build) {
  ObjectWriter config;
  config.boolean("enabled", configured.enabled).number("max_retries", configured.max_retries);
  config.number("retry_backoff_ms", configured.retry_backoff_ms);
  config.boolean("simulated", configured.simulated);
  ObjectWriter out;
  out.members_of(engine_json(view)).raw("config", config.done());
  return out.text("version", version).text("build", build).done();
}

std::int64_t epoch_milliseconds(base::Instant at) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
}

}  // namespace hmt::api
