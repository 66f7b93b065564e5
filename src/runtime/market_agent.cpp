#include "runtime/market_agent.h"

#include <algorithm>
#include <utility>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

constexpr std::size_t wanted_max = 500;       // live prices for each screen
constexpr std::size_t wanted_by_all = 2'000;  // the rest of the feed's room is for triggers

double seconds(base::Duration duration) {
  return static_cast<double>(duration.count()) / 1e9;
}

void tell(const std::vector<model::AuditEntry>& entries) {
  for (const auto& entry : entries) {
    const auto level = entry.severity == model::Severity::alarm     ? agent::Level::error
                       : entry.severity == model::Severity::warning ? agent::Level::warning
                                                                    : agent::Level::info;
    const auto trigger = entry.trigger_id ? entry.trigger_id->text() : std::string();
    std::string detail;
    for (const auto& [name, value] : entry.detail)
      detail.append(detail.empty() ? "" : ", ").append(name).append(": ").append(value);
    agent::log(level, entry.event,
               {{"trigger_id", trigger}, {"tag", entry.tag}, {"detail", detail}});
  }
}

// What becomes of an order is said once; everything else the records, or the next look, say again.
bool is_of_an_order(const engine::Event& event) {
  return std::holds_alternative<engine::ClaimSettled>(event) ||
         std::holds_alternative<engine::AttemptForwarded>(event) ||
         std::holds_alternative<engine::AttemptWithdrawn>(event) ||
         std::holds_alternative<engine::AttemptAnswered>(event);
}

}  // namespace

MarketAgent::MarketAgent(agent::Scheduler& scheduler, CommitQueue& commits, StandingBoard& standing,
                         PriceBoard& prices, LatencyBoard& latency, MarketLinks links, bool many,
                         base::Duration counts_period)
    : scheduler_(scheduler),
      commits_(commits),
      standing_(standing),
      prices_(prices),
      latency_(latency),
      links_(std::move(links)),
      many_(many),
      counts_period_(counts_period) {}

MarketAgent::~MarketAgent() {
  for (auto& [id, account] : accounts_) scheduler_.cancel(account.wake_timer);
  scheduler_.cancel(counts_timer_);
}

MarketAgent::Account* MarketAgent::find(model::ConnectionId id) {
  const auto found = accounts_.find(id);
  return found == accounts_.end() ? nullptr : &found->second;
}

bool MarketAgent::owns(const Account& account, const model::Trigger& trigger) const {
  return !many_ || (trigger.broker_connection_id == account.id && trigger.user_id == account.owner);
}

void MarketAgent::add_account(model::ConnectionId id, model::UserId owner, AccountLinks links) {
  auto& account = accounts_[id];
  account.id = id;
  account.owner = owner;
  account.links = std::move(links);
}

void MarketAgent::remove_account(model::ConnectionId id) {
  auto* account = find(id);
  if (!account) return;
  forget(*account);
  for (const auto token : std::exchange(account->watched, {})) unwatch(*account, token);
  scheduler_.cancel(account->wake_timer);
  accounts_.erase(id);
}

void MarketAgent::forget(model::ConnectionId id) {
  if (auto* account = find(id)) forget(*account);
}

void MarketAgent::lose_lease() {
  forget_all();
  for (auto& [id, account] : accounts_) {
    account.early.clear();
    account.is_away = true;
  }
}

void MarketAgent::forget_all() {
  for (auto& [id, account] : accounts_) forget(account);
  fresh_.forget_all();
}

void MarketAgent::forget(Account& account) {
  account.engine.reset();
  account.next.reset();
  fresh_.forget_lost_fires();
  standing_.none_armed(account.id);
  // The records, which are read after this, hold what these tell.
  std::erase_if(account.early, [](const engine::Event& event) {
    return std::holds_alternative<engine::TriggerChanged>(event) ||
           std::holds_alternative<engine::TriggerRemoved>(event);
  });
}

