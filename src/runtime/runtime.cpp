#include "runtime/runtime.h"

#include <utility>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

constexpr base::Duration drain_step = std::chrono::milliseconds(20);

}  // namespace

Runtime::Runtime(Schedulers schedulers, store::Writer& writer, broker::OrderGateway& gateway,
                 const MakeFeed& make_feed, RuntimeSettings settings,
                 std::function<void()> on_fenced)
    : schedulers_(schedulers),
      writer_(writer),
      gateway_(gateway),
      settings_(std::move(settings)),
      fenced_(std::move(on_fenced)),
      commits_(writer, *this),
      orders_(schedulers.orders, gateway, commits_, *this, settings_.gate),
      market_(schedulers.market, commits_, standing_, prices_, links()),
      feed_(make_feed(market_)) {
  market_.use_feed(*feed_);
}

Runtime::~Runtime() {
  schedulers_.orders.cancel(health_timer_);
  schedulers_.orders.cancel(drain_timer_);
}

MarketLinks Runtime::links() {
  return {.reserve = [this] { return orders_.gate().reserve(); },
          .submit =
              [this](const model::Attempt& attempt, model::Purpose purpose) {
                schedulers_.orders.post([this, attempt, purpose] {
                  orders_.gate().submit(attempt, purpose);
                  standing_.set_queued(static_cast<std::int64_t>(orders_.gate().queued()));
                });
              },
          .read_book = [this] { schedulers_.orders.post([this] { orders_.read_book(); }); },
          .account_blocked =
              [this](const std::string& why) {
                schedulers_.orders.post([this, why] { account_blocked(why); });
              },
          .fenced = [this] { this->on_fenced(); },
          .ticker_session =
              [this](bool accepted, const std::string& why) {
                schedulers_.orders.post([this, accepted, why] { ticker_session(accepted, why); });
              }};
}

void Runtime::launch() {
  schedulers_.orders.post([this] {
    check_health();
    boot();
  });
}

void Runtime::use_catalogue(std::shared_ptr<const model::Catalogue> catalogue) {
  const std::scoped_lock lock(catalogue_mutex_);
  catalogue_ = std::move(catalogue);
}

std::shared_ptr<const model::Catalogue> Runtime::catalogue() const {
  const std::scoped_lock lock(catalogue_mutex_);
  return catalogue_;
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
    market_.evaluate(false);
    feed_->stop();
    auto close = [this, patience, done = std::move(done)] {
      schedulers_.orders.post([this, patience, done] {
        orders_.gate().shut("The engine is ending");
        close_down(patience, done);
      });
    };
    if (!commits_.command([close](store::Writer&) { close(); })) close();
  });
}

void Runtime::close_down(base::Duration patience, std::function<void()> done) {
  if (patience <= base::Duration(0) || orders_.gate().in_flight() == 0) {
    done();
    return;
  }
  drain_timer_ =
      schedulers_.orders.after(drain_step, [this, patience, done = std::move(done)]() mutable {
        close_down(patience - drain_step, std::move(done));
      });
}

// ---- what people ask

