#include "runtime/runtime.h"

#include <utility>

#include "agent/log.h"
#include "store/rules.h"

namespace hmt::runtime {
namespace {

constexpr base::Duration drain_step = std::chrono::milliseconds(20);
// The longest that a process may be told to take it for: of a database that cannot be asked.
constexpr base::Duration lease_max = std::chrono::seconds(60);

}  // namespace

Runtime::Runtime(Schedulers schedulers, store::Writer& writer, BrokerDoor door,
                 const MakeFeed& make_feed, RuntimeSettings settings,
                 std::function<void()> on_fenced)
    : schedulers_(schedulers),
      writer_(writer),
      door_(std::move(door)),
      settings_(std::move(settings)),
      fenced_(std::move(on_fenced)),
      standing_(settings_.many_users),
      latency_(schedulers.answers.now()),
      commits_(writer, *this),
      watchman_(schedulers.watch, writer, commits_, *this, settings_),
      market_(schedulers.market, commits_, standing_, prices_, latency_,
              {.fenced = [this](std::int64_t epoch) { this->on_fenced(epoch); },
               .ticker_session =
                   [this](bool accepted, const std::string& why) {
                     schedulers_.orders.post(
                         [this, accepted, why] { accounts_.ticker_session(accepted, why); });
                   },
               .clock_stepped = [this](base::Duration by) { clock_stepped(by); },
               .may_fire = watchman_.is_shared() ? std::function<bool()>([this] {
                 return watchman_.lease_is_fresh();
               })
                                                 : std::function<bool()>()},
              settings_.many_users, settings_.counts_period),
      feed_(make_feed(market_)),
      accounts_(*this, door_, common()),
      history_(schedulers.orders),
      connections_(common(), door_, accounts_, [this] { tell_latest(); }) {
  market_.use_feed(*feed_);
  settings_.gate.age_max = settings_.engine.recovered_age_max;  // one measure of what is too old
  settings_.gate.forbidden = [this](const model::OrderRequest& order) {
    return why_it_may_not_leave(order);
  };
}

Runtime::~Runtime() {
  schedulers_.orders.cancel(drain_timer_);
}

Common Runtime::common() {
  return {.schedulers = schedulers_,
          .commits = commits_,
          .standing = standing_,
          .market = market_,
          .latency = latency_,
          .settings = settings_};
}

// Of an order that waited for its turn, or to be tried again: the broker would refuse it, or keep
// it for the next morning. Its trigger is armed again instead.
std::string Runtime::why_it_may_not_leave(const model::OrderRequest& order) {
  if (watchman_.is_shared()) {
    if (auto why = watchman_.why_nothing_may_leave(); !why.empty()) return why;
  }
  if (settings_.calendar.session_at(order.exchange, schedulers_.orders.now())) return {};
  return std::string(model::word(order.exchange)) + " has closed since";
}

void Runtime::launch() {
  watchman_.launch();
  schedulers_.orders.post([this] { boot(); });
}

std::shared_ptr<const model::Catalogue> Runtime::catalogue() const {
  return accounts_.catalogue();
}

// What fired before the end passes the commits and reaches the gate; then the gate closes. What
// still waits there is taken back, and its triggers are armed again for the next start.
void Runtime::drain(base::Duration patience, std::function<void()> done) {
  schedulers_.orders.post([this] {
    ++boot_number_;  // a start-up that is under way ends
    running_ = false;
    draining_ = true;
  });
  schedulers_.market.post([this, patience, done = std::move(done)]() mutable {
    market_.stop_evaluating();
    feed_->stop();
    auto close = [this, patience, done = std::move(done)] {
      schedulers_.orders.post([this, patience, done] {
        accounts_.shut("The engine is ending");
        close_down(patience, done);
      });
    };
    if (!commits_.command([close](store::Writer&) { close(); })) close();
  });
}

void Runtime::close_down(base::Duration patience, std::function<void()> done) {
  if (patience <= base::Duration(0) || !accounts_.anything_in_flight()) {
    done();
    return;
  }
  drain_timer_ =
      schedulers_.orders.after(drain_step, [this, patience, done = std::move(done)]() mutable {
        close_down(patience - drain_step, std::move(done));
      });
}

void Runtime::give_up_lease(std::function<void()> done) {
  watchman_.end([this, done] {
    const bool taken = commits_.command([this, done](store::Writer& writer) {
      if (const auto epoch = commits_.epoch(); epoch != 0) (void)writer.give_up_lease(epoch);
      done();
    });
    if (!taken) done();
  });
}

// ---- what people ask

void Runtime::write(model::TriggerId id, Write job, Done<store::Written> done) {
  auto answer = std::make_shared<Done<store::Written>>(std::move(done));
  const bool taken =
      commits_.command([this, id, job = std::move(job), answer](store::Writer& writer) mutable {
        auto written = job(writer);
        // Nobody else tells this process of what it wrote itself.
        if (!written && store::may_have_happened(written.error())) watchman_.read_again(id);
        if (written && !written->replayed) {
          store::Changed changed;
          changed.triggers.push_back(written->trigger);
          changed.last_event = written->last_event;
          admit(std::move(changed));
        }
        schedulers_.answers.post(
            [answer, written = std::move(written)]() mutable { (*answer)(std::move(written)); });
      });
  if (taken) return;
  schedulers_.answers.post([answer] {
    (*answer)(base::fail(base::ErrorKind::unavailable,
                         "Too many changes wait to be written: try again shortly"));
  });
}

void Runtime::create(model::Trigger trigger, store::Actor actor,
                     std::optional<store::Idempotency> idempotency, Done<store::Written> done) {
  const auto id = trigger.id;
  write(
      id,
      [this, trigger = std::move(trigger), actor = std::move(actor),
       idempotency = std::move(idempotency)](store::Writer& writer) {
        return writer.create(trigger, actor, idempotency ? &*idempotency : nullptr,
                             schedulers_.answers.now());
      },
      std::move(done));
}

void Runtime::edit(model::Trigger edited, std::int64_t version, store::Actor actor,
                   std::optional<store::Idempotency> idempotency, Done<store::Written> done) {
  const auto id = edited.id;
  write(
      id,
      [this, edited = std::move(edited), version, actor = std::move(actor),
       idempotency = std::move(idempotency)](store::Writer& writer) {
        return writer.edit(edited, version, actor, idempotency ? &*idempotency : nullptr,
                           schedulers_.answers.now());
      },
      std::move(done));
}

void Runtime::cancel(model::TriggerId id, std::optional<std::int64_t> version, store::Actor actor,
                     std::optional<store::Idempotency> idempotency, Done<store::Written> done) {
  write(
      id,
      [this, id, version, actor = std::move(actor),
       idempotency = std::move(idempotency)](store::Writer& writer) {
        return writer.cancel(id, version, actor, idempotency ? &*idempotency : nullptr,
                             schedulers_.answers.now());
      },
      std::move(done));
}

// The switch is durable before the gates close, so that not even a crash in between lets an order
// out after a restart.
void Runtime::stop(store::Actor actor, Done<std::string> done) {
  auto answer = std::make_shared<Done<std::string>>(std::move(done));
  const bool taken =
      commits_.command_of_switch([this, actor = std::move(actor), answer](store::Writer& writer) {
        const std::string why = "The engine was stopped by " + actor.name;
        auto written = writer.set_stopped(true, why, actor, schedulers_.orders.now());
        // Read after the switch was written: who takes the lease later reads the switch first.
        const auto left = watchman_.is_shared() ? writer.reader()->lease_left().value_or(lease_max)
                                                : base::Duration(0);
        schedulers_.orders.post([this, why, left, answer, written = std::move(written)] {
          stop_written(why, written, left, answer);
        });
      });
  if (!taken) say_busy(answer);
}

namespace {

base::Error stop_not_written(base::Error error, bool stands_by) {
  const bool unknown = store::may_have_happened(error);
  const std::string record =
      unknown ? "whether the stop is on record is not known" : "the stop is not on record";
  const std::string restart =
      unknown ? ", and without it a restart would run again" : ", so a restart would run again";
  const auto what = stands_by ? "Not confirmed: " + record
                              : "This engine sends nothing more, but " + record + restart;
  error.message = what + ": " + error.message;
  return error;
}

}  // namespace

void Runtime::stop_written(const std::string& why, const base::Result<std::int64_t>& written,
                           base::Duration lease_left, const Answer& answer) {
  if (written) tell_events(*written);
  const bool alone = surely_holds_lease();
  if (!written && !stands_by()) booting_ = false;  // what it reads would have it run
  // Also when the switch could not be written: nothing leaves from here on.
  if (!stands_by()) stopped_now(why);
  if (!written) {
    schedulers_.answers.post([answer, error = stop_not_written(written.error(), stands_by())] {
      (*answer)(std::unexpected(error));
    });
  } else if (!watchman_.is_shared()) {
    schedulers_.market.post([this, answer] { say(answer, "Engine stopped"); });
  } else if (alone) {
    confirm_stop(answer);
  } else {
    // Claims are refused from now on. Whoever holds the lease has heard of it by then, or sends
    // nothing for want of a fresh lease.
    schedulers_.orders.after(lease_left, [this, answer, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) confirm_stop(answer);
    });
  }
}

