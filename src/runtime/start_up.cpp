#include <algorithm>
#include <utility>

#include "agent/log.h"
#include "runtime/runtime.h"

// Start-up is recovery: from nothing known to armed, each step only after the one before.
namespace hmt::runtime {
namespace {

constexpr const char* too_many_wait = "Too many changes wait to be written";
constexpr base::Duration stand_by_period = std::chrono::milliseconds(500);

}  // namespace

struct Runtime::Boot {
  std::uint64_t number = 0;
  base::Duration retry{};
  std::int64_t epoch = 0;
  base::Duration taken_at{};
  std::vector<model::BrokerConnection> connections;
  store::Switch engine_switch;
  bool keys_tried = false;
};

void Runtime::boot() {
  if (!settings_.configured.enabled && watchman_.is_shared()) return leave_lease_to_others();
  auto boot = std::make_shared<Boot>();
  boot->number = ++boot_number_;
  boot->retry = settings_.start_retry;
  running_ = true;
  booting_ = true;
  stopped_in_boot_.clear();
  // One that is on its way under the lease before would say of this start that it has begun.
  accounts_.shut("The engine is starting");
  standing_.set_status(EngineStatus::starting);
  boot_settle(std::move(boot));
}

// The former engines of this process end before the lease moves on and the records are read: what
// they asked for is ahead in the queue, and what comes after is kept for the next ones.
void Runtime::boot_settle(std::shared_ptr<Boot> boot) {
  schedulers_.market.post([this, boot = std::move(boot)]() mutable {
    market_.forget_all();
    schedulers_.orders.post([this, boot = std::move(boot)]() mutable {
      if (boot->number == boot_number_) boot_take_lease(std::move(boot));
    });
  });
}

void Runtime::boot_failed(std::shared_ptr<Boot> boot, const std::string& part,
                          const std::string& why) {
  if (boot->number != boot_number_) return;
  standing_.set_reason(part, why);
  agent::log_error("not_ready", {{"part", part}, {"why", why}});
  const auto wait = boot->retry;
  boot->retry = std::min(boot->retry * 2, settings_.database_retry_max);
  boot_again(std::move(boot), wait);
}

void Runtime::boot_again(std::shared_ptr<Boot> boot, base::Duration wait) {
  schedulers_.orders.after(wait,
                           [this, boot = std::move(boot), alive = std::weak_ptr(alive_)]() mutable {
                             if (!alive.expired() && boot->number == boot_number_)
                               boot_settle(std::move(boot));
                           });
}

// A holder that never fires would keep one that could from doing so.
void Runtime::leave_lease_to_others() {
  ++boot_number_;
  booting_ = false;
  running_ = false;
  standing_.set_status(EngineStatus::stopped);
  standing_.set_reason("switch",
                       "Switched off by HMT_ENGINE_ENABLED=false: this process serves people, and "
                       "leaves the lease to others");
}

// Nothing is wrong: another process watches, and this one is ready to take over.
void Runtime::stand_by(std::shared_ptr<Boot> boot, const std::string& why) {
  standing_.set_reason("store", std::nullopt);
  standing_.set_reason("lease", "Standing by: " + why);
  if (!std::exchange(boot->keys_tried, true)) try_keys();
  boot_again(std::move(boot), stand_by_period);
}

// Better told today than on the day of the take-over.
void Runtime::try_keys() {
  commits_.command([this](store::Writer& writer) {
    auto rows = writer.reader()->connections(store::Actor{});
    if (!rows) return;
    const auto shut =
        std::ranges::count_if(*rows, [this](auto& row) { return !door_.renew(row).has_value(); });
    if (shut == 0) return;
    standing_.set_reason("keys", "The secrets of " + std::to_string(shut) + " of " +
                                     std::to_string(rows->size()) +
                                     " broker connections do not open with the HMT_SECRET_KEY of "
                                     "this process: it could not take over their triggers");
  });
}

void Runtime::boot_take_lease(std::shared_ptr<Boot> boot) {
  boot->taken_at = schedulers_.orders.steady();
  const bool taken = commits_.command([this, boot](store::Writer& writer) mutable {
    const auto epoch = writer.take_lease(settings_.holder, schedulers_.orders.now());
    if (epoch) commits_.use_epoch(*epoch);
    schedulers_.orders.post([this, boot = std::move(boot), epoch]() mutable {
      if (boot->number != boot_number_) return;
      if (!epoch && epoch.error().kind == base::ErrorKind::refused && watchman_.is_shared()) {
        stand_by(std::move(boot), epoch.error().message);
        return;
      }
      if (!epoch) {
        boot_failed(std::move(boot), "store",
                    "The database does not give the lease: " + epoch.error().message);
        return;
      }
      standing_.set_reason("store", std::nullopt);
      standing_.set_reason("lease", std::nullopt);
      standing_.set_reason("keys", std::nullopt);  // each connection tells its own from here on
      boot->epoch = *epoch;
      lease_epoch_ = *epoch;
      boot_follow(std::move(boot));
    });
  });
  if (!taken) boot_failed(boot, "store", too_many_wait);
}

// Changes are followed before the records are read, so that none falls between the two.
void Runtime::boot_follow(std::shared_ptr<Boot> boot) {
  watchman_.keep(boot->epoch, boot->taken_at, [this, boot] {
    schedulers_.orders.post([this, boot] {
      if (boot->number == boot_number_) boot_read_connections(boot);
    });
  });
}

void Runtime::boot_read_connections(std::shared_ptr<Boot> boot) {
  const bool taken = commits_.command([this, boot](store::Writer& writer) mutable {
    const auto reader = writer.reader();
    auto rows = reader->connections(store::Actor{});
    if (rows) renew_seals(writer, *rows);
    const auto now = reader->engine_switch();
    schedulers_.orders.post([this, boot = std::move(boot), rows = std::move(rows), now]() mutable {
      if (boot->number != boot_number_) return;
      if (!rows || !now) {
        boot_failed(std::move(boot), "store",
                    "The records cannot be read: " + (rows ? now.error() : rows.error()).message);
        return;
      }
      boot->connections = std::move(*rows);
      boot->engine_switch = *now;
      boot_accounts(*boot);
    });
  });
  if (!taken) boot_failed(boot, "store", too_many_wait);
}

// Once all is sealed with the key of today, the key before it may go.
void Runtime::renew_seals(store::Writer& writer, std::vector<model::BrokerConnection>& rows) {
  store::Actor actor;
  actor.name = "engine";
  for (auto& row : rows) {
    if (!door_.renew(row).value_or(false)) continue;
    auto put = writer.put_connection(row, row.version, "connection_sealed_anew", actor,
                                     schedulers_.orders.now());
    if (put) row = std::move(*put);
  }
}

void Runtime::boot_accounts(const Boot& boot) {
  std::string off;
  if (!settings_.configured.enabled) {
    off = "Switched off by HMT_ENGINE_ENABLED=false";
  } else if (boot.engine_switch.stopped) {
    off = boot.engine_switch.why.empty() ? "The engine was stopped" : boot.engine_switch.why;
  } else {
    off = stopped_in_boot_;
  }
  booting_ = false;
  running_ = off.empty();
  auto rows = boot.connections;
  if (!settings_.many_users) {
    std::erase_if(rows, [](const auto& row) { return row.id != model::ConnectionId{}; });
    if (rows.empty()) rows.emplace_back();
  }
  standing_.set_reason("switch", running_ ? std::nullopt : std::optional(off));
  accounts_.begin(rows, boot.epoch, running_, off);
  if (!settings_.many_users) {
    // It is stopped whether or not a broker session is left to begin with.
    if (!running_) standing_.set_status(EngineStatus::stopped);
    return;
  }
  // Each account tells by now that it is on its way.
  standing_.set_started(schedulers_.orders.now(), boot.epoch);
  standing_.set_status(running_ ? EngineStatus::running : EngineStatus::stopped);
}

// Prices are wanted from the first account on; the others find the ticker running.
void Runtime::prices_wanted() {
  if (lease_epoch_ == 0) return;
  if (!settings_.many_users) {
    standing_.set_started(schedulers_.orders.now(), lease_epoch_);
    standing_.set_status(running_ ? EngineStatus::running : EngineStatus::stopped);
  }
  if (!running_) return;
  if (standing_.feed() != FeedStatus::connected) {
    standing_.set_reason("feed", "The ticker is being connected");
  }
  schedulers_.market.post([this] {
    feed_->renew_session();  // what the ticker had refused before is asked again
    feed_->start();
  });
}

void Runtime::prices_unwanted() {
  standing_.set_reason("feed", "No broker session is left that prices could come over");
  schedulers_.market.post([this] { feed_->stop(); });
}

// A process alone with its records ends here, and its restart is recovery. Where another may have
// taken over it stands by, and comes back with a fresh epoch.
void Runtime::lose_lease(std::int64_t epoch, const std::string& why) {
  if (epoch == 0 || epoch != lease_epoch_ || draining_) return;
  agent::log_error("fenced", {{"epoch", static_cast<long long>(epoch)}, {"why", why}});
  lease_epoch_ = 0;
  accounts_.shut("Another engine has taken over");
  accounts_.lose_lease();
  watchman_.stand_by();
  standing_.set_reason("lease", why);
  if (!watchman_.is_shared()) {
    standing_.set_status(EngineStatus::stopped);
    fenced_();
    return;
  }
  schedulers_.market.post([this] {
    market_.lose_lease();
    feed_->stop();
  });
  boot();
}

// The operator may have asked another process, or the table itself.
void Runtime::switch_moved(const store::Switch& now) {
  if (draining_ || lease_epoch_ == 0 || !settings_.configured.enabled) return;
  if (running_ && now.stopped) {
    stopped_now(now.why.empty() ? "The engine was stopped" : now.why);
  } else if (!running_ && !now.stopped) {
    standing_.set_reason("switch", std::nullopt);
    boot();
  }
}

}  // namespace hmt::runtime
