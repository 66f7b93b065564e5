#include "engine/now.h"

// Which triggers stand in the book: those whose row is active, but for members of a group that is
// won.
namespace hmt::engine {

void Engine::handle(Now& now, const TriggerChanged& changed) {
  take_row(now, changed.trigger);
}

void Engine::take_row(Now& now, const model::Trigger& trigger) {
  for (auto* flight = flights_.first_of(trigger.id); flight; flight = flight->next) {
    if (flight->claiming) {
      flight->changed =
          std::make_shared<model::Trigger>(trigger);  // the claim's verdict says whether it matters
      return;
    }
    if (trigger.version <= flight->claimed_version) return;  // news from before the claim
  }
  const auto known = rows_.find(trigger.id);
  if (known != ActiveRows::none && rows_.version(known) >= trigger.version) return;  // older news
  if (known != ActiveRows::none) disarm(now, known);
  if (trigger.status != model::TriggerStatus::active) return;
  if (const auto refused = unclaimable_.find(trigger.id); refused != unclaimable_.end()) {
    if (trigger.version <= refused->second) {
      tell_not_armed(now, trigger, "its fire could not be recorded: edit it to arm it again");
      return;
    }
    unclaimable_.erase(refused);
  }
  arm(now, trigger);
}

void Engine::handle(Now& now, const TriggerRemoved& removed) {
  for (auto* flight = flights_.first_of(removed.id); flight; flight = flight->next) {
    if (flight->claiming) flight->changed.reset();
  }
  disarm(now, removed.id);
}

void Engine::handle(Now& now, const GroupWon& won) {
  rows_.win(won.group, won.winner);
  rows_.each_member(won.group, [&](ActiveRows::Number row) { take_out_of_book(now, row); });
}

void Engine::handle(Now&, const Evaluation& evaluation) {
  evaluating_ = evaluation.on;
}

bool Engine::is_held(ActiveRows::Number row) const {
  return rows_.is_group_won(row);
}

void Engine::arm(Now& now, const model::Trigger& trigger) {
  const auto row = rows_.put(trigger);
  if (!is_held(row)) put_in_book(now, trigger);
}

void Engine::put_in_book(Now& now, const model::Trigger& trigger) {
  switch (book_.arm(trigger)) {
    case trigger::Book::Armed::first_of_instrument:
      now.ask(Watch{trigger.instrument_token});
      break;
    case trigger::Book::Armed::another:
    case trigger::Book::Armed::replaced:
      break;
    case trigger::Book::Armed::full:
      tell_not_armed(now, trigger, "the engine holds as many triggers or instruments as it can");
      return;
    case trigger::Book::Armed::no_leg:
      tell_not_armed(now, trigger, "no leg of it is armed: an edit of its order arms it again");
      return;
  }
  now.ask(Armed{trigger.id, trigger.version, trigger.instrument_token});
}

void Engine::tell_not_armed(Now& now, const model::Trigger& trigger, const char* why) const {
  model::Record record;
  record.at = now.at;
  record.audit.push_back({.at = now.at,
                          .event = "not_armed",
                          .severity = model::Severity::alarm,
                          .actor = "engine",
                          .user_id = trigger.user_id,
                          .trigger_id = trigger.id,
                          .tag = {},
                          .detail = {{"why", why}}});
  now.ask(Write{std::move(record)});
}

void Engine::disarm(Now& now, model::TriggerId id) {
  if (const auto row = rows_.find(id); row != ActiveRows::none) disarm(now, row);
}

void Engine::disarm(Now& now, ActiveRows::Number row) {
  take_out_of_book(now, row);
  rows_.erase(row);
}

void Engine::take_out_of_book(Now& now, ActiveRows::Number row) {
  const auto disarmed = book_.disarm(rows_.id(row));
  if (disarmed == trigger::Book::Disarmed::was_not_armed) return;
  now.ask(Disarmed{rows_.id(row)});
  if (disarmed == trigger::Book::Disarmed::last_of_instrument) now.ask(Unwatch{rows_.token(row)});
}

void Engine::expire_due(Now& now) {
  for (auto due = rows_.next_expiry(); due && *due <= now.at; due = rows_.next_expiry()) {
    const auto trigger = rows_.whole(rows_.next_to_expire());
    disarm(now, trigger.id);
    model::Record record;
    record.at = now.at;
    record.expiry = model::Expiry{trigger.id, trigger.version};
    record.audit.push_back({.at = now.at,
                            .event = "expired",
                            .severity = model::Severity::warning,
                            .actor = "engine",
                            .user_id = trigger.user_id,
                            .trigger_id = trigger.id,
                            .tag = {},
                            .detail = {{"expires_at", base::to_rfc3339(*due)}}});
    now.ask(Write{std::move(record)});
  }
}

void Engine::release_group(Now& now, const model::Trigger& winner) {
  if (!winner.parent_id) return;
  if (rows_.winner_of(*winner.parent_id) != winner.id) return;  // another member's by now
  rows_.forget_winner(*winner.parent_id);
  rows_.each_member(*winner.parent_id,
                    [&](ActiveRows::Number row) { put_in_book(now, rows_.whole(row)); });
}

}  // namespace hmt::engine
