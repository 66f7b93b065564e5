#include "feed/feed.h"

#include <algorithm>
#include <utility>

#include "base/ensure.h"

namespace hmt::feed {

using model::InstrumentToken;

// The open session of each exchange at one moment, looked up at most once.
class Feed::Sessions {
 public:
  Sessions(const model::Calendar& calendar, base::Instant now) : calendar_(calendar), now_(now) {}

  const std::optional<model::Calendar::Open>& of(InstrumentToken token) {
    const auto segment = model::segment_of(token).value_or(model::Segment::nse);
    const auto exchange = model::exchange_of(segment);
    auto& known = known_.at(static_cast<std::size_t>(exchange));
    if (!known) known.emplace(calendar_.session_at(exchange, now_));
    return *known;
  }

 private:
  const model::Calendar& calendar_;
  base::Instant now_;
  std::array<std::optional<std::optional<model::Calendar::Open>>, 7> known_;
};

std::string_view word(FeedStatus status) {
  switch (status) {
    case FeedStatus::disconnected:
      return "disconnected";
    case FeedStatus::connecting:
      return "connecting";
    case FeedStatus::connected:
      return "connected";
  }
  std::unreachable();
}

Feed::Feed(agent::Scheduler& scheduler, broker::MakeStream make_stream, broker::StreamLimits limits,
           FeedConfig config, model::Calendar calendar, FeedObserver& observer)
    : scheduler_(scheduler),
      make_stream_(std::move(make_stream)),
      limits_(limits),
      config_(config),
      calendar_(std::move(calendar)),
      observer_(observer),
      slots_(limits.connections_max),
      alive_(std::make_shared<Feed*>(this)) {
  base::ensure(limits.connections_max > 0, "a feed has at least one connection");
  ConnectionOwner& owner = *this;
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    slots_[i].connection = std::make_unique<Connection>(
        i, scheduler_, make_stream_, config_.connection, config_.seed + i, owner);
  }
}

Feed::~Feed() = default;

bool Feed::is_needed(const Slot& slot) const {
  // The first one is always there: order updates come on it.
  return slot.connection->index() == 0 || slot.tokens > 0;
}

// Few packets may come, so that it is over too when none has been late for a while.
bool Feed::is_doubted(const Slot& slot) const {
  constexpr base::Duration doubt_max = std::chrono::seconds(30);
  return slot.late_at && scheduler_.steady() - *slot.late_at < doubt_max;
}

void Feed::start_needed() {
  if (!running_ || session_refused_) return;
  for (auto& slot : slots_) {
    if (is_needed(slot) && slot.connection->state() == Connection::State::idle) {
      slot.connection->start();
    }
  }
}

void Feed::start() {
  if (running_) return;
  running_ = true;
  start_needed();
  tell_status("starting");
}

void Feed::stop() {
  if (!running_) return;
  running_ = false;
  for (auto& slot : slots_) {
    slot.connection->halt();
    slot.lost_at.reset();
    slot.late_at.reset();
    slot.quiet = {};
    forget_subscriptions(*slot.connection);
  }
  tell_quiet();
  tell_unlisted();
  tell_status("stopped");
}

void Feed::renew_session() {
  session_refused_ = false;
  if (!running_) return;
  for (auto& slot : slots_) {
    if (is_needed(slot)) slot.connection->start();
  }
  tell_status("a new session");
}

Feed::Slot* Feed::slot_with_room() {
  for (auto& slot : slots_) {
    if (slot.tokens < limits_.tokens_per_connection_max) return &slot;
  }
  return nullptr;
}

base::Result<void> Feed::want(InstrumentToken token) {
  if (!model::segment_of(token)) {
    return base::invalid("instrument_token",
                         "instrument token " + std::to_string(token) + " names no known segment");
  }
  if (auto* known = tokens_.find(token)) {
    if (++known->wants == 1) change_soon(token);
    return {};
  }
  auto* slot = slot_with_room();
  if (!slot) {
    const auto most = limits_.connections_max * limits_.tokens_per_connection_max;
    return base::fail(base::ErrorKind::exhausted,
                      "all " + std::to_string(most) +
                          " instruments that the broker's connections can carry are in use");
  }
  ++slot->tokens;
  auto& entry = tokens_[token];
  entry.wants = 1;
  entry.connection = slot->connection->index();
  change_soon(token);
  start_needed();
  return {};
}

