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
    boot_bind_account(std::move(boot));
  });
}

void Runtime::boot_bind_account(std::shared_ptr<Boot> boot) {
  const bool taken = commits_.command([this, boot](store::Writer& writer) mutable {
    const auto bound =
        writer.bind_account({}, settings_.venue, boot->account, schedulers_.orders.now());
    schedulers_.orders.post([this, boot = std::move(boot), bound]() mutable {
      if (boot->number != boot_number_) return;
      if (!bound) {
        boot_failed(std::move(boot), "account", bound.error().message);
        return;
      }
      standing_.set_reason("account", std::nullopt);
      boot_ask_instruments(std::move(boot));
    });
  });
  if (!taken) boot_failed(boot, "store", too_many_wait);
}

// An older list, or none, will do until today's is there: triggers name their instruments
// themselves.
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
          tell_no_instruments(list.error().message);
        }
        boot_read_records(std::move(boot));
      });
}

void Runtime::tell_no_instruments(const std::string& why) {
  agent::log_warning("instruments_not_read", {{"why", why}});
  standing_.set_reason("instruments", "Today's instruments could not be read: " + why,
                       StandingBoard::Kind::degrading);
}

void Runtime::take_instruments(std::vector<model::Instrument> instruments) {
  auto catalogue = std::make_shared<const model::Catalogue>(std::move(instruments));
  const auto now = schedulers_.orders.now();
  if (base::time_of_day_ist(now) >= instruments_ready) instruments_of_ = base::trading_date(now);
  standing_.set_reason("instruments", std::nullopt);
  agent::log_info("instruments_read", {{"count", static_cast<long long>(catalogue->size())}});
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
          tell_unreadable(boot->recovery);
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
    if (!run) return;
    feed_->renew_session();  // what the ticker had refused before is asked again
    feed_->start();
  });
}

void Runtime::tell_unreadable(const store::Recovery& recovery) {
  for (const auto& row : recovery.unreadable) {
    note("row_unreadable", model::Severity::alarm, {{"row", row}});
    agent::log_error("row_unreadable", {{"row", row}});
  }
  const auto count = recovery.unreadable.size();
  standing_.set_reason("records",
                       count == 0
                           ? std::nullopt
                           : std::optional(std::to_string(count) +
                                           " rows of the database cannot be read and are not "
                                           "watched: see the audit"),
                       StandingBoard::Kind::degrading);
}

void Runtime::tell_gone(const std::map<model::TriggerId, std::string>& gone) {
  for (const auto& [id, why] : gone) {
    if (gone_.contains(id)) continue;
    note("instrument_gone", model::Severity::alarm, {{"trigger_id", id.text()}, {"why", why}});
  }
  gone_.clear();
  for (const auto& [id, why] : gone) gone_.insert(id);
  standing_.set_reason("symbols",
                       gone.empty() ? std::nullopt
                                    : std::optional(std::to_string(gone.size()) +
                                                    " triggers name an instrument that does not "
                                                    "trade today and are not watched"),
                       StandingBoard::Kind::degrading);
}

// Tokens are reused after expiry and change on renames: the symbol is what the trader meant.
void Runtime::correct_tokens(const model::Catalogue& catalogue,
                             const std::vector<model::Trigger>& triggers) {
  std::map<model::TriggerId, std::string> gone;
  for (const auto& trigger : triggers) {
    if (trigger.status != model::TriggerStatus::active) continue;
    const auto* instrument = catalogue.find(trigger.exchange, trigger.trading_symbol);
    if (!instrument) {
      if (catalogue.size() == 0) continue;
      agent::log_error("instrument_gone",
                       {{"trigger_id", trigger.id.text()}, {"symbol", trigger.trading_symbol}});
      gone[trigger.id] = "No instrument of its name trades today: it may have expired";
      // Its token may be another instrument's by now.
      schedulers_.market.post(
          [this, id = trigger.id] { market_.handle(engine::TriggerRemoved{id}); });
      continue;
    }
    if (instrument->token == trigger.instrument_token) {
      if (gone_.contains(trigger.id)) {
        schedulers_.market.post(
            [this, trigger] { market_.handle(engine::TriggerChanged{trigger}); });
      }
      continue;
    }
    auto corrected = trigger;
    corrected.instrument_token = instrument->token;
    store::Actor actor;
    actor.name = "engine";
    edit(std::move(corrected), trigger.version, actor, std::nullopt,
         [](base::Result<store::Written>) {});
    agent::log_warning("token_changed",
                       {{"trigger_id", trigger.id.text()}, {"symbol", trigger.trading_symbol}});
  }
  tell_gone(gone);
  standing_.set_lone_reasons(std::move(gone));
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
  if (unblock_at_ && *unblock_at_ <= now) unblock();
  if (instruments_of_ != base::trading_date(now) &&
      base::time_of_day_ist(now) >= instruments_ready) {
    refresh_instruments();
  }
}

void Runtime::unblock() {
  unblock_at_.reset();
  standing_.set_reason("account", std::nullopt);
  schedulers_.market.post([this] { market_.evaluate(true); });
}

void Runtime::refresh_instruments() {
  gateway_.instruments(
      [this, alive = std::weak_ptr(alive_)](base::Result<std::vector<model::Instrument>> list) {
        if (alive.expired()) return;
        if (!list) {
          tell_no_instruments(list.error().message);
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
  if (unblock_at_) return;  // several orders of one burst are one refusal
  block_for_ = std::clamp(block_for_ * 2, block_min, block_max);
  unblock_at_ = schedulers_.orders.now() + block_for_;
  standing_.set_reason("account", "The broker takes no orders: " + why +
                                      " It is asked again by itself, and at once by a start.");
}

}  // namespace hmt::runtime