// It may have been started again through another process: while this waited for a holder that might
// be asleep, or between the stop's record and this engine's hearing of it, which then runs again.
void Runtime::confirm_stop(const Answer& answer) {
  const bool taken = commits_.command_of_switch([this, answer](store::Writer& writer) {
    const auto now = writer.reader()->engine_switch();
    if (!now) return say_unconfirmed(answer, now.error().message);
    schedulers_.orders.post([this, answer, now = *now] {
      if (!now.stopped) switch_moved(now);  // that it is stopped is known, or older news by now
      schedulers_.market.post([this, answer, stands = now.stopped] {
        say(answer,
            stands ? "Engine stopped" : "The engine was stopped, and has been started since");
      });
    });
  });
  if (!taken) say_unconfirmed(answer, "this process is ending, or too many changes wait");
}

void Runtime::say_unconfirmed(const Answer& answer, const std::string& why) {
  schedulers_.answers.post([answer, why] {
    (*answer)(base::fail(base::ErrorKind::unavailable,
                         "The stop is on record, but not whether the engine was started since: " +
                             why + ". Ask again"));
  });
}

void Runtime::say(const Answer& answer, const std::string& message) {
  schedulers_.answers.post([answer, message] { (*answer)(message); });
}

void Runtime::stopped_now(const std::string& why) {
  accounts_.stop(why);
  if (booting_) {
    stopped_in_boot_ = why;  // it goes on, for orders that were sent before are looked up
  } else {
    ++boot_number_;
  }
  running_ = false;
  standing_.set_status(EngineStatus::stopped);
  standing_.set_reason("switch", why);
  schedulers_.market.post([this] {
    market_.stop_evaluating();
    feed_->stop();
  });
}