void MarketAgent::prepare(model::ConnectionId id, engine::Settings settings) {
  auto* account = find(id);
  if (!account) return;
  forget(*account);
  account->is_away = false;
  standing_.set_preparing(id, true);
  auto& next = account->next.emplace();
  next.account = settings.account;
  next.engine = std::make_unique<engine::Engine>(std::move(settings));
}

void MarketAgent::take(model::ConnectionId id, store::Recovery part) {
  auto* account = find(id);
  if (!account || !account->next) return;
  auto& next = *account->next;
  const auto now = read_clock();
  for (const auto& won : part.winners) {
    next.engine->on(engine::GroupWon{won.group, won.winner}, now, next.effects);
  }
  for (auto& attempt : part.attempts) {
    next.rows[attempt.trigger_id];
    next.attempts.push_back(std::move(attempt));
  }
  if (!next.rows.empty()) {
    for (const auto& trigger : part.triggers) {
      if (const auto row = next.rows.find(trigger.id); row != next.rows.end()) {
        row->second = trigger;
      }
    }
  }
  arm(*account, part.triggers, now);
}

// The board is told at once, for it says nothing of them before the engine begins: a million
// effects that wait would fill the memory.
void MarketAgent::arm(Account& account, const std::vector<model::Trigger>& triggers,
                      base::Instant now) {
  auto& next = *account.next;
  std::vector<engine::Armed> armed;
  armed.reserve(triggers.size());
  for (const auto& trigger : triggers) {
    if (!owns(account, trigger)) continue;
    next.engine->on_row(trigger, now, effects_);
    for (auto& effect : effects_) {
      if (const auto* stands = std::get_if<engine::Armed>(&effect)) {
        armed.push_back(*stands);
      } else {
        next.effects.push_back(std::move(effect));
      }
    }
    effects_.clear();
  }
  standing_.armed(account.id, armed);
}

void MarketAgent::begin(model::ConnectionId id, engine::BookRead book) {
  auto* account = find(id);
  if (!account || !account->next) return;
  for (const auto token : std::exchange(account->watched, {})) unwatch(*account, token);
  auto next = std::move(*std::exchange(account->next, std::nullopt));
  account->name = next.account;
  account->engine = std::move(next.engine);
  standing_.set_preparing(id, false);
  const auto now = read_clock();
  auto& engine = *account->engine;
  std::swap(effects_, next.effects);
  recover_attempts(engine, next, now);
  engine.on(std::move(book), now, effects_);
  for (auto& event : std::exchange(account->early, {})) engine.on(event, now, effects_);
  finish(*account);
  tell_counts();
}

void MarketAgent::recover_attempts(engine::Engine& engine, const Next& next, base::Instant now) {
  for (const auto& attempt : next.attempts) {
    const auto& row = next.rows.at(attempt.trigger_id);
    if (!row) {
      agent::log_error("attempt_without_row", {{"tag", attempt.tag}});
      continue;
    }
    engine.on(engine::AttemptRecovered{attempt, *row}, now, effects_);
  }
}

// What was armed while nothing could fire is held against the prices that stand, as new triggers
// are: a quiet instrument may send no packet for long.
void MarketAgent::evaluate(model::ConnectionId id, bool on) {
  auto* account = find(id);
  if (!account) return;
  handle(*account, engine::Evaluation{on});
  if (!on || !account->engine) return;
  for (const auto token : std::set(account->watched)) hold_against_last_price(*account, token);
  finish(*account);
}

void MarketAgent::stop_evaluating() {
  for (auto& [id, account] : accounts_) handle(account, engine::Evaluation{false});
}

void MarketAgent::handle(model::ConnectionId id, engine::Event event) {
  if (auto* account = find(id)) handle(*account, std::move(event));
}

void MarketAgent::handle(Account& account, engine::Event event) {
  if (!account.engine) {
    if (account.is_away) return;
    if (account.next || is_of_an_order(event)) account.early.push_back(std::move(event));
    return;
  }
  const auto now = read_clock();
  account.engine->on(event, now, effects_);
  finish(account);
}

