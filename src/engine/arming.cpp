#include <algorithm>

#include "engine/now.h"

// Which triggers stand in the book: those whose row is active, but for members of a group that is
// won.
namespace hmt::engine {

void Engine::handle(Now& now, const TriggerChanged& changed) {
  const auto& trigger = changed.trigger;
  for (auto* flight : flights_of(trigger.id)) {
    if (flight->claiming) {
      flight->changed = trigger;  // the claim's verdict says whether it matters
      return;
    }
    if (trigger.version <= flight->claimed_version) return;  // news from before the claim
  }
  const auto known = triggers_.find(trigger.id);
  if (known != triggers_.end() && known->second.version >= trigger.version) return;  // older news
  disarm(now, trigger.id);
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
  for (auto* flight : flights_of(removed.id)) {
    if (flight->claiming) flight->changed.reset();
  }
  disarm(now, removed.id);
}

void Engine::handle(Now& now, const GroupWon& won) {
  winners_[won.group] = won.winner;
  const auto members = groups_.find(won.group);
  if (members == groups_.end()) return;
  for (const auto id : members->second) take_out_of_book(now, triggers_.at(id));
}

void Engine::handle(Now&, const Evaluation& evaluation) {
  evaluating_ = evaluation.on;
}

bool Engine::is_held(const model::Trigger& trigger) const {
  return trigger.parent_id && winners_.contains(*trigger.parent_id);
}

void Engine::arm(Now& now, const model::Trigger& trigger) {
  if (trigger.expires_at) {
    expiries_[*trigger.expires_at].push_back(trigger.id);
  }
  if (trigger.parent_id) groups_[*trigger.parent_id].push_back(trigger.id);
  triggers_[trigger.id] = trigger;
  if (!is_held(trigger)) put_in_book(now, trigger);
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
  const auto known = triggers_.find(id);
  if (known == triggers_.end()) return;
  take_out_of_book(now, known->second);
  forget_expiry(known->second);
  if (known->second.parent_id) {
    const auto members = groups_.find(*known->second.parent_id);
    std::erase(members->second, id);
    if (members->second.empty()) groups_.erase(members);
  }
  triggers_.erase(known);
}

void Engine::take_out_of_book(Now& now, const model::Trigger& trigger) {
  const auto disarmed = book_.disarm(trigger.id);
  if (disarmed == trigger::Book::Disarmed::was_not_armed) return;
  now.ask(Disarmed{trigger.id});
  if (disarmed == trigger::Book::Disarmed::last_of_instrument)
    now.ask(Unwatch{trigger.instrument_token});
}

void Engine::forget_expiry(const model::Trigger& trigger) {
  if (!trigger.expires_at) return;
  const auto due = expiries_.find(*trigger.expires_at);
  if (due == expiries_.end()) return;
  std::erase(due->second, trigger.id);
  if (due->second.empty()) expiries_.erase(due);
}

void Engine::expire_due(Now& now) {
  while (!expiries_.empty() && expiries_.begin()->first <= now.at) {
    const auto ids = expiries_.begin()->second;
    for (const auto id : ids) {
      const auto trigger = triggers_.at(id);
      disarm(now, id);
      model::Record record;
      record.at = now.at;
      record.expiry = model::Expiry{id, trigger.version};
      record.audit.push_back({.at = now.at,
                              .event = "expired",
                              .severity = model::Severity::warning,
                              .actor = "engine",
                              .user_id = trigger.user_id,
                              .trigger_id = id,
                              .tag = {},
                              .detail = {{"expires_at", base::to_rfc3339(*trigger.expires_at)}}});
      now.ask(Write{std::move(record)});
    }
  }
}

void Engine::release_group(Now& now, const model::Trigger& winner) {
  if (!winner.parent_id) return;
  const auto won = winners_.find(*winner.parent_id);
  if (won == winners_.end() || won->second != winner.id) return;  // another member's by now
  winners_.erase(won);
  const auto members = groups_.find(*winner.parent_id);
  if (members == groups_.end()) return;
  for (const auto id : members->second) put_in_book(now, triggers_.at(id));
}

}  // namespace hmt::engine