void Runtime::say_busy(const Answer& answer) {
  schedulers_.answers.post([answer] {
    (*answer)(
        base::fail(base::ErrorKind::unavailable, "The engine is ending, or too many changes wait"));
  });
}

void Runtime::start(store::Actor actor, Done<std::string> done) {
  auto answer = std::make_shared<Done<std::string>>(std::move(done));
  if (!settings_.configured.enabled) {
    schedulers_.answers.post([answer] {
      (*answer)(base::fail(
          base::ErrorKind::refused,
          "The engine is switched off by HMT_ENGINE_ENABLED=false: change it and restart"));
    });
    return;
  }
  const bool taken =
      commits_.command_of_switch([this, actor = std::move(actor), answer](store::Writer& writer) {
        auto written = writer.set_stopped(false, {}, actor, schedulers_.orders.now());
        schedulers_.orders.post([this, answer, written = std::move(written)] {
          const auto message = written ? started_now() : std::string();
          if (written) tell_events(*written);
          schedulers_.answers.post([answer, written, message] {
            if (written) {
              (*answer)(message);
            } else {
              (*answer)(std::unexpected(written.error()));
            }
          });
        });
      });
  if (!taken) say_busy(answer);
}

// Ready to take over from the process that holds the lease, or about to take it: start-up reads the
// switch.
bool Runtime::stands_by() const {
  return watchman_.is_shared() && lease_epoch_ == 0 && !draining_;
}

// Nobody else can have anything to send.
bool Runtime::surely_holds_lease() const {
  return !watchman_.is_shared() || (lease_epoch_ != 0 && !draining_ && watchman_.lease_is_fresh());
}