// Engines count their waits by the wall clock, which is set now and then.
base::Instant MarketAgent::read_clock() {
  const auto before = scheduler_.steady();
  const auto now = scheduler_.now();
  const auto step = clock_watch_.step(now, before, scheduler_.steady());
  if (!step) return now;
  for (auto& [id, account] : accounts_) {
    if (account.engine) account.engine->on(engine::ClockStepped{*step}, now, effects_);
  }
  fresh_.clock_stepped(*step);
  links_.clock_stepped(*step);
  return now;
}

void MarketAgent::row_changed(const model::Trigger& trigger) {
  for (auto& [id, account] : accounts_) {
    if (owns(account, trigger)) {
      account.aside.erase(trigger.id);
      handle(account, engine::TriggerChanged{trigger});
    } else if (account.engine && account.engine->holds(trigger.id)) {
      handle(account, engine::TriggerRemoved{trigger.id});
    }
  }
}

void MarketAgent::row_removed(model::TriggerId trigger) {
  for (auto& [id, account] : accounts_) {
    account.aside.erase(trigger);
    handle(account, engine::TriggerRemoved{trigger});
  }
}

void MarketAgent::set_aside(const model::Trigger& trigger) {
  for (auto& [id, account] : accounts_) {
    if (owns(account, trigger)) account.aside[trigger.id] = trigger.version;
    handle(account, engine::TriggerRemoved{trigger.id});
  }
}

MarketAgent::HeldRows MarketAgent::held() const {
  HeldRows out;
  for (const auto& [id, account] : accounts_) {
    if (!account.engine) continue;
    out.accounts.insert(id);
    const auto tell = [&out, owner = id](model::TriggerId trigger, std::int64_t version) {
      out.rows.push_back({trigger, version, owner});
    };
    account.engine->tell_held(tell);
    for (const auto& [row, version] : account.aside) tell(row, version);
  }
  return out;
}

void MarketAgent::on_ticks(std::span<const model::Tick> ticks) {
  if (ticks.empty()) return;
  const CommitQueue::Together frame(commits_);
  const auto now = read_clock();
  const bool fires = lease_allows();
  // One table after the other: each is larger than the nearest caches.
  for (const auto& tick : ticks) prices_.post(tick);
  for (const auto& tick : ticks) {
    fresh_.note(tick);
    if (fires) evaluate_tick(tick, now);
  }
  for (const auto& tick : ticks) memory_.note(tick);  // no fire waits for what people want to know
  ticks_untold_ += static_cast<std::int64_t>(ticks.size());
  standing_.set_last_tick(ticks.back().received_at);
  compare_clocks(ticks, now);
  evaluation_.observe_seconds(seconds(scheduler_.now() - ticks.front().received_at));
}

// A fire that the gate would only take back is not begun; what was seen meanwhile is looked at when
// the lease is fresh again.
bool MarketAgent::lease_allows() {
  if (!links_.may_fire) return true;
  const bool any = std::ranges::any_of(
      accounts_, [](const auto& entry) { return entry.second.engine != nullptr; });
  const bool may = !any || links_.may_fire();
  if (may == std::exchange(may_fire_, may)) return may;
  standing_.set_reason("lease_fresh",
                       may ? std::nullopt
                           : std::optional<std::string>(
                                 "The lease cannot be renewed in the database: nothing fires until "
                                 "it is"));
  if (!may) return false;
  const auto now = read_clock();
  for (const auto& tick : fresh_.all_standing(now)) {
    if (feed_->is_session_open(tick.token)) evaluate_tick(tick, now);
  }
  return true;
}

void MarketAgent::evaluate_tick(const model::Tick& tick, base::Instant now) {
  if (!many_) {
    if (accounts_.empty() || !accounts_.begin()->second.engine) return;
    auto& account = accounts_.begin()->second;
    account.engine->on_tick(tick, now, effects_);
    if (!effects_.empty()) finish(account);
    return;
  }
  ++ticks_;
  auto watchers = watchers_.find(tick.token);
  for (std::size_t i = 0; watchers != watchers_.end() && i < watchers->second.size();) {
    auto* account = watchers->second[i];
    if (account->engine) account->engine->on_tick(tick, now, effects_);
    if (effects_.empty()) {
      ++i;
      continue;
    }
    // What fires may take its account off the list.
    finish(*account);
    watchers = watchers_.find(tick.token);
    if (watchers == watchers_.end()) return;
    if (i < watchers->second.size() && watchers->second[i] == account) ++i;
  }
}

