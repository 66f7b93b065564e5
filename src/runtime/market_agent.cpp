#include "runtime/market_agent.h"

#include <algorithm>
#include <utility>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

constexpr base::Duration counts_period = std::chrono::milliseconds(200);
constexpr std::size_t wanted_max = 500;  // live prices for each screen

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
      detail += (detail.empty() ? "" : ", ") + name + ": " + value;
    agent::log(level, entry.event,
               {{"trigger_id", trigger}, {"tag", entry.tag}, {"detail", detail}});
  }
}

}  // namespace

MarketAgent::MarketAgent(agent::Scheduler& scheduler, CommitQueue& commits, StandingBoard& standing,
                         PriceBoard& prices, MarketLinks links)
    : scheduler_(scheduler),
      commits_(commits),
      standing_(standing),
      prices_(prices),
      links_(std::move(links)) {}

MarketAgent::~MarketAgent() {
  scheduler_.cancel(wake_timer_);
  scheduler_.cancel(counts_timer_);
}

void MarketAgent::forget() {
  engine_.reset();
  last_fresh_.clear();
  effects_.clear();
  standing_.none_armed();
  // The records, which are read after this, hold what these tell.
  std::erase_if(early_, [](const engine::Event& event) {
    return std::holds_alternative<engine::TriggerChanged>(event) ||
           std::holds_alternative<engine::TriggerRemoved>(event);
  });
}

void MarketAgent::begin(engine::Settings settings, const store::Recovery& recovery,
                        engine::BookRead book) {
  standing_.none_armed();
  for (const auto token : std::exchange(watched_, {})) unwant(token);
  engine_.emplace(std::move(settings));
  const auto now = scheduler_.now();
  for (const auto& won : recovery.winners)
    engine_->on(engine::GroupWon{won.group, won.winner}, now, effects_);
  std::map<model::TriggerId, const model::Trigger*> rows;
  for (const auto& trigger : recovery.triggers) {
    rows[trigger.id] = &trigger;
    engine_->on(engine::TriggerChanged{trigger}, now, effects_);
  }
  for (const auto& attempt : recovery.attempts) {
    const auto row = rows.find(attempt.trigger_id);
    if (row == rows.end()) {
      agent::log_error("attempt_without_row", {{"tag", attempt.tag}});
      continue;
    }
    engine_->on(engine::AttemptRecovered{attempt, *row->second}, now, effects_);
  }
  engine_->on(std::move(book), now, effects_);
  for (auto& event : std::exchange(early_, {})) engine_->on(event, now, effects_);
  carry_out();
  wake_when_due();
  tell_counts();
}

void MarketAgent::evaluate(bool on) {
  handle(engine::Evaluation{on});
}

void MarketAgent::handle(engine::Event event) {
  if (!engine_) {
    early_.push_back(std::move(event));
    return;
  }
  engine_->on(event, scheduler_.now(), effects_);
  carry_out();
  wake_when_due();
}

void MarketAgent::on_ticks(std::span<const model::Tick> ticks) {
  if (ticks.empty()) return;
  const auto now = scheduler_.now();
  for (const auto& tick : ticks) {
    prices_.post(tick);
    if (tick.freshness == model::Freshness::fresh) last_fresh_.insert_or_assign(tick.token, tick);
    if (engine_) engine_->on_tick(tick, now, effects_);
  }
  standing_.set_last_tick(ticks.back().received_at);
  compare_clocks(ticks.back(), now);
  if (effects_.empty()) return;
  carry_out();
  wake_when_due();
}

// A packet of the future cannot be told from a broken one, so it fires nothing; then it is our
// clock that people must hear of.
void MarketAgent::compare_clocks(const model::Tick& tick, base::Instant now) {
  constexpr base::Duration skew_max = std::chrono::seconds(5);
  if (tick.exchange_time == 0) return;
  const bool behind = base::Instant(std::chrono::seconds(tick.exchange_time)) > now + skew_max;
  if (behind == std::exchange(clock_behind_, behind)) return;
  standing_.set_reason(
      "clock",
      behind ? std::optional<std::string>("This host's clock is behind the exchange's, so no price "
                                          "can be trusted: switch NTP on")
             : std::nullopt);
}