std::string Runtime::started_now() {
  if (stands_by()) return "Engine started: another process holds the lease";
  if (running_) {
    return accounts_.unblock_all() ? "Engine is running; the broker is asked again"
                                   : "Engine is running already";
  }
  if (draining_) return "Engine is running already";
  standing_.set_reason("switch", std::nullopt);
  boot();
  return "Engine started";
}

Standing Runtime::standing() const {
  return with_sessions(standing_.read(schedulers_.answers.now()));
}

Standing Runtime::standing_of(model::UserId user) const {
  return with_sessions(standing_.read_for(user, schedulers_.answers.now()));
}

// That a session begins or ends is no event: who shows what is watched sees it here.
Standing Runtime::with_sessions(Standing standing) const {
  standing.open = settings_.calendar.open_at(schedulers_.answers.now());
  return standing;
}

runtime::Watch Runtime::watch(const model::Trigger& trigger) const {
  runtime::Watch watch;
  if (const auto price = prices_.read(trigger.instrument_token)) {
    watch.last_price = price->last;
    watch.last_price_at = price->at;
  }
  if (trigger.status != model::TriggerStatus::active) {
    watch.why_not = "It is not active";
    return watch;
  }
  watch.why_not = standing_.why_not_watched(account_of(trigger), trigger.id, trigger.version);
  if (watch.why_not.empty() &&
      !settings_.calendar.session_at(trigger.exchange, schedulers_.answers.now())) {
    watch.why_not = "Its exchange is closed: it is watched from the next session on";
  }
  if (watch.why_not.empty() && !watch.last_price) watch.why_not = "No price of it has come yet";
  watch.monitored = watch.why_not.empty();
  return watch;
}

model::ConnectionId Runtime::account_of(const model::Trigger& trigger) const {
  return settings_.many_users ? trigger.broker_connection_id : model::ConnectionId{};
}

ConnectionStanding Runtime::connection_standing(model::ConnectionId id) const {
  auto why = standing_.why_not_live(id);
  return {.live = why.empty(), .why_not = std::move(why)};
}

void Runtime::add_connection(model::ConnectionId id, ConnectionChange change, store::Actor actor,
                             Done<model::BrokerConnection> done) {
  connections_.add(id, std::move(change), std::move(actor), std::move(done));
}

void Runtime::change_connection(model::ConnectionId id, std::optional<std::int64_t> version,
                                ConnectionChange change, store::Actor actor,
                                Done<model::BrokerConnection> done) {
  connections_.change(id, version, std::move(change), std::move(actor), std::move(done));
}

void Runtime::remove_connection(model::ConnectionId id, store::Actor actor,
                                Done<model::ConnectionId> done) {
  connections_.remove(id, std::move(actor), std::move(done));
}

void Runtime::login_url(model::ConnectionId id, std::string state, store::Actor actor,
                        Done<std::string> done) {
  connections_.login_url(id, std::move(state), std::move(actor), std::move(done));
}

void Runtime::log_in(model::ConnectionId id, agent::Secret request_token, store::Actor actor,
                     Done<model::BrokerConnection> done) {
  connections_.log_in(id, std::move(request_token), std::move(actor), std::move(done));
}

void Runtime::use_access_token(model::ConnectionId id, agent::Secret access_token,
                               store::Actor actor, Done<model::BrokerConnection> done) {
  connections_.use_access_token(id, std::move(access_token), std::move(actor), std::move(done));
}

void Runtime::want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens) {
  schedulers_.market.post([this, who, tokens = std::move(tokens)]() mutable {
    market_.want_prices(who, std::move(tokens));
  });
}

std::optional<LivePrice> Runtime::last_price(model::InstrumentToken token) const {
  return prices_.read(token);
}

void Runtime::on_events(std::function<void(std::int64_t)> heard) {
  const std::scoped_lock lock(events_mutex_);
  heard_ = std::move(heard);
}

void Runtime::tell_events(std::int64_t last_event) {
  const std::scoped_lock lock(events_mutex_);
  told_event_ = std::max(told_event_, last_event);
  if (!heard_ || std::exchange(telling_, true)) return;
  schedulers_.answers.post([this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    std::function<void(std::int64_t)> heard;
    std::int64_t upto = 0;
    {
      const std::scoped_lock inner(events_mutex_);
      telling_ = false;
      heard = heard_;
      upto = told_event_;
    }
    if (heard) heard(upto);
  });
}

