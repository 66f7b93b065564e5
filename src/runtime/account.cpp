#include "runtime/account.h"

#include <algorithm>
#include <utility>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

constexpr base::Duration block_min = std::chrono::seconds(30);
constexpr base::Duration block_max = std::chrono::minutes(10);

}  // namespace

Account::Account(model::BrokerConnection row, std::unique_ptr<broker::OrderGateway> gateway,
                 AccountHost& host, Common common)
    : row_(std::move(row)),
      gateway_(std::move(gateway)),
      host_(host),
      common_(common),
      orders_(common.schedulers.orders, *gateway_, common.commits, common.latency, *this,
              common.settings.gate) {
  common_.standing.set_owner(id(), row_.user_id, row_.name);
  check_health();
}

Account::~Account() {
  common_.schedulers.orders.cancel(health_timer_);
  common_.schedulers.orders.cancel(session_timer_);
}

AccountLinks Account::links() {
  auto& orders = common_.schedulers.orders;
  const auto alive = std::weak_ptr(alive_);
  return {.reserve = [this, alive] { return !alive.expired() && orders_.gate().reserve(); },
          .submit =
              [this, &orders, alive](const model::Attempt& attempt, model::Purpose purpose) {
                orders.post([this, alive, attempt, purpose] {
                  if (alive.expired()) return;
                  orders_.gate().submit(attempt, purpose);
                  tell_queue();
                });
              },
          .read_book =
              [this, &orders, alive] {
                orders.post([this, alive] {
                  if (!alive.expired()) orders_.read_book();
                });
              },
          .blocked =
              [this, &orders, alive](const std::string& why) {
                orders.post([this, alive, why] {
                  if (!alive.expired()) blocked(why);
                });
              }};
}

void Account::set_reason(const std::string& part, std::optional<std::string> reason,
                         StandingBoard::Kind kind) {
  common_.standing.set_reason(id(), part, std::move(reason), kind);
}

void Account::bring_up(std::int64_t lease_epoch) {
  lease_epoch_ = lease_epoch;
  start_boot();
}

void Account::bring_down(const std::string& why) {
  orders_.gate().shut(why);
  ++boot_number_;
  begun_ = false;
  on_its_way_ = false;
  common_.schedulers.market.post(
      [&market = common_.market, id = id()] { market.evaluate(id, false); });
}

void Account::switch_off(const std::string& why) {
  set_reason("way", why);
  bring_down(why);
}

void Account::leave(const std::string& why) {
  leaving_ = true;
  switch_off(why);
}

// A session that is refused is replaced where it stands; one that never came about is asked anew.
void Account::use_row(model::BrokerConnection row, const std::string& access_token) {
  const bool renewed = row.access_token != row_.access_token && !access_token.empty();
  row_ = std::move(row);
  common_.standing.set_owner(id(), row_.user_id, row_.name);
  if (!renewed) return;
  gateway_->use_session(access_token);
  expect_session_end();
  if (lease_epoch_ == 0) return;
  if (!begun_) {
    start_boot();
    return;
  }
  refused_sessions_.clear();
  set_reason("session", std::nullopt);
  set_reason("broker", std::nullopt);
  host_.account_began(*this);
  if (is_blocked()) unblock();
  orders_.read_book();
}

void Account::expect_session_end() {
  auto& orders = common_.schedulers.orders;
  orders.cancel(session_timer_);
  session_timer_ = 0;
  if (!row_.session_expires_at) return;
  constexpr base::Duration look_again = std::chrono::minutes(1);  // the wall clock may step
  const auto left = *row_.session_expires_at - orders.now();
  if (left > base::Duration(0)) {
    session_timer_ = orders.after(std::min<base::Duration>(left, look_again), [this] {
      session_timer_ = 0;
      expect_session_end();
    });
    return;
  }
  set_reason("session", "The broker session has ended for the day: log in again");
  refused_sessions_.insert("session");
  host_.session_ended(*this);
}

// ---- what the agents tell

void Account::on_order_event(engine::Event event) {
  const auto* answered = std::get_if<engine::AttemptAnswered>(&event);
  if (answered && !answered->answer.order_id.empty()) block_for_ = {};
  tell_queue();
  common_.schedulers.market.post(
      [&market = common_.market, id = id(), event = std::move(event)]() mutable {
        market.handle(id, std::move(event));
      });
}