void Feed::unwant(InstrumentToken token) {
  auto* known = tokens_.find(token);
  base::ensure(known && known->wants > 0, "only what is wanted is unwanted");
  if (--known->wants == 0) change_soon(token);
}

void Feed::change_soon(InstrumentToken token) {
  changed_.push_back(token);
  if (changed_.size() > 1) return;
  scheduler_.post([alive = std::weak_ptr(alive_)] {
    if (const auto feed = alive.lock()) (*feed)->apply_changes();
  });
}

// What the turn's wants and unwants come to: a token wanted and unwanted in one turn costs nothing.
void Feed::apply_changes() {
  std::vector<std::vector<InstrumentToken>> added(slots_.size());
  std::vector<std::vector<InstrumentToken>> removed(slots_.size());
  for (const auto token : std::exchange(changed_, {})) {
    auto* known = tokens_.find(token);
    if (!known) continue;
    auto& entry = *known;
    const auto at = entry.connection;
    if (entry.wants == 0) {
      if (entry.subscribed) removed[at].push_back(token);
      --slots_[at].tokens;
      tokens_.erase(token);
    } else if (!entry.subscribed && slots_[at].connection->is_open()) {
      entry.subscribed = true;
      entry.seen.first = true;
      added[at].push_back(token);
    }
  }
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    if (!slots_[i].connection->is_open()) continue;
    slots_[i].connection->unsubscribe(removed[i]);
    slots_[i].connection->subscribe(added[i]);
    const bool all_are_new = slots_[i].tokens == added[i].size();
    if (all_are_new) slots_[i].quiet.nothing_to_come(scheduler_.steady());
  }
}

bool Feed::is_live(InstrumentToken token) const {
  const auto* known = tokens_.find(token);
  if (!known || !known->subscribed) return false;
  const auto& slot = slots_[known->connection];
  return slot.connection->is_heard() && !is_doubted(slot);
}

bool Feed::is_session_open(InstrumentToken token) const {
  return Sessions(calendar_, scheduler_.now()).of(token).has_value();
}

std::optional<base::Instant> Feed::last_tick_at(InstrumentToken token) const {
  const auto* known = tokens_.find(token);
  return known ? known->last_tick_at : std::nullopt;
}

FeedStatus Feed::status() const {
  bool all_open = true;
  bool any_attempt = false;
  for (const auto& slot : slots_) {
    if (!is_needed(slot)) continue;
    const auto state = slot.connection->state();
    const bool open = state == Connection::State::open;
    const bool dubious = open && (slot.connection->is_mute() || is_doubted(slot));
    all_open = all_open && open && !dubious;
    any_attempt = any_attempt || dubious || state == Connection::State::waiting ||
                  state == Connection::State::connecting;
  }
  if (all_open) return FeedStatus::connected;
  return any_attempt ? FeedStatus::connecting : FeedStatus::disconnected;
}

void Feed::tell_status(std::string_view reason) {
  const auto now = status();
  if (now == told_status_ && (now == FeedStatus::connected || reason == told_reason_)) return;
  told_status_ = now;
  told_reason_ = reason;
  observer_.on_feed_status(now, reason);
}

void Feed::tell_when_connected() {
  if (told_status_ == FeedStatus::connected) return;
  if (status() == FeedStatus::connected) tell_status("a frame has come");
}

std::vector<InstrumentToken> Feed::subscribe_all(const Connection& connection) {
  std::vector<InstrumentToken> tokens;
  for (auto& [token, entry] : tokens_.entries()) {
    if (entry.connection != connection.index() || entry.wants == 0) continue;
    entry.subscribed = true;
    entry.seen.first = true;
    tokens.push_back(token);
  }
  std::ranges::sort(tokens);
  return tokens;
}

