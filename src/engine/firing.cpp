#include <algorithm>

#include "engine/now.h"
#include "oms/request.h"
#include "trigger/rule.h"

// From a price to a claim.
namespace hmt::engine {
namespace {

model::Evidence evidence_of(const model::Trigger& trigger, model::LegNumber leg,
                            const model::Tick& tick) {
  const auto last = model::price_from_wire(tick.last, *model::segment_of(tick.token));
  return {.last_price = last,
          .exchange_time = tick.exchange_time,
          .last_trade_time = tick.last_trade_time,
          .connection_epoch = tick.connection_epoch,
          .received_at = tick.received_at,
          .after_gap = tick.first_of_epoch,
          .rule = trigger::rule_text(trigger, leg, last)};
}

// Made where it will stand: a claim is large.
struct ClaimOf {
  const Flight& flight;

  operator model::Claim() const {
    return {.attempt = flight.attempt,
            .version = flight.claimed_version,
            .group = flight.row->parent_id};
  }
};

}  // namespace

void Engine::handle(Now& now, const model::Tick& tick) {
  ++counts_.ticks;
  if (tick.freshness != model::Freshness::fresh) {
    ++counts_.stale_ticks;
    return;
  }
  if (!evaluating_) return;
  hits_.clear();
  book_.take_hits(tick.token, tick.last, hits_);
  if (hits_.empty()) return;
  if (book_.armed_on(tick.token) == 0) now.ask(Unwatch{tick.token});
  for (const auto& hit : hits_) now.ask(Disarmed{hit.id});
  for (const auto& hit : hits_) fire(now, hit, tick);
}

void Engine::fire(Now& now, const trigger::Hit& hit, const model::Tick& tick) {
  const auto known = rows_.find(hit.id);
  if (known == ActiveRows::none) return;  // expired with an earlier hit of this tick
  if (rows_.is_expired(known, now.at)) {
    expire_due(now);
    return;
  }
  if (is_held(known)) return;  // a sibling fired on this very tick; it comes back with its group
  const auto* earlier = std::as_const(flights_).first_of(hit.id);
  const auto fire_no = next_fire_no(known, earlier);
  const auto tag = oms::make_tag(settings_.tag_key, tag_scope(base::trading_date(now.at)),
                                 rows_.tag_bits(known), fire_no, 0);
  if (flights_.contains(tag)) {
    fired_too_often(now, rows_.whole(known));
    return;
  }
  if (const auto group = rows_.group(known)) handle(now, GroupWon{*group, hit.id});
  auto given = flight_of(known, {fire_no, tag, hit.leg, earlier}, tick, now.at);
  rows_.erase(known);  // the book has let it go already

  const auto& flight = flights_.add(std::move(given));
  now.effects.emplace_back(std::in_place_type<MakeClaim>, ClaimOf{flight},
                           model::purpose_of(*flight.row));
}

// The attempt that the fire is, and the row as it will be once the claim is durable.
std::unique_ptr<Flight> Engine::flight_of(ActiveRows::Number known, const Fire& fire,
                                          const model::Tick& tick, base::Instant at) const {
  auto flight = std::make_unique<Flight>();
  flight->row = row_of(fire.earlier);
  auto& row = *flight->row;
  rows_.read(known, row);
  flight->claimed_version = row.version;
  flight->claiming = true;
  auto& attempt = flight->attempt;
  attempt.trigger_id = row.id;
  attempt.user_id = row.user_id;
  attempt.connection_id = row.broker_connection_id;
  attempt.fire_no = fire.number;
  attempt.leg = fire.leg;
  attempt.lease_epoch = settings_.lease_epoch;
  attempt.trading_date = base::trading_date(at);
  attempt.created_at = at;
  attempt.tag = fire.tag;
  attempt.request = oms::request_for(row, fire.leg, attempt.tag);
  attempt.evidence = evidence_of(row, fire.leg, tick);

  row.status = model::TriggerStatus::firing;
  row.triggered_at = at;
  row.triggered_leg = fire.leg;
  row.triggered_price = attempt.evidence.last_price;
  row.fire_no = fire.number;
  row.order_id.clear();
  row.order_status.clear();
  row.filled_quantity = 0;
  row.average_price.reset();
  row.error_message.clear();
  return flight;
}

// A tag tells 32 fires of a day apart. One that is used twice would let one order be taken for
// another.
void Engine::fired_too_often(Now& now, model::Trigger trigger) {
  disarm(now, trigger.id);
  trigger.status = model::TriggerStatus::needs_attention;
  trigger.error_message =
      "Fired 32 times today and never placed: see why in its trail before it is armed again";
  model::Record record;
  record.at = now.at;
  record.trigger = outcome_of(trigger, model::GroupAction::keep);
  record.audit.push_back({.at = now.at,
                          .event = "fired_too_often",
                          .severity = model::Severity::alarm,
                          .actor = "engine",
                          .user_id = trigger.user_id,
                          .trigger_id = trigger.id,
                          .tag = {},
                          .detail = {{"why", trigger.error_message}}});
  now.ask(Write{std::move(record)});
}

// A number is used once, also when the row does not know yet of an order that was found at the
// broker.
std::int32_t Engine::next_fire_no(ActiveRows::Number row, const Flight* earlier) const {
  auto last = rows_.fire_no(row);
  for (; earlier; earlier = earlier->next) last = std::max(last, earlier->attempt.fire_no);
  return last + 1;
}

void Engine::handle(Now& now, const ClaimSettled& settled) {
  auto* flight = flights_.find(settled.tag);
  if (!flight || !flight->claiming || flight->attempt.lease_epoch != settled.lease_epoch) return;
  if (settled.verdict != model::ClaimVerdict::won &&
      settled.verdict != model::ClaimVerdict::repeated) {
    claim_lost(now, *flight, settled.verdict);
    return;
  }
  flight->claiming = false;
}

void Engine::claim_lost(Now& now, Flight& flight, model::ClaimVerdict verdict) {
  const auto trigger = *flight.row;
  const auto changed = flight.changed;
  const auto claimed_version = flight.claimed_version;
  flights_.erase(flight);
  if (verdict == model::ClaimVerdict::stale) unclaimable_[trigger.id] = claimed_version;
  if (verdict != model::ClaimVerdict::group_taken) release_group(now, trigger);
  if (verdict == model::ClaimVerdict::fenced) {
    evaluating_ = false;
    now.ask(Fenced{settings_.lease_epoch});
    return;
  }
  if (changed) {
    handle(now, TriggerChanged{*changed});
  } else {
    now.ask(Reread{trigger.id});
  }
}

}  // namespace hmt::engine