void Runtime::tell_latest() {
  commits_.command([this](store::Writer& writer) {
    if (const auto last = writer.reader()->last_event()) tell_events(*last);
  });
}

// ---- what the agents tell

void Runtime::on_committed(store::Changed changed) {
  if (!changed.triggers.empty() || !changed.removed.empty()) {
    schedulers_.market.post(
        [this, rows = std::move(changed.triggers), removed = std::move(changed.removed)] {
          for (const auto& row : rows) market_.row_changed(row);
          for (const auto id : removed) market_.row_removed(id);
        });
  }
  if (!changed.connections.empty() || !changed.removed_connections.empty()) {
    schedulers_.orders.post([this, rows = std::move(changed.connections),
                             removed = std::move(changed.removed_connections)] {
      for (const auto& row : rows) accounts_.row_changed(row);
      for (const auto id : removed) accounts_.row_removed(id);
    });
  }
  if (changed.last_event != 0) tell_events(changed.last_event);
}

// What people wrote, here or by SQL: an edit may be of a row whose instrument has gone since.
void Runtime::admit(store::Changed changed) {
  auto rows = std::exchange(changed.triggers, {});
  schedulers_.orders.post([this, rows = std::move(rows)] {
    for (const auto& row : rows) {
      if (auto* account = accounts_.find(account_of(row))) {
        account->admit(row);
      } else {
        schedulers_.market.post([this, row] { market_.row_changed(row); });
      }
    }
  });
  on_committed(std::move(changed));
}

void Runtime::on_store_away(const std::string& why) {
  standing_.set_reason("store", "The database cannot be written: " + why);
}

void Runtime::on_store_back() {
  standing_.set_reason("store", std::nullopt);
}

void Runtime::clock_stepped(base::Duration by) {
  model::AuditEntry entry;
  entry.at = schedulers_.market.now();
  entry.event = "clock_stepped";
  entry.severity = model::Severity::alarm;
  entry.actor = "engine";
  entry.detail = {{"by_ms", std::to_string(by / std::chrono::milliseconds(1))}};
  agent::log_error(entry.event,
                   {{"by_ms", static_cast<long long>(by / std::chrono::milliseconds(1))}});
  note(std::move(entry));
}

void Runtime::on_fenced(std::int64_t epoch) {
  schedulers_.orders.post(
      [this, epoch] { lose_lease(epoch, "Another engine holds the lease of this database"); });
}

void Runtime::session_ended(const model::BrokerConnection& row) {
  connections_.forget_session(row);
}

void Runtime::correct(model::Trigger corrected, std::int64_t version,
                      std::function<void(base::Error)> failed) {
  store::Actor actor;
  actor.name = "engine";
  edit(std::move(corrected), version, actor, std::nullopt,
       [&orders = schedulers_.orders,
        failed = std::move(failed)](base::Result<store::Written> written) {
         if (!written) orders.post([failed, error = written.error()] { failed(error); });
       });
}

void Runtime::note(model::AuditEntry entry) {
  commits_.command([this, entry = std::move(entry)](store::Writer& writer) {
    if (const auto number = writer.note(entry)) tell_events(*number);
  });
}

// ---- what the watchman tells

void Runtime::on_lease_lost(std::int64_t epoch, const std::string& why) {
  schedulers_.orders.post([this, epoch, why] { lose_lease(epoch, why); });
}

void Runtime::on_switch(const store::Switch& now) {
  schedulers_.orders.post([this, now] { switch_moved(now); });
}

void Runtime::on_following(bool works, const std::string& why) {
  agent::log_warning(works ? "following_again" : "not_following", {{"why", why}});
  standing_.set_reason(
      "follow",
      works ? std::nullopt : std::optional("Changes made in the database are not seen: " + why),
      StandingBoard::Kind::degrading);
}

void Runtime::ask_held(std::function<void(MarketAgent::HeldRows)> done) {
  schedulers_.market.post([this, done = std::move(done)] { done(market_.held()); });
}

}  // namespace hmt::runtime