void MarketAgent::on_order(const model::BrokerOrder& order) {
  handle(engine::OrderNews{order, model::OrderSource::stream});
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
  for (const auto token : gap.tokens) last_fresh_.erase(token);
  if (gap.back) links_.read_book();
}

void MarketAgent::on_session_refused(std::string_view reason) {
  links_.ticker_session(false, std::string(reason));
}

void MarketAgent::want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens) {
  if (tokens.size() > wanted_max) tokens.resize(wanted_max);
  // What a client asks for may be no instrument at all: such tokens are left out.
  std::erase_if(tokens, [this](auto token) { return !feed_->want(token); });
  auto& wanted = wanted_[who];
  const auto before = std::exchange(wanted, std::move(tokens));
  if (wanted.empty()) wanted_.erase(who);
  for (const auto token : before) unwant(token);
}

void MarketAgent::carry_out() {
  while (!effects_.empty()) {
    std::swap(effects_, in_hand_);
    for (auto& effect : in_hand_) std::visit([this](auto& what) { carry_out(what); }, effect);
    in_hand_.clear();
  }
}

void MarketAgent::carry_out(engine::MakeClaim& effect) {
  auto& attempt = effect.claim.attempt;
  if (links_.reserve()) {
    attempt.state = model::AttemptState::forwarded;
    attempt.forwarded_at = scheduler_.now();
  }
  tell({effect.claim.audit});
  auto done = [this, attempt, purpose = effect.purpose,
               alive = std::weak_ptr(alive_)](model::ClaimVerdict verdict) {
    if (alive.expired()) return;
    to_durable_.observe_seconds(seconds(scheduler_.now() - attempt.evidence.received_at));
    scheduler_.post([this, tag = attempt.tag, verdict, alive] {
      if (!alive.expired()) handle(engine::ClaimSettled{tag, verdict});
    });
    const bool won =
        verdict == model::ClaimVerdict::won || verdict == model::ClaimVerdict::repeated;
    if (won) links_.submit(attempt, purpose);
  };
  commits_.claim(std::move(effect.claim), std::move(done));
}

void MarketAgent::carry_out(engine::Submit& effect) {
  auto& attempt = *effect.record.attempt;
  if (links_.reserve()) {
    attempt.state = model::AttemptState::forwarded;
    attempt.forwarded_at = scheduler_.now();
  }
  tell(effect.record.audit);
  auto done = [submit = links_.submit, attempt, purpose = effect.purpose] {
    submit(attempt, purpose);
  };
  auto refused = [this, tag = attempt.tag, alive = std::weak_ptr(alive_)](const std::string& why) {
    if (alive.expired()) return;
    scheduler_.post([this, tag, why, alive] {
      if (!alive.expired()) handle(engine::AttemptWithdrawn{tag, why});
    });
  };
  commits_.record(std::move(effect.record), std::move(done), std::move(refused));
}

void MarketAgent::carry_out(engine::Write& effect) {
  tell(effect.record.audit);
  commits_.record(std::move(effect.record));
}

void MarketAgent::carry_out(engine::Watch& effect) {
  if (auto wanted = feed_->want(effect.token); wanted) {
    watched_.insert(effect.token);
    return;
  } else {
    agent::log_error("not_subscribed", {{"token", static_cast<long long>(effect.token)},
                                        {"why", wanted.error().message}});
    standing_.set_reason("subscriptions", wanted.error().message, StandingBoard::Kind::degrading);
  }
  unserved_.insert(effect.token);
}

// Tokens that found no room are asked for again when others have gone.
void MarketAgent::serve_unserved() {
  if (unserved_.empty()) return;
  std::erase_if(unserved_, [this](auto token) {
    if (!feed_->want(token)) return false;
    watched_.insert(token);
    return true;
  });
  if (unserved_.empty()) standing_.set_reason("subscriptions", std::nullopt);
}