// A fire that waits for the next second is nothing to be told of; one that may never leave is.
void Account::tell_queue() {
  const auto queued = orders_.gate().queued();
  common_.standing.set_queued(id(), static_cast<std::int64_t>(queued));
  const bool used_up = orders_.gate().is_day_used_up();
  if (!used_up && !day_used_up_) return;
  if (!std::exchange(day_used_up_, used_up)) {
    note("orders_of_the_day_used_up", model::Severity::alarm,
         {{"waiting", std::to_string(queued)},
          {"orders_a_day", std::to_string(common_.settings.gate.rate.per_day)}});
  }
  set_reason("orders of the day",
             used_up
                 ? std::optional(
                       "The account's " + std::to_string(common_.settings.gate.rate.per_day) +
                       " orders of the day (HMT_ORDERS_PER_DAY) are used up: " +
                       std::to_string(queued) + " that fired wait, and are not sent on another day")
                 : std::nullopt,
             StandingBoard::Kind::degrading);
}

void Account::on_broker_session(bool accepted, const std::string& why) {
  const std::string part = "session";
  if (accepted) {
    set_reason(part, std::nullopt);
    refused_sessions_.erase(part);
    return;
  }
  set_reason(part, "The broker refuses the session: " + why +
                       " Log in to Kite for a new access token: through the brokers' page or "
                       "API, or by a restart with it.");
  if (refused_sessions_.insert(part).second) {
    note("broker_session_refused", model::Severity::alarm, {{"part", part}, {"why", why}});
  }
}

void Account::on_book_readable(bool readable, const std::string& why) {
  if (readable) {
    set_reason("order book", std::nullopt);
    return;
  }
  set_reason("order book",
             "The broker's order book cannot be read, so open orders are not followed: " + why,
             StandingBoard::Kind::degrading);
}

void Account::note(std::string event, model::Severity severity, model::Detail detail) {
  model::AuditEntry entry;
  entry.at = common_.schedulers.orders.now();
  entry.event = std::move(event);
  entry.severity = severity;
  entry.actor = "engine";
  if (common_.settings.many_users) entry.user_id = row_.user_id;
  entry.detail = std::move(detail);
  host_.note(std::move(entry));
}

// ---- instruments

void Account::tell_gone(std::map<model::TriggerId, std::string> gone) {
  for (const auto& [trigger, why] : gone) {
    if (gone_.contains(trigger)) continue;
    note("instrument_gone", model::Severity::alarm, {{"trigger_id", trigger.text()}, {"why", why}});
  }
  gone_ = std::move(gone);
  if (!gone_.empty()) host_.instruments_missing();
  set_reason("symbols",
             gone_.empty() ? std::nullopt
                           : std::optional(std::to_string(gone_.size()) +
                                           " triggers name an instrument that does not "
                                           "trade today and are not watched"),
             StandingBoard::Kind::degrading);
  common_.standing.set_lone_reasons(id(), gone_);
}

// Tokens are reused after expiry and change on renames: the symbol is what the trader meant.
bool Account::stands(const model::Trigger& row, std::map<model::TriggerId, std::string>& gone) {
  const auto catalogue = host_.catalogue();
  if (row.status != model::TriggerStatus::active || catalogue->size() == 0) return true;
  auto& market = common_.market;
  const auto* instrument = catalogue->find(row.exchange, row.trading_symbol);
  if (instrument && instrument->token == row.instrument_token) return true;
  // Its token may be another instrument's by now.
  common_.schedulers.market.post([&market, row] { market.set_aside(row); });
  if (!instrument) {
    agent::log_error("instrument_gone",
                     {{"trigger_id", row.id.text()}, {"symbol", row.trading_symbol}});
    gone[row.id] = "No instrument of its name trades today: it may have expired";
    return false;
  }
  auto corrected = row;
  corrected.instrument_token = instrument->token;
  host_.correct(std::move(corrected), row.version,
                [this, id = row.id, alive = std::weak_ptr(alive_)](const base::Error& error) {
                  if (!alive.expired()) not_corrected(id, error);
                });
  agent::log_warning("token_changed",
                     {{"trigger_id", row.id.text()}, {"symbol", row.trading_symbol}});
  return false;
}