void MarketAgent::compare_clocks(std::span<const model::Tick> ticks, base::Instant now) {
  const auto& newest = *std::ranges::max_element(ticks, {}, &model::Tick::exchange_time);
  if (newest.exchange_time == 0) return;
  const auto age = now - base::Instant(std::chrono::seconds(newest.exchange_time));
  tell_clock_behind(age);
  tell_prices_old(newest, age);
}

// A packet of the future cannot be told from a broken one, so it fires nothing; then it is our
// clock that people must hear of.
void MarketAgent::tell_clock_behind(base::Duration age) {
  constexpr base::Duration skew_max = std::chrono::seconds(5);
  const bool behind = age < -skew_max;
  if (behind == std::exchange(clock_behind_, behind)) return;
  standing_.set_reason(
      "clock",
      behind ? std::optional<std::string>("This host's clock is behind the exchange's, so no price "
                                          "can be trusted: switch NTP on")
             : std::nullopt);
}

// Nothing shows which of the two is wrong, and a wrong clock of ours is no reason to hold fires
// back. Packets that repeat an old time, or are of no open session, say nothing of it.
void MarketAgent::tell_prices_old(const model::Tick& newest, base::Duration age) {
  constexpr base::Duration age_max = std::chrono::seconds(15);
  const bool is_of_the_market =
      newest.freshness == model::Freshness::fresh || newest.freshness == model::Freshness::late;
  if (!is_of_the_market || newest.exchange_time <= newest_exchange_time_) return;
  newest_exchange_time_ = newest.exchange_time;
  const auto old = age > age_max ? std::chrono::floor<std::chrono::seconds>(age).count() : 0;
  if (old == std::exchange(told_old_, old)) return;
  standing_.set_reason(
      "old_prices",
      old != 0 ? std::optional("Prices come " + std::to_string(old) +
                               " s old by this host's clock: it is ahead of the exchange's, or the "
                               "feed is late")
               : std::nullopt,
      StandingBoard::Kind::degrading);
}

// What comes before an account has begun, its order book tells when it does.
void MarketAgent::on_order(const model::BrokerOrder& order) {
  for (auto& [id, account] : accounts_) {
    const bool is_theirs = order.account.empty() || order.account == account.name;
    if (!many_ || is_theirs) handle(account, engine::OrderNews{order, model::OrderSource::stream});
  }
}

void MarketAgent::on_notice(std::string_view kind, std::string_view text) {
  agent::log_warning("broker_notice", {{"kind", kind}, {"text", text}});
}

void MarketAgent::on_feed_status(feed::FeedStatus status, std::string_view reason) {
  switch (status) {
    case feed::FeedStatus::connected:
      standing_.set_feed(FeedStatus::connected);
      standing_.set_reason("feed", std::nullopt);
      agent::log_info("ticker_connected");
      links_.ticker_session(true, {});
      return;
    case feed::FeedStatus::connecting:
      standing_.set_feed(FeedStatus::connecting);
      break;
    case feed::FeedStatus::disconnected:
      standing_.set_feed(FeedStatus::disconnected);
      fresh_.forget_all();  // a feed that is stopped tells of no gap
      break;
  }
  standing_.set_reason("feed", "The ticker is not connected: " + std::string(reason));
  agent::log_warning("ticker_not_connected", {{"status", feed::word(status)}, {"why", reason}});
}