std::vector<InstrumentToken> Feed::forget_subscriptions(const Connection& connection) {
  std::vector<InstrumentToken> tokens;
  for (auto& [token, entry] : tokens_.entries()) {
    if (entry.connection != connection.index() || !entry.subscribed) continue;
    entry.subscribed = false;
    tokens.push_back(token);
  }
  std::ranges::sort(tokens);
  return tokens;
}

void Feed::connection_opened(Connection& connection) {
  auto& slot = slots_[connection.index()];
  slot.epoch = ++epoch_;
  slot.lateness = {};
  slot.fallen_behind.reset();
  slot.quiet.opened(scheduler_.steady());
  if (slot.late_at) slot.late_at = scheduler_.steady();
  ++counters_.opened;
  auto tokens = subscribe_all(connection);
  connection.subscribe(tokens);
  const auto lost_at = std::exchange(slot.lost_at, std::nullopt);
  if (lost_at) {
    observer_.on_gap({.back = true,
                      .connection = connection.index(),
                      .reason = std::exchange(slot.lost_reason, {}),
                      .lasted = scheduler_.steady() - *lost_at,
                      .tokens = std::move(tokens)});
  }
  tell_status(connection.is_mute() ? "silent: open again, but nothing has come yet"
              : is_doubted(slot)   ? "late: open again, but nothing timely has come yet"
                                   : "connected");
}

void Feed::connection_frame(Connection& connection) {
  ++counters_.frames;
  auto& slot = slots_[connection.index()];
  if (!is_doubted(slot)) slot.late_at.reset();
  tell_when_connected();
  tell_unlisted();
  give_up_when_quiet(connection);
}

bool Feed::has_open_session(const Connection& connection) const {
  Sessions sessions(calendar_, scheduler_.now());
  return std::ranges::any_of(tokens_.entries(), [&](const auto& known) {
    const auto& [token, entry] = known;
    return entry.connection == connection.index() && entry.subscribed && sessions.of(token);
  });
}

// The broker's answer to a subscription tells the price of now; its silence cannot be told from a
// market that stands still, so that nothing is called unwatched for it.
void Feed::give_up_when_quiet(Connection& connection) {
  auto& quiet = slots_[connection.index()].quiet;
  const auto& rules = config_.quiet;
  const auto now = scheduler_.steady();
  const bool is_long = quiet.is_too_long(now, rules) || quiet.lasts(now, rules);
  if (is_long && !has_open_session(connection)) quiet.nothing_to_come(now);
  tell_quiet();
  if (!quiet.is_too_long(now, rules)) return;
  const auto lasts = std::chrono::floor<std::chrono::seconds>(quiet.waits(now)).count();
  quiet.given_up(rules);
  connection.give_up("silent: heartbeats, and no packet for " + std::to_string(lasts) + " s");
}

void Feed::note_unlisted(const model::Tick& tick, base::Instant now) {
  const auto segment = model::segment_of(tick.token);
  if (!segment || segment == model::Segment::indices || tick.last_trade_time == 0) return;
  const auto exchange = model::exchange_of(*segment);
  if (calendar_.trades_on(exchange, base::trading_date(now))) return;
  const base::Instant traded_at(std::chrono::seconds(tick.last_trade_time));
  unlisted_[exchange].trades.traded(traded_at, now, config_.unlisted);
}

void Feed::tell_unlisted() {
  if (unlisted_.empty()) return;  // each frame asks
  const auto now = scheduler_.now();
  for (auto& [exchange, of] : unlisted_) {
    const bool lasts = running_ && of.trades.lasts(now, config_.unlisted) &&
                       !calendar_.trades_on(exchange, base::trading_date(now));
    if (lasts != std::exchange(of.told, lasts)) observer_.on_unlisted_session(exchange, lasts);
  }
}

void Feed::tell_quiet() {
  std::optional<base::Duration> longest;
  for (const auto& slot : slots_)
    longest = std::max(longest, slot.quiet.lasts(scheduler_.steady(), config_.quiet));
  if (longest || told_quiet_) observer_.on_quiet(longest);
  told_quiet_ = longest.has_value();
}