void MarketAgent::carry_out(engine::Unwatch& effect) {
  unserved_.erase(effect.token);
  if (watched_.erase(effect.token) != 0) unwant(effect.token);
}

// A price that is not watched any more would be taken for today's. It is forgotten on a later turn,
// like the subscription: what is wanted again at once, as by an edit, stays.
void MarketAgent::unwant(model::InstrumentToken token) {
  feed_->unwant(token);
  last_fresh_.erase(token);
  scheduler_.post([this, token, alive = std::weak_ptr(alive_)] {
    if (alive.expired() || watched_.contains(token)) return;
    const bool on_a_screen = std::ranges::any_of(wanted_, [token](const auto& entry) {
      return std::ranges::find(entry.second, token) != entry.second.end();
    });
    if (!on_a_screen) prices_.forget(token);
  });
}

void MarketAgent::carry_out(engine::Armed& effect) {
  standing_.armed(effect.id, effect.version);
  hold_against_last_price(effect.token);
}

// A quiet instrument may send no packet for long, and its last price is the one that counts.
void MarketAgent::hold_against_last_price(model::InstrumentToken token) {
  constexpr base::Duration age_max = std::chrono::seconds(60);
  const auto last = last_fresh_.find(token);
  const auto now = scheduler_.now();
  if (last == last_fresh_.end() || now - last->second.received_at > age_max) return;
  engine_->on_tick(last->second, now, effects_);
}

void MarketAgent::carry_out(engine::Disarmed& effect) {
  standing_.disarmed(effect.id);
}

void MarketAgent::carry_out(engine::ReadBook&) {
  links_.read_book();
}

void MarketAgent::carry_out(engine::Reread& effect) {
  reread(effect.id);
}

// Until it is read the trigger is not watched, so it is tried until it is.
void MarketAgent::reread(model::TriggerId id) {
  static constexpr base::Duration again = std::chrono::seconds(1);
  const auto try_later = [this, id, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    scheduler_.after(again, [this, id, alive] {
      if (!alive.expired()) reread(id);
    });
  };
  const bool taken =
      commits_.command([this, id, try_later, alive = std::weak_ptr(alive_)](store::Writer& writer) {
        auto row = writer.reader()->trigger(id, store::Actor{});
        if (!row && row.error().kind != base::ErrorKind::not_found) {
          scheduler_.post(try_later);
          return;
        }
        engine::Event event = row ? engine::Event(engine::TriggerChanged{std::move(*row)})
                                  : engine::Event(engine::TriggerRemoved{id});
        scheduler_.post([this, event = std::move(event), alive]() mutable {
          if (!alive.expired()) handle(std::move(event));
        });
      });
  if (!taken) try_later();
}

void MarketAgent::carry_out(engine::AccountBlocked& effect) {
  links_.account_blocked(effect.why);
}

void MarketAgent::carry_out(engine::Fenced&) {
  links_.fenced();
}

void MarketAgent::wake_when_due() {
  const auto due = engine_->next_wake();
  if (due == wake_at_) return;
  scheduler_.cancel(wake_timer_);
  wake_timer_ = 0;
  wake_at_ = due;
  if (!due) return;
  // A wall clock that steps must not make a wait long: look again after a second at the latest.
  const auto wait = std::clamp<base::Duration>(
      *due - scheduler_.now(), std::chrono::milliseconds(0), std::chrono::seconds(1));
  wake_timer_ = scheduler_.after(wait, [this] {
    wake_timer_ = 0;
    wake_at_.reset();
    handle(engine::ClockAdvanced{});
  });
}

void MarketAgent::tell_counts() {
  scheduler_.cancel(counts_timer_);
  if (engine_) {
    standing_.set_counts(engine_->counts(), static_cast<std::int64_t>(feed_->token_count()));
  }
  serve_unserved();
  telemetry_.show(standing_.read(scheduler_.now()));
  counts_timer_ = scheduler_.after(counts_period, [this] {
    counts_timer_ = 0;
    tell_counts();
  });
}

}  // namespace hmt::runtime