// Order updates may have been lost with the prices: the book tells.
void MarketAgent::on_gap(const feed::Gap& gap) {
  agent::log_warning(
      gap.back ? "feed_back" : "feed_lost",
      {{"connection", static_cast<long long>(gap.connection)},
       {"instruments", static_cast<long long>(gap.tokens.size())},
       {"why", gap.reason},
       {"lasted_ms", static_cast<long long>(gap.lasted / std::chrono::milliseconds(1))}});
  for (const auto token : gap.tokens) {
    fresh_.forget(token);
    const auto now = scheduler_.now();
    if (gap.back) memory_.note_gap(token, now - gap.lasted, now);
  }
  if (!gap.back) {
    latency_.feed_lost(scheduler_.now());
    return;
  }
  for (const auto& [id, account] : accounts_) account.links.read_book();
}

void MarketAgent::on_quiet(std::optional<base::Duration> lasts) {
  if (!lasts) {
    standing_.set_reason("quiet", std::nullopt);
    agent::log_info("prices_come_again");
    return;
  }
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*lasts).count();
  standing_.set_reason("quiet",
                       "No price has come for " + std::to_string(seconds) +
                           " s, though the ticker is connected and a session is open",
                       StandingBoard::Kind::degrading);
}

void MarketAgent::on_unlisted_session(model::Exchange exchange, bool lasts) {
  const std::string name(model::word(exchange));
  agent::log_warning(lasts ? "unlisted_session" : "unlisted_session_over", {{"exchange", name}});
  std::optional<std::string> reason;
  if (lasts) {
    reason = name +
             " trades, though the calendar (HMT_SESSIONS) has no session of it today: its triggers "
             "do not fire. Add the day to a file of your own to have them watched";
  }
  standing_.set_reason("unlisted_" + name, std::move(reason), StandingBoard::Kind::degrading);
}

void MarketAgent::on_session_refused(std::string_view reason) {
  links_.ticker_session(false, std::string(reason));
}

void MarketAgent::want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens) {
  std::size_t others = 0;
  for (const auto& [screen, list] : wanted_) others += screen == who ? 0 : list.size();
  const auto most = std::min(wanted_max, wanted_by_all - std::min(wanted_by_all, others));
  if (tokens.size() > most) tokens.resize(most);
  // What a client asks for may be no instrument at all: such tokens are left out.
  std::erase_if(tokens, [this](auto token) { return !feed_->want(token); });
  auto& wanted = wanted_[who];
  const auto before = std::exchange(wanted, std::move(tokens));
  if (wanted.empty()) wanted_.erase(who);
  for (const auto token : before) unwant(token);
}

void MarketAgent::finish(Account& account) {
  while (!effects_.empty()) {
    std::swap(effects_, in_hand_);
    for (auto& effect : in_hand_) {
      std::visit([&](auto& what) { carry_out(account, what); }, effect);
    }
    in_hand_.clear();
  }
  wake_later(account);
}

// After what is queued already: in a burst one look serves all of it.
void MarketAgent::wake_later(Account& account) {
  if (std::exchange(account.wake_asked, true)) return;
  scheduler_.post([this, id = account.id, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    auto* known = find(id);
    if (!known) return;
    known->wake_asked = false;
    wake_when_due(*known);
  });
}

void MarketAgent::carry_out(Account& account, engine::MakeClaim& effect) {
  auto& attempt = effect.claim.attempt;
  if (account.links.reserve()) {
    attempt.state = model::AttemptState::forwarded;
    attempt.forwarded_at = scheduler_.now();
  }
  // In a turn of its own: no claim waits for what only people read.
  scheduler_.post([claim = effect.claim] { tell({model::audit_of(claim)}); });
  latency_.decided(attempt.tag, attempt.evidence.received_at, scheduler_.now());
  auto done = [this, attempt, purpose = effect.purpose, id = account.id,
               submit = account.links.submit,
               alive = std::weak_ptr(alive_)](model::ClaimVerdict verdict) {
    if (alive.expired()) return;
    to_durable_.observe_seconds(seconds(scheduler_.now() - attempt.evidence.received_at));
    const bool won =
        verdict == model::ClaimVerdict::won || verdict == model::ClaimVerdict::repeated;
    won ? latency_.durable(attempt.tag, scheduler_.now()) : latency_.ended(attempt.tag);
    scheduler_.post([this, id, tag = attempt.tag, epoch = attempt.lease_epoch,
                     trigger = attempt.trigger_id, won, verdict, alive] {
      if (alive.expired()) return;
      if (!won) fresh_.fire_lost(trigger, scheduler_.steady());
      handle(id, engine::ClaimSettled{tag, epoch, verdict});
    });
    if (won) submit(attempt, purpose);
  };
  commits_.claim(std::move(effect.claim), std::move(done));
}