void Runtime::write(Write job, Done<store::Written> done) {
  auto answer = std::make_shared<Done<store::Written>>(std::move(done));
  const bool taken =
      commits_.command([this, job = std::move(job), answer](store::Writer& writer) mutable {
        auto written = job(writer);
        if (written && !written->replayed) {
          store::Changed changed;
          changed.triggers.push_back(written->trigger);
          changed.last_event = written->last_event;
          on_committed(std::move(changed));
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
  write(
      [this, trigger = std::move(trigger), actor = std::move(actor),
       idempotency = std::move(idempotency)](store::Writer& writer) {
        return writer.create(trigger, actor, idempotency ? &*idempotency : nullptr,
                             schedulers_.answers.now());
      },
      std::move(done));
}

void Runtime::edit(model::Trigger edited, std::int64_t version, store::Actor actor,
                   std::optional<store::Idempotency> idempotency, Done<store::Written> done) {
  write(
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
      [this, id, version, actor = std::move(actor),
       idempotency = std::move(idempotency)](store::Writer& writer) {
        return writer.cancel(id, version, actor, idempotency ? &*idempotency : nullptr,
                             schedulers_.answers.now());
      },
      std::move(done));
}

// The switch is durable before the gate closes, so that not even a crash in between lets an order
// out after a restart.
void Runtime::stop(store::Actor actor, Done<std::string> done) {
  auto answer = std::make_shared<Done<std::string>>(std::move(done));
  const bool taken =
      commits_.command([this, actor = std::move(actor), answer](store::Writer& writer) {
        const std::string why = "The engine was stopped by " + actor.name;
        auto written = writer.set_stopped(true, why, actor, schedulers_.orders.now());
        schedulers_.orders.post([this, why, answer, written = std::move(written)] {
          // Also when the switch could not be written: nothing leaves from here on.
          orders_.gate().shut(why);
          ++boot_number_;
          running_ = false;
          standing_.set_status(EngineStatus::stopped);
          standing_.set_reason("switch", why);
          schedulers_.market.post([this, answer, written] {
            market_.evaluate(false);
            feed_->stop();
            if (written) tell_events(*written);
            schedulers_.answers.post([answer, written] {
              if (written) {
                (*answer)("Engine stopped");
              } else {
                (*answer)(std::unexpected(written.error()));
              }
            });
          });
        });
      });
  if (!taken) {
    schedulers_.answers.post([answer] {
      (*answer)(base::fail(base::ErrorKind::unavailable,
                           "The engine is ending, or too many changes wait"));
    });
  }
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
      commits_.command([this, actor = std::move(actor), answer](store::Writer& writer) {
        auto written = writer.set_stopped(false, {}, actor, schedulers_.orders.now());
        schedulers_.orders.post([this, answer, written = std::move(written)] {
          std::string message = "Engine is running already";
          if (written && running_ && unblock_at_) {
            message = "Engine is running; the broker is asked again";
            unblock();
          }
          if (written && !running_ && !draining_) {
            message = "Engine started";
            standing_.set_reason("switch", std::nullopt);
            boot();
          }
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
  if (!taken) {
    schedulers_.answers.post([answer] {
      (*answer)(base::fail(base::ErrorKind::unavailable,
                           "The engine is ending, or too many changes wait"));
    });
  }
}

Standing Runtime::standing() const {
  return standing_.read(schedulers_.answers.now());
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
  watch.why_not = standing_.why_not_watched(trigger.id, trigger.version);
  if (watch.why_not.empty() &&
      !settings_.calendar.session_at(trigger.exchange, schedulers_.answers.now())) {
    watch.why_not = "Its exchange is closed: it is watched from the next session on";
  }
  if (watch.why_not.empty() && !watch.last_price) watch.why_not = "No price of it has come yet";
  watch.monitored = watch.why_not.empty();
  return watch;
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

// ---- what the agents tell

void Runtime::on_committed(store::Changed changed) {
  if (!changed.triggers.empty()) {
    schedulers_.market.post([this, triggers = std::move(changed.triggers)]() mutable {
      for (auto& trigger : triggers) market_.handle(engine::TriggerChanged{std::move(trigger)});
    });
  }
  if (changed.last_event != 0) tell_events(changed.last_event);
}

void Runtime::on_store_away(const std::string& why) {
  standing_.set_reason("store", "The database cannot be written: " + why);
}

void Runtime::on_store_back() {
  standing_.set_reason("store", std::nullopt);
}

void Runtime::on_fenced() {
  agent::log_error("fenced", {{"why", "another engine holds the lease of this database"}});
  schedulers_.orders.post([this] {
    orders_.gate().shut("Another engine has taken over");
    standing_.set_status(EngineStatus::stopped);
    standing_.set_reason("lease", "Another engine holds the lease of this database");
    fenced_();
  });
}

void Runtime::on_order_event(engine::Event event) {
  const auto* answered = std::get_if<engine::AttemptAnswered>(&event);
  if (answered && !answered->answer.order_id.empty()) block_for_ = {};
  standing_.set_queued(static_cast<std::int64_t>(orders_.gate().queued()));
  schedulers_.market.post(
      [this, event = std::move(event)]() mutable { market_.handle(std::move(event)); });
}

void Runtime::on_broker_session(bool accepted, const std::string& why) {
  tell_session("session", accepted, why);
}

void Runtime::ticker_session(bool accepted, const std::string& why) {
  tell_session("ticker_session", accepted, why);
}

void Runtime::tell_session(const std::string& part, bool accepted, const std::string& why) {
  if (accepted) {
    standing_.set_reason(part, std::nullopt);
    refused_sessions_.erase(part);
    return;
  }
  standing_.set_reason(part, "The broker refuses the session: " + why +
                                 " Log in to Kite for a new access token and restart with it.");
  if (refused_sessions_.insert(part).second) {
    note("broker_session_refused", model::Severity::alarm, {{"part", part}, {"why", why}});
  }
}

void Runtime::on_book_readable(bool readable, const std::string& why) {
  if (readable) {
    standing_.set_reason("order book", std::nullopt);
    return;
  }
  standing_.set_reason(
      "order book",
      "The broker's order book cannot be read, so open orders are not followed: " + why,
      StandingBoard::Kind::degrading);
}

void Runtime::note(std::string event, model::Severity severity, model::Detail detail) {
  model::AuditEntry entry;
  entry.at = schedulers_.orders.now();
  entry.event = std::move(event);
  entry.severity = severity;
  entry.actor = "engine";
  entry.detail = std::move(detail);
  commits_.command([this, entry = std::move(entry)](store::Writer& writer) {
    if (const auto number = writer.note(entry)) tell_events(*number);
  });
}

}  // namespace hmt::runtime
