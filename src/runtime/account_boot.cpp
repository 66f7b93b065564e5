#include <algorithm>
#include <utility>

#include "agent/log.h"
#include "runtime/account.h"

// The account's way from a session to armed, each step only after the one before.
namespace hmt::runtime {
namespace {

constexpr const char* too_many_wait = "Too many changes wait to be written";
constexpr base::Duration retry_max = std::chrono::minutes(1);

}  // namespace

struct Account::Boot {
  std::uint64_t number = 0;
  base::Duration retry{};
  std::string account;
  store::Recovery recovery;
};

void Account::start_boot() {
  if (leaving_) return;
  auto boot = std::make_shared<Boot>();
  boot->number = ++boot_number_;
  boot->retry = common_.settings.start_retry;
  begun_ = false;
  if (common_.settings.many_users) set_reason("way", "The broker connection is being brought up");
  expect_session_end();
  if (common_.settings.many_users && row_.access_token.empty()) {
    set_reason("way", std::nullopt);
    set_reason("session", "It has no broker session yet: log in to the broker");
    return;
  }
  boot_ask_account(std::move(boot));
}

void Account::boot_failed(std::shared_ptr<Boot> boot, const std::string& part,
                          const std::string& why) {
  if (boot->number != boot_number_) return;
  set_reason(part, why);
  if (common_.settings.many_users) set_reason("way", std::nullopt);
  agent::log_error("not_ready", {{"connection", id().text()}, {"part", part}, {"why", why}});
  const auto wait = boot->retry;
  boot->retry = std::min(boot->retry * 2, retry_max);
  common_.schedulers.orders.after(
      wait, [this, boot = std::move(boot), alive = std::weak_ptr(alive_)]() mutable {
        if (!alive.expired() && boot->number == boot_number_) boot_ask_account(std::move(boot));
      });
}

void Account::boot_ask_account(std::shared_ptr<Boot> boot) {
  gateway_->profile([this, boot = std::move(boot),
                     alive = std::weak_ptr(alive_)](base::Result<broker::Account> account) mutable {
    if (alive.expired() || boot->number != boot_number_) return;
    if (!account) {
      const bool refused = account.error().kind == base::ErrorKind::refused;
      boot_failed(
          std::move(boot), "broker",
          (refused ? "The broker refuses the session: log in to Kite for a new access token. "
                   : "The broker cannot be reached: ") +
              account.error().message);
      return;
    }
    set_reason("broker", std::nullopt);
    set_reason("session", std::nullopt);
    refused_sessions_.clear();
    boot->account = account->user_id;
    orders_.use_account(account->user_id);
    boot_bind(std::move(boot));
  });
}

void Account::boot_bind(std::shared_ptr<Boot> boot) {
  auto& orders = common_.schedulers.orders;
  const bool taken =
      common_.commits.command([this, boot, &orders, account = id(), venue = common_.settings.venue,
                               alive = std::weak_ptr(alive_)](store::Writer& writer) mutable {
        const auto bound = writer.bind_account(account, venue, boot->account, orders.now());
        orders.post([this, boot = std::move(boot), bound, alive]() mutable {
          if (alive.expired() || boot->number != boot_number_) return;
          if (!bound) {
            boot_failed(std::move(boot), "account", bound.error().message);
            return;
          }
          set_reason("account", std::nullopt);
          boot_ask_instruments(std::move(boot));
        });
      });
  if (!taken) boot_failed(boot, "store", too_many_wait);
}

// An older list, or none, will do until today's is there: triggers name their instruments
// themselves.
void Account::boot_ask_instruments(std::shared_ptr<Boot> boot) {
  host_.need_instruments(*gateway_, [this, boot, alive = std::weak_ptr(alive_)] {
    if (!alive.expired() && boot->number == boot_number_) boot_read_records(boot);
  });
}

// The former engine of the account is forgotten before its records are read: what happens from here
// on belongs to the next.
void Account::boot_read_records(std::shared_ptr<Boot> boot) {
  auto& orders = common_.schedulers.orders;
  common_.schedulers.market.post([this, boot, &orders, &market = common_.market, account = id(),
                                  alive = std::weak_ptr(alive_)] {
    market.forget(account);
    orders.post([this, boot, alive] {
      if (!alive.expired() && boot->number == boot_number_) boot_read_rows(boot);
    });
  });
}

void Account::boot_read_rows(std::shared_ptr<Boot> boot) {
  auto& orders = common_.schedulers.orders;
  const std::optional<model::ConnectionId> only =
      common_.settings.many_users ? std::optional(id()) : std::nullopt;
  const bool taken = common_.commits.command(
      [this, boot, only, &orders, alive = std::weak_ptr(alive_)](store::Writer& writer) mutable {
        auto recovery = writer.reader()->recovery(base::trading_date(orders.now()), only);
        orders.post(
            [this, boot = std::move(boot), recovery = std::move(recovery), alive]() mutable {
              if (alive.expired() || boot->number != boot_number_) return;
              if (!recovery) {
                boot_failed(std::move(boot), "store",
                            "The records cannot be read: " + recovery.error().message);
                return;
              }
              set_reason("store", std::nullopt);
              boot->recovery = std::move(*recovery);
              tell_unreadable(boot->recovery);
              correct_tokens(boot->recovery.triggers);
              boot_read_book(std::move(boot));
            });
      });
  if (!taken) boot_failed(boot, "store", too_many_wait);
}

void Account::boot_read_book(std::shared_ptr<Boot> boot) {
  const auto started_at = common_.schedulers.orders.now();
  gateway_->order_book([this, started_at, boot = std::move(boot), alive = std::weak_ptr(alive_)](
                           base::Result<std::vector<model::BrokerOrder>> orders) mutable {
    if (alive.expired() || boot->number != boot_number_) return;
    if (!orders) {
      boot_failed(std::move(boot), "broker",
                  "The broker's order book cannot be read: " + orders.error().message);
      return;
    }
    boot_begin(std::move(boot), engine::BookRead{started_at, std::move(*orders)});
  });
}

void Account::boot_begin(std::shared_ptr<Boot> boot, engine::BookRead book) {
  std::vector<base::Instant> sent;
  for (const auto& attempt : boot->recovery.attempts) {
    if (attempt.forwarded_at) sent.push_back(*attempt.forwarded_at);
  }
  orders_.gate().restore_rate(sent);
  const bool run = host_.is_running() && row_.enabled;
  if (run) {
    orders_.gate().open(lease_epoch_);
  } else {
    orders_.gate().shut(row_.enabled ? host_.why_not_running()
                                     : "The broker connection is switched off");
  }
  unblock_at_.reset();
  block_for_ = {};
  begun_ = true;
  set_reason("account", std::nullopt);
  set_reason("way", row_.enabled ? std::nullopt
                                 : std::optional<std::string>(
                                       "The broker connection is switched off by its owner"));
  auto engine_settings = common_.settings.engine;
  engine_settings.lease_epoch = lease_epoch_;
  engine_settings.account = boot->account;
  note(run ? "engine_started" : "engine_off", model::Severity::info,
       {{"lease_epoch", std::to_string(lease_epoch_)},
        {"account", boot->account},
        {"triggers", std::to_string(boot->recovery.triggers.size())},
        {"attempts", std::to_string(boot->recovery.attempts.size())}});
  agent::log_info("recovered",
                  {{"epoch", static_cast<long long>(lease_epoch_)},
                   {"connection", id().text()},
                   {"triggers", static_cast<long long>(boot->recovery.triggers.size())},
                   {"attempts", static_cast<long long>(boot->recovery.attempts.size())},
                   {"running", run}});
  common_.schedulers.market.post([&market = common_.market, id = id(), boot,
                                  engine_settings = std::move(engine_settings),
                                  book = std::move(book), run]() mutable {
    market.begin(id, std::move(engine_settings), std::move(boot->recovery), std::move(book));
    market.evaluate(id, run);
  });
  host_.account_began(*this);
}

void Account::tell_unreadable(const store::Recovery& recovery) {
  for (const auto& row : recovery.unreadable) {
    note("row_unreadable", model::Severity::alarm, {{"row", row}});
    agent::log_error("row_unreadable", {{"row", row}});
  }
  const auto count = recovery.unreadable.size();
  set_reason("records",
             count == 0 ? std::nullopt
                        : std::optional(std::to_string(count) +
                                        " rows of the database cannot be read and are not "
                                        "watched: see the audit"),
             StandingBoard::Kind::degrading);
}

}  // namespace hmt::runtime
