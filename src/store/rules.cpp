#include "store/rules.h"

#include <algorithm>
#include <charconv>

namespace hmt::store {
namespace {

using base::ErrorKind;
using base::fail;
using model::Detail;
using model::Leg;
using model::Trigger;
using model::TriggerStatus;

std::string text_of(const std::optional<model::Price>& price) {
  return price ? price->text() : "";
}

void describe_leg(Detail& out, const Leg& leg, const std::string& n) {
  out.add("product_type_" + n, word(leg.product));
  out.add("trigger_price_" + n, leg.trigger_price.text());
  out.add("order_price_" + n, text_of(leg.order_price));
  out.add("quantity_" + n, std::to_string(leg.quantity));
}

// What users may write, by column; absent values are empty text.
Detail describe(const Trigger& row) {
  Detail out;
  out.add("trading_symbol", row.trading_symbol);
  out.add("exchange", word(row.exchange));
  out.add("instrument_token", std::to_string(row.instrument_token));
  out.add("condition_type", word(row.condition));
  out.add("transaction_type", word(row.side));
  describe_leg(out, row.leg_1, "1");
  if (row.leg_2) describe_leg(out, *row.leg_2, "2");
  out.add("direction", row.direction ? word(*row.direction) : "");
  out.add("on_unknown", word(row.on_unknown));
  out.add("purpose", row.purpose ? word(*row.purpose) : "");
  out.add("broker_connection_id", row.broker_connection_id.text());
  out.add("parent_id", row.parent_id ? row.parent_id->text() : "");
  out.add("expires_at", row.expires_at ? base::to_rfc3339(*row.expires_at) : "");
  return out;
}

Detail differences(const Detail& before, const Detail& after) {
  Detail out;
  for (const auto& [name, value] : after) {
    const auto old = before.value_of(name);
    if (old != value) out.add(name, std::string(old).append(" -> ").append(value));
  }
  for (const auto& [name, old] : before) {
    if (std::ranges::find(after, name, &Detail::value_type::first) == after.end()) {
      out.add(name, std::string(old).append(" -> "));
    }
  }
  return out;
}

model::AuditEntry entry_of(const Trigger& row, std::string event, std::string actor) {
  model::AuditEntry out;
  out.at = row.updated_at;
  out.event = std::move(event);
  out.actor = std::move(actor);
  out.user_id = row.user_id;
  out.trigger_id = row.id;
  return out;
}

model::LegState state_after_edit(const Leg* before, const Leg& after) {
  return before && same_order(*before, after) ? before->state : model::LegState::armed;
}

bool any_failed(const Trigger& row) {
  return row.leg_1.state == model::LegState::failed ||
         (row.leg_2 && row.leg_2->state == model::LegState::failed);
}

// Another question is asked of the price: what was answered to the former one says nothing of it.
bool asks_otherwise(const Trigger& a, const Trigger& b) {
  return a.condition != b.condition || a.side != b.side || a.direction != b.direction ||
         a.exchange != b.exchange || a.trading_symbol != b.trading_symbol;
}

void arm_all(Trigger& row) {
  row.leg_1.state = model::LegState::armed;
  if (row.leg_2) row.leg_2->state = model::LegState::armed;
}

bool any_armed(const Trigger& row) {
  return row.leg_1.state == model::LegState::armed ||
         (row.leg_2 && row.leg_2->state == model::LegState::armed);
}

void touch(Trigger& row, Instant at) {
  ++row.version;
  row.updated_at = at;
}

}  // namespace

bool same_order(const Leg& a, const Leg& b) {
  return a.product == b.product && a.trigger_price == b.trigger_price &&
         a.order_price == b.order_price && a.quantity == b.quantity;
}

Result<void> check_account(const std::string& bound, const std::string& wanted, bool shared) {
  if (!bound.empty() && bound != wanted) {
    return fail(ErrorKind::refused, "These triggers belong to " + bound +
                                        ", and the session is of " + wanted +
                                        ": use that account, or another connection or database");
  }
  if (bound.empty() && shared) {
    return fail(ErrorKind::refused, "The account " + wanted + " is connected already");
  }
  return {};
}

Result<model::BrokerConnection> connection_row(const model::BrokerConnection& wanted,
                                               const model::BrokerConnection* before,
                                               std::optional<std::int64_t> version,
                                               const Actor& actor, Instant now) {
  if (before && !may_see(actor, before->user_id)) return no_such_connection();
  if (!before && version) return no_such_connection();
  if (before && version && *version != before->version) {
    return fail(ErrorKind::conflict,
                "the connection has changed since it was read: it is at version " +
                    std::to_string(before->version) + ", not " + std::to_string(*version),
                "version");
  }
  auto row = wanted;
  row.user_id = before ? before->user_id : actor.user.value_or(wanted.user_id);
  row.created_at = before ? before->created_at : now;
  row.version = before ? before->version + 1 : 1;
  row.updated_at = now;
  return row;
}

std::unexpected<base::Error> no_such_connection() {
  return fail(ErrorKind::not_found, "there is no such broker connection");
}

std::unexpected<base::Error> connection_in_use() {
  return fail(ErrorKind::conflict,
              "active triggers stand on this connection: cancel them first, or switch it off",
              "status");
}

model::AuditEntry connection_entry(const model::BrokerConnection& row, const std::string& event,
                                   const Actor& actor) {
  model::AuditEntry out;
  out.at = row.updated_at;
  out.event = event;
  out.actor = actor.name;
  out.user_id = row.user_id;
  out.detail = {{"broker_connection_id", row.id.text()}, {"name", row.name}};
  if (!row.account.empty()) out.detail.add("account", row.account);
  if (!row.enabled) out.detail.add("enabled", "false");
  return out;
}

ClaimVerdict judge(const Claim& claim, const ClaimFacts& facts) {
  if (facts.lease_epoch == 0 || claim.attempt.lease_epoch != facts.lease_epoch) {
    return ClaimVerdict::fenced;
  }
  if (facts.standing == Standing::same) return ClaimVerdict::repeated;
  if (facts.stopped) return ClaimVerdict::stopped;
  if (!facts.row || facts.standing == Standing::other) return ClaimVerdict::stale;
  if (facts.row->status != TriggerStatus::active || facts.row->version != claim.version) {
    return ClaimVerdict::stale;
  }
  if (facts.winner && *facts.winner != facts.row->id) return ClaimVerdict::group_taken;
  return ClaimVerdict::won;
}

Trigger new_row(const Trigger& trigger, const Actor& actor, Instant now) {
  Trigger row;
  row.id = trigger.id;
  row.user_id = actor.user.value_or(trigger.user_id);
  row.version = 0;
  apply_edit(row, trigger, now);
  row.created_at = now;
  return row;
}

void apply_claim(Trigger& row, const model::Attempt& attempt) {
  row.status = TriggerStatus::firing;
  row.triggered_at = attempt.created_at;
  row.triggered_leg = attempt.leg;
  row.triggered_price = attempt.evidence.last_price;
  row.fire_no = attempt.fire_no;
  touch(row, attempt.created_at);
}

void apply_outcome(Trigger& row, const TriggerOutcome& outcome, Instant at) {
  const bool ended = row.status == TriggerStatus::cancelled || row.status == TriggerStatus::expired;
  // What a person or its date has ended is not armed again by what became of an earlier order.
  if (!ended || outcome.status != TriggerStatus::active) row.status = outcome.status;
  row.leg_1.state = outcome.leg_1;
  if (row.leg_2) row.leg_2->state = outcome.leg_2;
  row.triggered_at = outcome.triggered_at;
  row.triggered_leg = outcome.triggered_leg;
  row.triggered_price = outcome.triggered_price;
  row.order_id = outcome.order_id;
  row.order_status = outcome.order_status;
  row.filled_quantity = outcome.filled_quantity;
  row.average_price = outcome.average_price;
  row.error_message = outcome.error_message;
  touch(row, at);
}

void apply_status(Trigger& row, TriggerStatus status, Instant at) {
  row.status = status;
  touch(row, at);
}

void apply_edit(Trigger& row, const Trigger& edited, Instant now) {
  const auto before = row;
  row.broker_connection_id = edited.broker_connection_id;
  row.parent_id = edited.parent_id;
  row.trading_symbol = edited.trading_symbol;
  row.exchange = edited.exchange;
  row.instrument_token = edited.instrument_token;
  row.condition = edited.condition;
  row.side = edited.side;
  row.direction = edited.direction;
  row.on_unknown = edited.on_unknown;
  row.purpose = edited.purpose;
  row.expires_at = edited.expires_at;
  row.leg_1 = edited.leg_1;
  row.leg_1.state = state_after_edit(&before.leg_1, edited.leg_1);
  row.leg_2 = edited.leg_2;
  if (row.leg_2) {
    row.leg_2->state = state_after_edit(before.leg_2 ? &*before.leg_2 : nullptr, *edited.leg_2);
  }
  // What can be edited is active, and an active trigger that watches nothing is a trap.
  if (asks_otherwise(before, row) || !any_armed(row)) arm_all(row);
  if (!any_failed(row)) row.error_message.clear();
  touch(row, now);
}

bool may_see(const Actor& actor, const std::optional<model::UserId>& owner) {
  return !actor.user || actor.user == owner;
}

Result<void> check_change(const Trigger& row, std::optional<std::int64_t> version) {
  if (row.status != TriggerStatus::active) {
    return fail(ErrorKind::conflict,
                "the trigger is " + std::string(word(row.status)) + " and can no longer be changed",
                "status");
  }
  if (version && *version != row.version) {
    return fail(ErrorKind::conflict,
                "the trigger has changed since it was read: it is at version " +
                    std::to_string(row.version) + ", not " + std::to_string(*version),
                "version");
  }
  return {};
}

Result<void> check_group(const Trigger& row, const Trigger* member, bool decided) {
  if (member && (member->broker_connection_id != row.broker_connection_id ||
                 member->user_id != row.user_id)) {
    return fail(ErrorKind::conflict, "all triggers of a group must be of one account", "parent_id");
  }
  if (decided) {
    return fail(ErrorKind::conflict,
                "the group is decided: one of its triggers has fired, so this one never could",
                "parent_id");
  }
  return {};
}

Result<void> check_key(const Idempotency& idempotency) {
  if (idempotency.key.empty() || idempotency.key.size() > 255) {
    return base::invalid("Idempotency-Key", "an idempotency key is 1 to 255 characters");
  }
  return {};
}

std::unexpected<base::Error> key_conflict() {
  return fail(ErrorKind::conflict,
              "this idempotency key was used for another request; take a new key",
              "Idempotency-Key");
}

std::unexpected<base::Error> no_such_trigger() {
  return fail(ErrorKind::not_found, "there is no such trigger");
}

std::unexpected<base::Error> lease_lost() {
  return fail(ErrorKind::refused,
              "another engine has taken the lease: this one must stop and start anew");
}

std::unexpected<base::Error> lease_held(const std::string& holder) {
  return fail(ErrorKind::refused, "another engine holds the lease: " + holder);
}

std::unexpected<base::Error> id_taken() {
  return fail(ErrorKind::conflict, "there is a trigger with this id already", "id");
}

std::unexpected<base::Error> attempt_taken(const model::Attempt& attempt) {
  return fail(ErrorKind::conflict,
              "fire " + std::to_string(attempt.fire_no) + " attempt " +
                  std::to_string(attempt.attempt_no) + " of trigger " + attempt.trigger_id.text() +
                  " stands under another tag",
              "tag");
}

model::AuditEntry created_entry(const Trigger& row, const Actor& actor) {
  auto out = entry_of(row, "created", actor.name);
  for (const auto& [name, value] : describe(row)) {
    if (!value.empty()) out.detail.add(name, value);
  }
  return out;
}

model::AuditEntry edited_entry(const Trigger& before, const Trigger& after, const Actor& actor) {
  auto out = entry_of(after, "edited", actor.name);
  out.detail = differences(describe(before), describe(after));
  out.detail.add("version", std::to_string(after.version));
  return out;
}

model::AuditEntry cancelled_entry(const Trigger& row, const Actor& actor) {
  return entry_of(row, "cancelled", actor.name);
}

model::AuditEntry sibling_entry(const Trigger& row, model::TriggerId winner) {
  auto out = entry_of(row, "cancelled", "engine");
  out.detail.add("reason", "another trigger of its group fired");
  out.detail.add("winner", winner.text());
  return out;
}

model::AuditEntry lease_entry(std::int64_t epoch, const std::string& holder, Instant now) {
  model::AuditEntry out;
  out.at = now;
  out.event = "lease_taken";
  out.actor = "engine";
  out.detail = {{"epoch", std::to_string(epoch)}, {"holder", holder}};
  return out;
}

model::AuditEntry switch_entry(bool stopped, const std::string& why, const Actor& actor,
                               Instant now) {
  model::AuditEntry out;
  out.at = now;
  out.event = stopped ? "engine_stopped" : "engine_started";
  out.severity = stopped ? model::Severity::warning : model::Severity::info;
  out.actor = actor.name;
  if (!why.empty()) out.detail.add("reason", why);
  return out;
}

bool may_have_happened(const base::Error& error) {
  return error.message.contains("commit unknown");
}

void remember(Changed& changed, const Trigger& row) {
  const auto at = std::ranges::find(changed.triggers, row.id, &Trigger::id);
  if (at == changed.triggers.end()) {
    changed.triggers.push_back(row);
  } else {
    *at = row;
  }
}

Result<std::optional<std::int64_t>> read_cursor(std::string_view cursor) {
  if (cursor.empty()) return std::nullopt;
  std::int64_t number = 0;
  const auto* end = cursor.data() + cursor.size();
  const auto [stop, error] = std::from_chars(cursor.data(), end, number);
  if (error != std::errc{} || stop != end || number <= 0) {
    return base::invalid("cursor", "take the cursor from next_cursor of the page before");
  }
  return number;
}

std::size_t page_limit(std::size_t asked) {
  return std::clamp<std::size_t>(asked, 1, page_limit_max);
}

bool is_open(const model::Attempt& attempt, const Trigger* row) {
  switch (attempt.state) {
    case model::AttemptState::queued:
    case model::AttemptState::forwarded:
    case model::AttemptState::unknown:
      return true;
    case model::AttemptState::not_placed:
    case model::AttemptState::absent:
      return row && row->status == TriggerStatus::firing;
    case model::AttemptState::withdrawn:
    case model::AttemptState::refused:
    case model::AttemptState::placed:
      return false;
  }
  return true;
}

bool lacks_its_end(const model::Attempt& attempt, base::TradingDate today) {
  const auto& date = attempt.trading_date;
  return attempt.state == model::AttemptState::placed && date < today &&
         date.days >= today.days - days_looked_back &&
         !std::string_view(last_words).contains("'" + attempt.order_status + "'");
}

}  // namespace hmt::store