void Feed::connection_closed(Connection& connection, bool was_open, broker::StreamEnd end,
                             std::string_view reason) {
  const std::string why(reason);
  auto& slot = slots_[connection.index()];
  ++(was_open ? counters_.lost : counters_.failed);
  auto tokens = forget_subscriptions(connection);
  if (end == broker::StreamEnd::session_refused) refuse_session();
  if (running_ && !session_refused_ && is_needed(slot)) connection.retry(was_open, end);
  if (was_open && is_needed(slot)) {
    slot.lost_at = scheduler_.steady();
    slot.lost_reason = why;
    observer_.on_gap({.back = false,
                      .connection = connection.index(),
                      .reason = why,
                      .lasted = {},
                      .tokens = std::move(tokens)});
  }
  tell_status(why);
  if (end == broker::StreamEnd::session_refused) observer_.on_session_refused(why);
}

// Asking again with the same session is useless and draws the broker's anger; what is open lives
// on.
void Feed::refuse_session() {
  session_refused_ = true;
  for (auto& slot : slots_) slot.connection->hold();
}

bool Feed::stamp(model::Tick& tick, Slot& slot, Sessions& sessions, base::Instant now,
                 base::Duration steady) {
  // One that is unwanted and wanted again within a turn misses nothing in between.
  auto* known = tokens_.find(tick.token);
  if (!known) {
    ++counters_.unwanted;
    return false;
  }
  auto& entry = *known;
  tick.connection_epoch = slot.epoch;
  tick.first_of_epoch = entry.seen.first;
  tick.freshness = judge(tick, entry.seen, sessions.of(tick.token), now, config_.freshness);
  if (tick.freshness == model::Freshness::fresh) measure_lateness(tick, slot, steady);
  if (tick.freshness == model::Freshness::out_of_session) note_unlisted(tick, now);
  entry.last_tick_at = tick.received_at;
  ++counters_.ticks;
  ++counters_.by_freshness.at(static_cast<std::size_t>(tick.freshness));
  return true;
}

// What a pause of ours, or a slow way, has made old is no price of this moment.
void Feed::measure_lateness(model::Tick& tick, Slot& slot, base::Duration steady) {
  const auto& rules = config_.lateness;
  const auto behind = least_late_.behind(tick.exchange_time, steady);
  if (behind > rules.late_max) {
    tick.freshness = model::Freshness::late;
    if (slot.late_at) slot.late_at = steady;
  } else {
    slot.late_at.reset();
  }
  const auto fallen = slot.lateness.seen(tick.exchange_time, steady, behind, rules);
  if (fallen) slot.fallen_behind = fallen;
}

void Feed::connection_ticks(Connection& connection, std::span<model::Tick> ticks) {
  const auto now = scheduler_.now();
  const auto steady = scheduler_.steady();
  auto& slot = slots_[connection.index()];
  Sessions sessions(calendar_, now);
  std::size_t kept = 0;
  for (auto& tick : ticks) {
    if (stamp(tick, slot, sessions, now, steady)) ticks[kept++] = tick;
  }
  tell_when_connected();
  const auto is_answer = [](const model::Tick& tick) { return tick.first_of_epoch; };
  if (!ticks.empty()) slot.quiet.packet(std::ranges::all_of(ticks.first(kept), is_answer), steady);
  if (told_quiet_) tell_quiet();
  if (kept > 0) observer_.on_ticks(ticks.first(kept));
  give_up_when_late(connection);
}

// What lies in the way of a slow connection is never caught up with: a new one begins at the
// present. Meanwhile nobody says that its tokens are watched.
void Feed::give_up_when_late(Connection& connection) {
  auto& slot = slots_[connection.index()];
  const auto late = std::exchange(slot.fallen_behind, std::nullopt);
  // The observer of the ticks may have stopped the feed.
  if (!late || !connection.is_open()) return;
  slot.late_at = scheduler_.steady();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(*late).count();
  connection.give_up("late: its packets have fallen behind by " + std::to_string(seconds) + " s");
}

}  // namespace hmt::feed
