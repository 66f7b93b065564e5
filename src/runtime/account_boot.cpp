#include <algorithm>
#include <iterator>
#include <utility>

#include "agent/log.h"
#include "runtime/account.h"

// The account's way from a session to armed, each step only after the one before.
namespace hmt::runtime {
namespace {

constexpr const char* too_many_wait = "Too many changes wait to be written";

}  // namespace

// What the account keeps of the records: their triggers go on to its engine.
struct Account::Records {
  std::size_t triggers = 0;
  std::size_t attempts = 0;
  std::vector<base::Instant> sent;  // by when each attempt has left
  std::vector<std::string> unreadable;
  std::map<model::TriggerId, std::string> gone;
};

struct Account::Boot {
  std::uint64_t number = 0;
  base::Duration retry{};
  bool refused = false;  // the session was, when last asked
  std::string account;
  Records records;
  std::shared_ptr<const model::Catalogue> catalogue;  // that the records were held against
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
  on_its_way_ = true;
  boot_ask_account(std::move(boot));
}

void Account::boot_failed(std::shared_ptr<Boot> boot, const std::string& part,
                          const std::string& why, BootStep again) {
  if (boot->number != boot_number_) return;
  set_reason(part, why);
  if (common_.settings.many_users) set_reason("way", std::nullopt);
  agent::log_error("not_ready", {{"connection", id().text()}, {"part", part}, {"why", why}});
  const auto& settings = common_.settings;
  const auto most = part != "broker" ? settings.database_retry_max
                    : boot->refused  ? settings.refused_retry_max
                                     : settings.start_retry_max;
  const auto wait = std::min(boot->retry, most);
  boot->retry = std::min(boot->retry * 2, most);
  common_.schedulers.orders.after(
      wait, [this, again, boot = std::move(boot), alive = std::weak_ptr(alive_)]() mutable {
        if (!alive.expired() && boot->number == boot_number_) (this->*again)(std::move(boot));
      });
}

void Account::boot_ask_account(std::shared_ptr<Boot> boot) {
  gateway_->profile([this, boot = std::move(boot),
                     alive = std::weak_ptr(alive_)](base::Result<broker::Account> account) mutable {
    if (alive.expired() || boot->number != boot_number_) return;
    if (!account) {
      boot->refused = account.error().kind == base::ErrorKind::refused;
      const std::string what =
          boot->refused ? "The broker refuses the session: log in to Kite for a new access token. "
                        : "The broker cannot be reached: ";
      boot_failed(std::move(boot), "broker", what + account.error().message);
      return;
    }
    boot->refused = false;
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

// The next engine is made before the records are read: what happens from here on belongs to it.
void Account::boot_read_records(std::shared_ptr<Boot> boot) {
  auto& orders = common_.schedulers.orders;
  auto engine_settings = common_.settings.engine;
  engine_settings.lease_epoch = lease_epoch_;
  engine_settings.account = boot->account;
  common_.schedulers.market.post([this, boot, &orders, &market = common_.market, account = id(),
                                  engine_settings = std::move(engine_settings),
                                  alive = std::weak_ptr(alive_)]() mutable {
    market.prepare(account, std::move(engine_settings));
    orders.post([this, boot, alive] {
      if (!alive.expired() && boot->number == boot_number_) boot_read_rows(boot);
    });
  });
}

// Each part goes on to the market's thread, where it is armed, while the next is read.
void Account::boot_read_rows(std::shared_ptr<Boot> boot) {
  auto& orders = common_.schedulers.orders;
  boot->records = {};
  boot->catalogue = host_.catalogue();
  const std::optional<model::ConnectionId> only =
      common_.settings.many_users ? std::optional(id()) : std::nullopt;
  const auto take = [this, boot, &orders, alive = std::weak_ptr(alive_)](store::Recovery part) {
    orders.post([this, boot, alive, part = std::move(part)]() mutable {
      if (!alive.expired() && boot->number == boot_number_) boot_take(*boot, std::move(part));
    });
  };
  // A claim of the engine before that still waits is on record ahead of it, or refused.
  const bool taken = common_.commits.command_in_turn(
      {id(), lease_epoch_},
      [this, boot, only, take, &orders, alive = std::weak_ptr(alive_)](store::Writer& writer) {
        const auto read = writer.reader()->recovery(base::trading_date(orders.now()), only, take);
        orders.post([this, boot, read, alive] {
          if (alive.expired() || boot->number != boot_number_) return;
          if (!read) {
            boot_failed(boot, "store", "The records cannot be read: " + read.error().message);
            return;
          }
          set_reason("store", std::nullopt);
          tell_unreadable(boot->records.unreadable);
          tell_gone(std::move(boot->records.gone));
          boot_read_book(boot);
        });
      });
  if (!taken) boot_failed(boot, "store", too_many_wait);
}

void Account::boot_take(Boot& boot, store::Recovery part) {
  auto& records = boot.records;
  records.triggers += part.triggers.size();
  records.attempts += part.attempts.size();
  for (const auto& attempt : part.attempts) {
    if (!attempt.forwarded_at) continue;
    // Whoever gave it leave may have been held up before its first byte left.
    const auto by = *attempt.forwarded_at + common_.settings.gate.time_to_live;
    records.sent.push_back(attempt.answered_at.value_or(by));
  }
  std::ranges::move(part.unreadable, std::back_inserter(records.unreadable));
  correct_tokens(part.triggers, records.gone);
  common_.schedulers.market.post(
      [&market = common_.market, id = id(), part = std::move(part)]() mutable {
        market.take(id, std::move(part));
      });
}

// Asked for again alone when it cannot be had: what has been read hears of what changes.
void Account::boot_read_book(std::shared_ptr<Boot> boot) {
  const auto started_at = common_.schedulers.orders.now();
  gateway_->order_book([this, started_at, boot = std::move(boot), alive = std::weak_ptr(alive_)](
                           base::Result<std::vector<model::BrokerOrder>> orders) mutable {
    if (alive.expired() || boot->number != boot_number_) return;
    if (!orders) {
      const bool refused = orders.error().kind == base::ErrorKind::refused;
      boot_failed(std::move(boot), "broker",
                  "The broker's order book cannot be read: " + orders.error().message,
                  refused ? &Account::boot_ask_account : &Account::boot_read_book);
      return;
    }
    set_reason("broker", std::nullopt);
    boot_begin(std::move(boot), engine::BookRead{started_at, std::move(*orders)});
  });
}

void Account::boot_begin(std::shared_ptr<Boot> boot, engine::BookRead book) {
  orders_.gate().restore_rate(boot->records.sent);
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
  on_its_way_ = false;
  set_reason("account", std::nullopt);
  set_reason("way", row_.enabled ? std::nullopt
                                 : std::optional<std::string>(
                                       "The broker connection is switched off by its owner"));
  const auto& records = boot->records;
  note(run ? "engine_started" : "engine_off", model::Severity::info,
       {{"lease_epoch", std::to_string(lease_epoch_)},
        {"account", boot->account},
        {"triggers", std::to_string(records.triggers)},
        {"attempts", std::to_string(records.attempts)}});
  agent::log_info("recovered", {{"epoch", static_cast<long long>(lease_epoch_)},
                                {"connection", id().text()},
                                {"triggers", static_cast<long long>(records.triggers)},
                                {"attempts", static_cast<long long>(records.attempts)},
                                {"running", run}});
  common_.schedulers.market.post(
      [&market = common_.market, id = id(), book = std::move(book), run]() mutable {
        market.begin(id, std::move(book));
        market.evaluate(id, run);
      });
  host_.account_began(*this);
  if (host_.catalogue() != boot->catalogue) instruments_changed();
}

void Account::tell_unreadable(const std::vector<std::string>& rows) {
  for (const auto& row : rows) {
    if (std::ranges::find(unreadable_, row) != unreadable_.end()) continue;
    note("row_unreadable", model::Severity::alarm, {{"row", row}});
    agent::log_error("row_unreadable", {{"row", row}});
  }
  unreadable_ = rows;
  const auto count = rows.size();
  set_reason("records",
             count == 0 ? std::nullopt
                        : std::optional(std::to_string(count) +
                                        " rows of the database cannot be read and are not "
                                        "watched: see the audit"),
             StandingBoard::Kind::degrading);
}

}  // namespace hmt::runtime