// A database that was away, or a row that was edited meanwhile: its token is still to be corrected.
void Account::not_corrected(model::TriggerId trigger, const base::Error& error) {
  agent::log_error("token_not_corrected", {{"trigger_id", trigger.text()}, {"why", error.message}});
  if (error.kind == base::ErrorKind::not_found) return;
  if (error.kind == base::ErrorKind::unavailable || error.kind == base::ErrorKind::conflict) {
    look_at_rows_again();
    return;
  }
  auto gone = gone_;
  gone[trigger] =
      "Its instrument has another token today, and the row cannot be corrected: " + error.message;
  tell_gone(std::move(gone));
}

void Account::look_at_rows_again() {
  constexpr base::Duration pause = std::chrono::seconds(10);
  if (std::exchange(looks_at_rows_again_, true)) return;
  common_.schedulers.orders.after(pause, [this, alive = std::weak_ptr(alive_)] {
    if (alive.expired()) return;
    looks_at_rows_again_ = false;
    instruments_changed();
  });
}

void Account::correct_tokens(const std::vector<model::Trigger>& triggers,
                             std::map<model::TriggerId, std::string>& gone) {
  auto& market = common_.market;
  for (const auto& trigger : triggers) {
    if (stands(trigger, gone) && gone_.contains(trigger.id)) {
      common_.schedulers.market.post([&market, trigger] { market.row_changed(trigger); });
    }
  }
}

void Account::admit(const model::Trigger& row) {
  auto& market = common_.market;
  auto gone = gone_;
  gone.erase(row.id);
  if (stands(row, gone)) {
    common_.schedulers.market.post([&market, row] { market.row_changed(row); });
  }
  if (gone != gone_) tell_gone(std::move(gone));
}

void Account::instruments_changed() {
  if (!begun_) return;
  const std::optional<model::ConnectionId> only =
      common_.settings.many_users ? std::optional(id()) : std::nullopt;
  auto& orders = common_.schedulers.orders;
  const bool taken = common_.commits.command([this, &orders, only, alive = std::weak_ptr(alive_)](
                                                 store::Writer& writer) {
    const auto gone = std::make_shared<std::map<model::TriggerId, std::string>>();
    const auto read = writer.reader()->recovery(
        base::trading_date(orders.now()), only, [this, &orders, gone, alive](store::Recovery part) {
          orders.post([this, gone, alive, triggers = std::move(part.triggers)] {
            if (!alive.expired()) correct_tokens(triggers, *gone);
          });
        });
    orders.post([this, gone, alive, whole = read.has_value()] {
      if (alive.expired()) return;
      if (!whole) {
        gone->insert(gone_.begin(), gone_.end());
        look_at_rows_again();
      }
      tell_gone(std::move(*gone));
    });
  });
  if (!taken) look_at_rows_again();
}

// ---- health

void Account::check_health() {
  auto& orders = common_.schedulers.orders;
  health_timer_ = orders.after(common_.settings.health_period, [this] { check_health(); });
  if (!begun_ || !host_.is_running()) return;
  gateway_->profile([this, alive = std::weak_ptr(alive_)](base::Result<broker::Account> account) {
    if (!alive.expired()) health_answered(std::move(account));
  });
}

void Account::health_answered(base::Result<broker::Account> account) {
  if (!begun_ || !host_.is_running()) return;  // stopped since it was asked
  const auto now = common_.schedulers.orders.steady();
  if (!account) {
    const bool refused = account.error().kind == base::ErrorKind::refused;
    if (refused) {
      on_broker_session(false, account.error().message);
    } else {
      set_reason("broker", "The broker cannot be reached: " + account.error().message);
    }
    return;
  }
  set_reason("broker", std::nullopt);
  on_broker_session(true, {});
  if (unblock_at_ && *unblock_at_ <= now) unblock();
  host_.need_instruments(*gateway_, [] {});
}

void Account::unblock() {
  unblock_at_.reset();
  set_reason("account", std::nullopt);
  common_.schedulers.market.post(
      [&market = common_.market, id = id()] { market.evaluate(id, true); });
}

// The broker takes no order of this account until a person acts; looked at again ever more rarely,
// so that a lasting refusal does not eat the account's order limits.
void Account::blocked(const std::string& why) {
  if (unblock_at_) return;  // several orders of one burst are one refusal
  block_for_ = std::clamp(block_for_ * 2, block_min, block_max);
  unblock_at_ = common_.schedulers.orders.steady() + block_for_;
  set_reason("account", "The broker takes no orders: " + why +
                            " It is asked again by itself, and at once by a start.");
}

}  // namespace hmt::runtime