void MarketAgent::carry_out(Account& account, engine::Submit& effect) {
  auto& attempt = *effect.record.attempt;
  if (account.links.reserve()) {
    attempt.state = model::AttemptState::forwarded;
    attempt.forwarded_at = scheduler_.now();
  }
  tell(effect.record.audit);
  auto done = [submit = account.links.submit, attempt, purpose = effect.purpose] {
    submit(attempt, purpose);
  };
  auto refused = [this, id = account.id, tag = attempt.tag, epoch = attempt.lease_epoch,
                  alive = std::weak_ptr(alive_)](const std::string& why) {
    if (alive.expired()) return;
    scheduler_.post([this, id, tag, epoch, why, alive] {
      if (!alive.expired()) handle(id, engine::AttemptWithdrawn{tag, epoch, why});
    });
  };
  commits_.record(std::move(effect.record), std::move(done), std::move(refused));
}

void MarketAgent::carry_out(Account&, engine::Write& effect) {
  tell(effect.record.audit);
  commits_.record(std::move(effect.record));
}

void MarketAgent::carry_out(Account& account, engine::Watch& effect) {
  if (auto wanted = feed_->want(effect.token); wanted) {
    watch(account, effect.token);
    return;
  } else {
    agent::log_error("not_subscribed", {{"token", static_cast<long long>(effect.token)},
                                        {"why", wanted.error().message}});
    standing_.set_reason("subscriptions", wanted.error().message, StandingBoard::Kind::degrading);
  }
  account.unserved.insert(effect.token);
}

void MarketAgent::watch(Account& account, model::InstrumentToken token) {
  if (account.watched.insert(token).second) watchers_[token].push_back(&account);
}

void MarketAgent::unwatch(Account& account, model::InstrumentToken token) {
  const auto watchers = watchers_.find(token);
  if (watchers != watchers_.end()) {
    std::erase(watchers->second, &account);
    if (watchers->second.empty()) watchers_.erase(watchers);
  }
  unwant(token);
}

// Tokens that found no room are asked for again when others have gone.
void MarketAgent::serve_unserved() {
  bool any = false;
  bool all = true;
  for (auto& [id, account] : accounts_) {
    any = any || !account.unserved.empty();
    std::erase_if(account.unserved, [&](auto token) {
      if (!feed_->want(token)) return false;
      watch(account, token);
      return true;
    });
    all = all && account.unserved.empty();
  }
  if (any && all) standing_.set_reason("subscriptions", std::nullopt);
}

void MarketAgent::carry_out(Account& account, engine::Unwatch& effect) {
  account.unserved.erase(effect.token);
  if (account.watched.erase(effect.token) != 0) unwatch(account, effect.token);
}

// A price that is not watched any more would be taken for today's. It is forgotten on a later turn,
// like the subscription: what is wanted again at once, as by an edit, stays.
void MarketAgent::unwant(model::InstrumentToken token) {
  feed_->unwant(token);
  scheduler_.post([this, token, alive = std::weak_ptr(alive_)] {
    if (alive.expired() || watchers_.contains(token)) return;
    fresh_.unwatched(token, scheduler_.steady());
    const bool on_a_screen = std::ranges::any_of(wanted_, [token](const auto& entry) {
      return std::ranges::find(entry.second, token) != entry.second.end();
    });
    if (on_a_screen) return;
    prices_.forget(token);
    memory_.forget(token);
  });
}

