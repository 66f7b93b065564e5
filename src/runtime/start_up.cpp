#include <algorithm>
#include <utility>

#include "agent/log.h"
#include "runtime/runtime.h"

// Start-up is recovery: from nothing known to armed, each step only after the one before. And the
// health checks that follow.
namespace hmt::runtime {
namespace {

constexpr const char* too_many_wait = "Too many changes wait to be written";
constexpr base::Duration retry_max = std::chrono::minutes(1);
constexpr base::Duration block_min = std::chrono::seconds(30);
constexpr base::Duration block_max = std::chrono::minutes(10);
constexpr base::Duration instruments_ready =
    std::chrono::hours(8);  // of the Indian day: the new list is out

}  // namespace

struct Runtime::Boot {
  std::uint64_t number = 0;
  base::Duration retry{};
  std::int64_t epoch = 0;
  std::string account;
  store::Recovery recovery;
  bool may_run = true;
};

void Runtime::boot() {
  auto boot = std::make_shared<Boot>();
  boot->number = ++boot_number_;
  boot->retry = settings_.start_retry;
  running_ = true;
  standing_.set_status(EngineStatus::starting);
  boot_settle(std::move(boot));
}

// The former engine of this process ends before the lease moves on and the records are read: what
// it asked for is ahead in the queue, and what comes after is kept for the next one.
void Runtime::boot_settle(std::shared_ptr<Boot> boot) {
  schedulers_.market.post([this, boot = std::move(boot)]() mutable {
    market_.forget();
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
  boot->retry = std::min(boot->retry * 2, retry_max);
  schedulers_.orders.after(wait,
                           [this, boot = std::move(boot), alive = std::weak_ptr(alive_)]() mutable {
                             if (!alive.expired() && boot->number == boot_number_)
                               boot_settle(std::move(boot));
                           });
}

void Runtime::boot_take_lease(std::shared_ptr<Boot> boot) {
  const bool taken = commits_.command([this, boot](store::Writer& writer) mutable {
    const auto epoch = writer.take_lease(settings_.holder, schedulers_.orders.now());
    if (epoch) commits_.use_epoch(*epoch);
    schedulers_.orders.post([this, boot = std::move(boot), epoch]() mutable {
      if (!epoch) {
        boot_failed(std::move(boot), "store",
                    "The database does not give the lease: " + epoch.error().message);
        return;
      }
      standing_.set_reason("store", std::nullopt);
      boot->epoch = *epoch;
      boot_ask_account(std::move(boot));
    });
  });
  if (!taken) boot_failed(boot, "store", too_many_wait);
}

void Runtime::boot_ask_account(std::shared_ptr<Boot> boot) {
  gateway_.profile([this, boot = std::move(boot)](base::Result<broker::Account> account) mutable {
    if (boot->number != boot_number_) return;
    if (!account) {
      const bool refused = account.error().kind == base::ErrorKind::refused;
      boot_failed(
          std::move(boot), "broker",
          (refused ? "The broker refuses the session: log in to Kite for a new access token. "
                   : "The broker cannot be reached: ") +
              account.error().message);
      return;
    }
    standing_.set_reason("broker", std::nullopt);
    standing_.set_reason("session", std::nullopt);
    boot->account = account->user_id;
    orders_.use_account(account->user_id);
    boot_ask_instruments(std::move(boot));
  });
}

// Yesterday's list will do until today's is there: triggers name their instruments themselves.
void Runtime::boot_ask_instruments(std::shared_ptr<Boot> boot) {
  if (instruments_of_ == base::trading_date(schedulers_.orders.now())) {
    boot_read_records(std::move(boot));
    return;
  }
  gateway_.instruments(
      [this, boot = std::move(boot)](base::Result<std::vector<model::Instrument>> list) mutable {
        if (boot->number != boot_number_) return;
        if (list) {
          take_instruments(std::move(*list));
        } else {
          agent::log_warning("instruments_not_read", {{"why", list.error().message}});
          standing_.set_reason("instruments",
                               "Today's instruments could not be read: " + list.error().message);
        }
        boot_read_records(std::move(boot));
      });
}

void Runtime::take_instruments(std::vector<model::Instrument> instruments) {
  auto catalogue = std::make_shared<const model::Catalogue>(std::move(instruments));
  instruments_of_ = base::trading_date(schedulers_.orders.now());
  standing_.set_reason("instruments", std::nullopt);
  agent::log_info("instruments_read", {{"count", static_cast<long long>(catalogue->size())}});
  if (settings_.keep_catalogue) settings_.keep_catalogue(*catalogue);
  use_catalogue(std::move(catalogue));
}

void Runtime::boot_read_records(std::shared_ptr<Boot> boot) {
  const bool taken = commits_.command([this, boot](store::Writer& writer) mutable {
    auto recovery = writer.reader()->recovery(base::trading_date(schedulers_.orders.now()));
    schedulers_.orders.post(
        [this, boot = std::move(boot), recovery = std::move(recovery)]() mutable {
          if (boot->number != boot_number_) return;
          if (!recovery) {
            boot_failed(std::move(boot), "store",
                        "The records cannot be read: " + recovery.error().message);
            return;
          }
          boot->recovery = std::move(*recovery);
          correct_tokens(*catalogue(), boot->recovery.triggers);
          boot_read_book(std::move(boot));
        });
  });
  if (!taken) boot_failed(boot, "store", too_many_wait);
}

void Runtime::boot_read_book(std::shared_ptr<Boot> boot) {
  const auto started_at = schedulers_.orders.now();
  gateway_.order_book([this, started_at, boot = std::move(boot)](
                          base::Result<std::vector<model::BrokerOrder>> orders) mutable {
    if (boot->number != boot_number_) return;
    if (!orders) {
      boot_failed(std::move(boot), "broker",
                  "The broker's order book cannot be read: " + orders.error().message);
      return;
    }
    boot_begin(std::move(boot), engine::BookRead{started_at, std::move(*orders)});
  });
}

void Runtime::boot_begin(std::shared_ptr<Boot> boot, engine::BookRead book) {
  const auto now = schedulers_.orders.now();
  std::vector<base::Instant> sent;
  for (const auto& attempt : boot->recovery.attempts) {
    if (attempt.forwarded_at) sent.push_back(*attempt.forwarded_at);
  }
  orders_.gate().restore_rate(sent);

  std::string off;
  if (!settings_.configured.enabled) {
    off = "Switched off by HMT_ENGINE_ENABLED=false";
  } else if (boot->recovery.stopped) {
    off =
        boot->recovery.stopped_why.empty() ? "The engine was stopped" : boot->recovery.stopped_why;
  }
  running_ = off.empty();
  if (running_) {
    orders_.gate().open(boot->epoch);
  } else {
    orders_.gate().shut(off);
  }
  unblock_at_.reset();
  block_for_ = {};
  standing_.set_reason("account", std::nullopt);
  standing_.set_started(now, boot->epoch);
  if (running_) standing_.set_reason("feed", "The ticker is being connected");
  standing_.set_status(running_ ? EngineStatus::running : EngineStatus::stopped);
  standing_.set_reason("switch", running_ ? std::nullopt : std::optional(off));

  auto engine_settings = settings_.engine;
  engine_settings.lease_epoch = boot->epoch;
  engine_settings.account = boot->account;
  note(running_ ? "engine_started" : "engine_off", model::Severity::info,
       {{"lease_epoch", std::to_string(boot->epoch)},
        {"account", boot->account},
        {"triggers", std::to_string(boot->recovery.triggers.size())},
        {"attempts", std::to_string(boot->recovery.attempts.size())}});
  agent::log_info("recovered",
                  {{"epoch", static_cast<long long>(boot->epoch)},
                   {"triggers", static_cast<long long>(boot->recovery.triggers.size())},
                   {"attempts", static_cast<long long>(boot->recovery.attempts.size())},
                   {"running", running_}});
  schedulers_.market.post([this, boot, engine_settings = std::move(engine_settings),
                           book = std::move(book), run = running_]() mutable {
    market_.begin(std::move(engine_settings), boot->recovery, std::move(book));
    market_.evaluate(run);
    if (run) feed_->start();
  });
}

// Tokens are reused after expiry and change on renames: the symbol is what the trader meant.
void Runtime::correct_tokens(const model::Catalogue& catalogue,
                             const std::vector<model::Trigger>& triggers) {
  for (const auto& trigger : triggers) {
    if (trigger.status != model::TriggerStatus::active) continue;
    const auto* instrument = catalogue.find(trigger.exchange, trigger.trading_symbol);
    if (!instrument) {
      if (catalogue.size() == 0) continue;
      agent::log_error("instrument_gone",
                       {{"trigger_id", trigger.id.text()}, {"symbol", trigger.trading_symbol}});
      continue;
    }
    if (instrument->token == trigger.instrument_token) continue;
    auto corrected = trigger;
    corrected.instrument_token = instrument->token;
    store::Actor actor;
    actor.name = "engine";
    edit(std::move(corrected), trigger.version, actor, std::nullopt,
         [](base::Result<store::Written>) {});
    agent::log_warning("token_changed",
                       {{"trigger_id", trigger.id.text()}, {"symbol", trigger.trading_symbol}});
  }
}

// ---- health

void Runtime::check_health() {
  health_timer_ = schedulers_.orders.after(settings_.health_period, [this] { check_health(); });
  if (!running_ || standing_.read(schedulers_.orders.now()).status == EngineStatus::starting)
    return;
  gateway_.profile([this, alive = std::weak_ptr(alive_)](base::Result<broker::Account> account) {
    if (!alive.expired()) health_answered(std::move(account));
  });
}

void Runtime::health_answered(base::Result<broker::Account> account) {
  if (!running_) return;  // stopped since it was asked
  const auto now = schedulers_.orders.now();
  if (!account) {
    const bool refused = account.error().kind == base::ErrorKind::refused;
    if (refused) {
      on_broker_session(false, account.error().message);
    } else {
      standing_.set_reason("broker", "The broker cannot be reached: " + account.error().message);
    }
    return;
  }
  standing_.set_reason("broker", std::nullopt);
  on_broker_session(true, {});
  if (unblock_at_ && *unblock_at_ <= now) {
    unblock_at_.reset();
    standing_.set_reason("account", std::nullopt);
    schedulers_.market.post([this] { market_.evaluate(true); });
  }
  if (instruments_of_ != base::trading_date(now) &&
      base::time_of_day_ist(now) >= instruments_ready) {
    refresh_instruments();
  }
}

void Runtime::refresh_instruments() {
  gateway_.instruments(
      [this, alive = std::weak_ptr(alive_)](base::Result<std::vector<model::Instrument>> list) {
        if (alive.expired()) return;
        if (!list) {
          standing_.set_reason("instruments",
                               "Today's instruments could not be read: " + list.error().message);
          return;
        }
        take_instruments(std::move(*list));
        commits_.command([this](store::Writer& writer) {
          auto recovery = writer.reader()->recovery(base::trading_date(schedulers_.orders.now()));
          if (!recovery) return;
          schedulers_.orders.post([this, triggers = std::move(recovery->triggers)] {
            correct_tokens(*catalogue(), triggers);
          });
        });
      });
}

// The broker takes no order of this account until a person acts; looked at again ever more rarely,
// so that a lasting refusal does not eat the account's order limits.
void Runtime::account_blocked(const std::string& why) {
  block_for_ = std::clamp(block_for_ * 2, block_min, block_max);
  unblock_at_ = schedulers_.orders.now() + block_for_;
  standing_.set_reason("account", "The broker takes no orders: " + why);
}

}  // namespace hmt::runtime
