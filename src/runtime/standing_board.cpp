#include "runtime/standing_board.h"

#include <vector>

namespace hmt::runtime {
namespace {

template <class Reasons>
void put(Reasons& reasons, const std::string& part, std::optional<std::string> words,
         StandingBoard::Kind kind) {
  if (words) {
    reasons[part] = {std::move(*words), kind};
  } else {
    reasons.erase(part);
  }
}

}  // namespace

void StandingBoard::set_reason(const std::string& part, std::optional<std::string> reason,
                               Kind kind) {
  const std::scoped_lock lock(mutex_);
  put(reasons_, part, std::move(reason), kind);
}

void StandingBoard::set_reason(model::ConnectionId account, const std::string& part,
                               std::optional<std::string> reason, Kind kind) {
  const std::scoped_lock lock(mutex_);
  put(accounts_[account].reasons, part, std::move(reason), kind);
}

void StandingBoard::set_lone_reasons(model::ConnectionId account,
                                     std::map<model::TriggerId, std::string> reasons) {
  const std::scoped_lock lock(mutex_);
  accounts_[account].lone = std::move(reasons);
}

void StandingBoard::set_owner(model::ConnectionId account, model::UserId owner,
                              const std::string& name) {
  const std::scoped_lock lock(mutex_);
  accounts_[account].owner = owner;
  accounts_[account].name = name;
}

void StandingBoard::forget_account(model::ConnectionId account) {
  const std::scoped_lock lock(mutex_);
  accounts_.erase(account);
  preparing_.erase(account);
  forget_armed(account);
}

void StandingBoard::forget_armed(model::ConnectionId account) {
  const auto known = armed_for_.find(account);
  if (known == armed_for_.end()) return;
  std::vector<std::uint32_t> theirs;
  armed_.each([&](std::uint32_t number) {
    if (armed_[number].account == &*known) theirs.push_back(number);
  });
  for (const auto number : theirs) armed_.erase(number);
  armed_for_.erase(known);
}

void StandingBoard::set_status(EngineStatus status) {
  const std::scoped_lock lock(mutex_);
  standing_.status = status;
}

void StandingBoard::set_feed(FeedStatus feed) {
  const std::scoped_lock lock(mutex_);
  standing_.feed = feed;
}

void StandingBoard::set_counts(const engine::Counts& counts, std::int64_t subscribed) {
  const std::scoped_lock lock(mutex_);
  standing_.active_triggers = counts.armed;
  standing_.processed_ticks = counts.ticks;
  standing_.triggered_orders = counts.orders_placed;
  standing_.failed_orders = counts.orders_failed;
  standing_.unknown_orders = counts.unknown;
  standing_.subscribed_instruments = subscribed;
}

void StandingBoard::set_nothing_watched() {
  const std::scoped_lock lock(mutex_);
  standing_.active_triggers = standing_.unknown_orders = standing_.subscribed_instruments = 0;
}

void StandingBoard::set_queued(model::ConnectionId account, std::int64_t queued) {
  const std::scoped_lock lock(mutex_);
  accounts_[account].queued = queued;
}

void StandingBoard::set_last_tick(base::Instant at) {
  last_tick_.store(at, std::memory_order_relaxed);
}

void StandingBoard::set_started(base::Instant at, std::int64_t lease_epoch) {
  const std::scoped_lock lock(mutex_);
  started_at_ = at;
  standing_.lease_epoch = lease_epoch;
}

void StandingBoard::armed(model::ConnectionId account, model::TriggerId id, std::int64_t version) {
  const std::scoped_lock lock(mutex_);
  put_armed({id, &*armed_for_.insert(account).first, version});
}

void StandingBoard::armed(model::ConnectionId account, std::span<const engine::Armed> triggers) {
  const std::scoped_lock lock(mutex_);
  const auto* armed_for = &*armed_for_.insert(account).first;
  for (const auto& each : triggers) put_armed({each.id, armed_for, each.version});
}

void StandingBoard::put_armed(const Armed& armed) {
  if (const auto known = armed_.find(armed.id); known != armed_.none) {
    armed_[known] = armed;
  } else {
    armed_.insert(armed);
  }
}

void StandingBoard::disarmed(model::ConnectionId account, model::TriggerId id) {
  const std::scoped_lock lock(mutex_);
  const auto known = armed_.find(id);
  if (known != armed_.none && *armed_[known].account == account) armed_.erase(known);
}

void StandingBoard::none_armed(model::ConnectionId account) {
  const std::scoped_lock lock(mutex_);
  forget_armed(account);
}

void StandingBoard::set_preparing(model::ConnectionId account, bool preparing) {
  const std::scoped_lock lock(mutex_);
  preparing ? void(preparing_.insert(account)) : void(preparing_.erase(account));
}

const std::string* StandingBoard::blinding(const Reasons& reasons) {
  for (const auto& [part, reason] : reasons) {
    if (reason.kind == Kind::blinding) return &reason.words;
  }
  return nullptr;
}

// In single-user mode they are the operator's own and told as they are.
void StandingBoard::add_reasons_of_all(Standing& standing) const {
  std::size_t blind = 0;
  for (const auto& [id, account] : accounts_) {
    standing.queued_orders += account.queued;
    if (blinding(account.reasons)) ++blind;
    if (many_) continue;
    for (const auto& [part, reason] : account.reasons) standing.reasons.push_back(reason.words);
  }
  if (!many_ && blind != 0) standing.watches = false;
  if (many_ && blind != 0) {
    standing.reasons.push_back(std::to_string(blind) + " of " + std::to_string(accounts_.size()) +
                               " broker connections are not live: their triggers are not watched");
  }
}

void StandingBoard::add_reasons_of(model::UserId owner, Standing& standing) const {
  for (const auto& [id, account] : accounts_) {
    if (account.owner != owner) continue;
    standing.queued_orders += account.queued;
    for (const auto& [part, reason] : account.reasons) {
      standing.reasons.push_back(account.name + ": " + reason.words);
    }
  }
}

Standing StandingBoard::of_the_engine() const {
  auto standing = standing_;
  const auto last_tick = last_tick_.load(std::memory_order_relaxed);
  if (last_tick != base::Instant{}) standing.last_tick_time = last_tick;
  for (const auto& [part, reason] : reasons_) standing.reasons.push_back(reason.words);
  standing.watches = !blinding(reasons_);
  return standing;
}

Standing StandingBoard::judged(Standing standing, base::Instant now) const {
  if (standing.status == EngineStatus::running && !standing.reasons.empty()) {
    standing.status = EngineStatus::degraded;
  }
  standing.watches = standing.watches && (standing.status == EngineStatus::running ||
                                          standing.status == EngineStatus::degraded);
  const bool up = standing.status != EngineStatus::stopped && started_at_ != base::Instant{};
  standing.uptime_seconds = up ? (now - started_at_) / std::chrono::seconds(1) : 0;
  return standing;
}

FeedStatus StandingBoard::feed() const {
  const std::scoped_lock lock(mutex_);
  return standing_.feed;
}

Standing StandingBoard::read(base::Instant now) const {
  const std::scoped_lock lock(mutex_);
  auto standing = of_the_engine();
  add_reasons_of_all(standing);
  return judged(std::move(standing), now);
}

Standing StandingBoard::read_for(model::UserId owner, base::Instant now) const {
  const std::scoped_lock lock(mutex_);
  auto standing = of_the_engine();
  add_reasons_of(owner, standing);
  return judged(std::move(standing), now);
}

std::string StandingBoard::why_not_live(model::ConnectionId account) const {
  const std::scoped_lock lock(mutex_);
  if (const auto* why = blinding(reasons_)) return *why;
  const auto known = accounts_.find(account);
  if (known == accounts_.end()) {
    return many_ ? "The engine does not use this broker connection" : std::string();
  }
  const auto* why = blinding(known->second.reasons);
  return why ? *why : std::string();
}

std::string StandingBoard::why_not_watched(model::ConnectionId account, model::TriggerId id,
                                           std::int64_t version) const {
  if (auto why = why_not_live(account); !why.empty()) return why;
  const std::scoped_lock lock(mutex_);
  if (const auto known = accounts_.find(account); known != accounts_.end()) {
    if (const auto lone = known->second.lone.find(id); lone != known->second.lone.end()) {
      return lone->second;
    }
  }
  if (standing_.status == EngineStatus::starting) return "The engine is starting";
  const auto armed = armed_.find(id);
  if (armed == armed_.none || preparing_.contains(*armed_[armed].account))
    return "The engine has not armed it yet, or a trigger of its group has fired";
  if (armed_[armed].version != version) return "The engine has not taken over its last change yet";
  return {};
}

}  // namespace hmt::runtime