void MarketAgent::carry_out(Account& account, engine::Armed& effect) {
  standing_.armed(account.id, effect.id, effect.version);
  fresh_.armed(effect.id, effect.token, scheduler_.steady());
  hold_against_last_price(account, effect.token);
}

// A quiet instrument may send no packet for long, and its last price is the one that counts; but
// not beyond the session that made it.
void MarketAgent::hold_against_last_price(Account& account, model::InstrumentToken token) {
  if (!may_fire_) return;  // lease_allows comes back to it
  if (!feed_->is_session_open(token)) return;
  const auto now = scheduler_.now();
  if (const auto* last = fresh_.standing(token, now)) account.engine->on_tick(*last, now, effects_);
}

void MarketAgent::carry_out(Account& account, engine::Disarmed& effect) {
  standing_.disarmed(account.id, effect.id);
}

void MarketAgent::carry_out(Account& account, engine::ReadBook&) {
  account.links.read_book();
}

void MarketAgent::carry_out(Account& account, engine::Reread& effect) {
  reread(account.id, effect.id);
}

// Until it is read the trigger is not watched, so it is tried until it is.
void MarketAgent::reread(model::ConnectionId account, model::TriggerId id) {
  static constexpr base::Duration again = std::chrono::seconds(1);
  const auto try_later = [this, account, id, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    scheduler_.after(again, [this, account, id, alive] {
      if (!alive.expired()) reread(account, id);
    });
  };
  const bool taken =
      commits_.command([this, id, try_later, alive = std::weak_ptr(alive_)](store::Writer& writer) {
        auto row = writer.reader()->trigger(id, store::Actor{});
        if (!row && row.error().kind != base::ErrorKind::not_found) {
          scheduler_.post(try_later);
          return;
        }
        scheduler_.post([this, id, row = std::move(row), alive] {
          if (alive.expired()) return;
          row ? row_changed(*row) : row_removed(id);
        });
      });
  if (!taken) try_later();
}

void MarketAgent::carry_out(Account& account, engine::AccountBlocked& effect) {
  account.links.blocked(effect.why);
}

void MarketAgent::carry_out(Account&, engine::Fenced& effect) {
  links_.fenced(effect.lease_epoch);
}

void MarketAgent::wake_when_due(Account& account) {
  if (!account.engine) return;
  const auto due = account.engine->next_wake();
  if (due == account.wake_at) return;
  scheduler_.cancel(account.wake_timer);
  account.wake_timer = 0;
  account.wake_at = due;
  if (!due) return;
  // A wall clock that steps must not make a wait long: look again after a second at the latest.
  const auto wait = std::clamp<base::Duration>(
      *due - scheduler_.now(), std::chrono::milliseconds(0), std::chrono::seconds(1));
  account.wake_timer = scheduler_.after(wait, [this, &account] {
    account.wake_timer = 0;
    account.wake_at.reset();
    handle(account, engine::ClockAdvanced{});
  });
}

void MarketAgent::tell_counts() {
  scheduler_.cancel(counts_timer_);
  engine::Counts sum;
  bool any = false;
  for (const auto& [id, account] : accounts_) {
    if (!account.engine) continue;
    any = true;
    const auto counts = account.engine->counts();
    sum.armed += counts.armed;
    sum.ticks += counts.ticks;
    sum.orders_placed += counts.orders_placed;
    sum.orders_failed += counts.orders_failed;
    sum.unknown += counts.unknown;
  }
  if (many_) sum.ticks = ticks_;
  lease_allows();
  if (any) {
    standing_.set_counts(sum, static_cast<std::int64_t>(feed_->token_count()));
  } else {
    standing_.set_nothing_watched();
  }
  serve_unserved();
  if (const auto more = std::exchange(ticks_untold_, 0); more != 0) {
    latency_.ticked(more, scheduler_.now());
  }
  telemetry_.show(standing_.read(scheduler_.now()));
  counts_timer_ = scheduler_.after(counts_period_, [this] {
    counts_timer_ = 0;
    tell_counts();
  });
}

}  // namespace hmt::runtime
