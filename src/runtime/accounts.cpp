#include "runtime/accounts.h"

#include <algorithm>
#include <utility>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

// Of the Indian day: the new list is out (kite-protocol 6).
constexpr base::Duration instruments_ready = std::chrono::hours(8) + std::chrono::minutes(30);
// What a list lacks has expired or is still being written by the broker. It is ten megabytes.
constexpr base::Duration reread_min = std::chrono::minutes(10);
constexpr base::Duration reread_max = std::chrono::hours(4);
constexpr base::Duration thin_list_patience = std::chrono::hours(3);  // into the session
constexpr base::Duration look_again = std::chrono::milliseconds(50);

constexpr const char* taken_away = "The broker connection was taken away";

bool same_keys(const model::BrokerConnection& a, const model::BrokerConnection& b) {
  return a.api_key == b.api_key && a.api_secret == b.api_secret && a.broker == b.broker;
}

}  // namespace

Accounts::Accounts(AccountsOwner& owner, BrokerDoor& door, Common common)
    : owner_(owner), door_(door), common_(common) {}

Accounts::~Accounts() {
  common_.schedulers.orders.cancel(instruments_timer_);
}

void Accounts::begin(const std::vector<model::BrokerConnection>& rows, std::int64_t lease_epoch,
                     bool running, const std::string& off) {
  lease_epoch_ = lease_epoch;
  running_ = running;
  off_ = off;
  if (common_.settings.many_users && common_.settings.own_prices) serve_prices();
  for (const auto& [id, account] : accounts_) {
    if (std::ranges::find(rows, id, &model::BrokerConnection::id) == rows.end())
      drop(id, taken_away);
  }
  for (const auto& row : rows) {
    const auto known = accounts_.find(row.id);
    if (known == accounts_.end()) {
      add(row);
    } else if (known->second->is_leaving() || !same_keys(known->second->row(), row)) {
      row_changed(row);
    } else {
      use_row(*known->second, row);
      known->second->bring_up(lease_epoch);
    }
  }
}

void Accounts::shut(const std::string& why) {
  running_ = false;
  off_ = why;
  for (auto& [id, account] : accounts_) account->bring_down(why);
}

void Accounts::stop(const std::string& why) {
  std::vector<Account*> on_their_way;
  for (auto& [id, account] : accounts_) {
    if (account->is_on_its_way()) on_their_way.push_back(account.get());
  }
  shut(why);
  for (auto* account : on_their_way) account->bring_up(lease_epoch_);
}

Account* Accounts::find(model::ConnectionId id) {
  const auto found = accounts_.find(id);
  return found == accounts_.end() ? nullptr : found->second.get();
}

Account* Accounts::live_of(std::optional<model::UserId> user) {
  for (const auto& [id, account] : accounts_) {
    if (!account->is_live() || account->is_leaving()) continue;
    if (!user || account->row().user_id == *user) return account.get();
  }
  return nullptr;
}

void Accounts::add(const model::BrokerConnection& row) {
  auto gateway = door_.open(row);
  if (!gateway) {
    common_.standing.set_owner(row.id, row.user_id, row.name);
    common_.standing.set_reason(row.id, "seal", gateway.error().message);
    agent::log_error("connection_not_opened",
                     {{"connection", row.id.text()}, {"why", gateway.error().message}});
    return;
  }
  common_.standing.set_reason(row.id, "seal", std::nullopt);
  auto& account = accounts_[row.id];
  account = std::make_unique<Account>(row, std::move(*gateway), *this, common_);
  common_.schedulers.market.post(
      [&market = common_.market, id = row.id, owner = row.user_id,
       links = account->links()]() mutable { market.add_account(id, owner, std::move(links)); });
  account->bring_up(lease_epoch_);
}

void Accounts::drop(model::ConnectionId id, const std::string& why) {
  auto* account = find(id);
  if (!account) {
    dropped(id);
    return;
  }
  if (account->is_leaving()) return;
  account->leave(why);
  wait_to_drop(id);
}

// What is in flight is heard to its end, a claim that is being written included: it passes the
// commits, and after it this does.
void Accounts::wait_to_drop(model::ConnectionId id) {
  auto& orders = common_.schedulers.orders;
  auto* account = find(id);
  if (!account) return;
  const auto again = [this, id, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) wait_to_drop(id);
  };
  if (account->gate().in_flight() != 0) {
    orders.after(look_again, again);
    return;
  }
  common_.schedulers.market.post(
      [this, &market = common_.market, &orders, id, again, alive = std::weak_ptr(alive_)] {
        market.forget(id);  // it claims nothing any more
        const bool passed = common_.commits.command_in_turn(
            {id, lease_epoch_}, [this, &orders, id, again, alive](store::Writer&) {
              orders.post([this, id, again, alive] {
                if (alive.expired()) return;
                auto* still = find(id);
                still && still->gate().in_flight() != 0 ? again() : take_away(id);
              });
            });
        if (!passed) orders.post([&orders, again] { orders.after(look_again, again); });
      });
}

// The market's thread lets go of it first.
void Accounts::take_away(model::ConnectionId id) {
  common_.schedulers.market.post([this, &market = common_.market,
                                  &orders = common_.schedulers.orders, id,
                                  alive = std::weak_ptr(alive_)] {
    market.remove_account(id);
    orders.post([this, id, alive] {
      if (alive.expired()) return;
      accounts_.erase(id);
      dropped(id);
    });
  });
}

void Accounts::dropped(model::ConnectionId id) {
  common_.standing.forget_account(id);
  refused_by_ticker_.erase(id);
  const auto newest = replaced_by_.extract(id);
  if (!newest.empty() && lease_epoch_ != 0) add(newest.mapped());
  if (prices_from_ == id && !find(id)) lend_from_another();
}

void Accounts::row_changed(const model::BrokerConnection& row) {
  if (lease_epoch_ == 0) return;
  auto* account = find(row.id);
  if (!account) {
    add(row);
    return;
  }
  if (row.version < account->row().version) return;  // older news
  if (account->is_leaving() || !same_keys(account->row(), row)) {
    const auto kept = replaced_by_.find(row.id);
    if (kept == replaced_by_.end() || kept->second.version <= row.version)
      replaced_by_[row.id] = row;
    drop(row.id, "Its keys were changed: it is brought up anew once no order waits for an answer");
    return;
  }
  const bool switched = account->row().enabled != row.enabled;
  use_row(*account, row);
  if (!switched) return;
  if (!row.enabled) account->switch_off("The broker connection is switched off");
  account->bring_up(lease_epoch_);
  if (!row.enabled && prices_from_ == row.id) lend_from_another();
}

// Whatever else the row says holds also when the seal of its session does not open here.
void Accounts::use_row(Account& account, const model::BrokerConnection& row) {
  const auto token = door_.session(row);
  common_.standing.set_reason(row.id, "seal",
                              token ? std::nullopt : std::optional(token.error().message),
                              StandingBoard::Kind::degrading);
  account.use_row(row, token ? std::string(token->reveal()) : std::string());
}

void Accounts::row_removed(model::ConnectionId id) {
  replaced_by_.erase(id);
  drop(id, taken_away);
}

bool Accounts::unblock_all() {
  bool any = false;
  for (auto& [id, account] : accounts_) {
    if (!account->is_blocked()) continue;
    any = true;
    account->unblock();
  }
  return any;
}

bool Accounts::anything_in_flight() const {
  return std::ranges::any_of(
      accounts_, [](const auto& entry) { return entry.second->gate().in_flight() != 0; });
}

// ---- prices

void Accounts::account_began(Account& account) {
  refused_by_ticker_.erase(account.id());
  lend_prices(account);
  owner_.prices_wanted();
}

// One session is enough for everybody's prices: the first that is there, until the ticker refuses
// it.
void Accounts::lend_prices(const Account& account) {
  if (common_.settings.own_prices || !account.row().enabled) return;
  const bool needed = !prices_from_ || ticker_refused_ || *prices_from_ == account.id();
  if (!needed) return;
  prices_from_ = account.id();
  ticker_refused_ = false;
  door_.use_for_prices(account.row());
  agent::log_info("prices_from", {{"connection", account.id().text()}});
}

void Accounts::ticker_session(bool accepted, const std::string& why) {
  if (accepted) {
    ticker_refused_ = false;
    common_.standing.set_reason("ticker_session", std::nullopt);
    return;
  }
  const bool told = std::exchange(ticker_refused_, true);
  common_.standing.set_reason("ticker_session",
                              "The broker refuses the session: " + why +
                                  " Log in to Kite for a new access token: through the brokers' "
                                  "page or API, or by a restart with it.");
  if (!told) {
    model::AuditEntry entry;
    entry.at = common_.schedulers.orders.now();
    entry.event = "broker_session_refused";
    entry.severity = model::Severity::alarm;
    entry.actor = "engine";
    entry.detail = {{"part", "ticker_session"}, {"why", why}};
    owner_.note(std::move(entry));
  }
  if (prices_from_) refused_by_ticker_.insert(*prices_from_);
  lend_from_another();
}

// A session is not used against its owner's wish, nor one that the ticker has refused.
void Accounts::lend_from_another() {
  if (common_.settings.own_prices || !common_.settings.many_users) return;
  const auto other = std::ranges::find_if(accounts_, [this](const auto& entry) {
    return entry.second->is_live() && entry.second->row().enabled && entry.first != prices_from_ &&
           !refused_by_ticker_.contains(entry.first);
  });
  const bool refused = ticker_refused_;
  prices_from_.reset();
  if (!refused) owner_.prices_unwanted();  // what is connected is so with the former's session
  if (other == accounts_.end()) return;
  lend_prices(*other->second);
  owner_.prices_wanted();
}

// The operator's session serves prices and instruments before any user has logged in.
void Accounts::serve_prices() {
  if (!own_) {
    auto opened = door_.open(model::BrokerConnection{});
    if (!opened) return;
    own_ = std::move(*opened);
    look_at_instruments();
  }
  owner_.prices_wanted();
}

void Accounts::look_at_instruments() {
  need_instruments(*own_, [] {});
  instruments_timer_ = common_.schedulers.orders.after(common_.settings.health_period,
                                                       [this] { look_at_instruments(); });
}

// ---- instruments

std::shared_ptr<const model::Catalogue> Accounts::catalogue() const {
  const std::scoped_lock lock(catalogue_mutex_);
  return catalogue_;
}

void Accounts::need_instruments(broker::OrderGateway& gateway, std::function<void()> then) {
  if (!are_instruments_wanted()) {
    then();
    return;
  }
  want_instruments_.push_back(std::move(then));
  if (want_instruments_.size() > 1) return;  // being asked for
  gateway.instruments([this, alive = std::weak_ptr(alive_)](
                          base::Result<std::vector<model::Instrument>> list) mutable {
    if (!alive.expired()) instruments_came(std::move(list));
  });
}

// Each day's list, whatever is missing from the one before; and none at all will do less than an
// old one.
bool Accounts::are_instruments_wanted() const {
  const auto now = common_.schedulers.orders.now();
  if (reread_at_ && *reread_at_ <= common_.schedulers.orders.steady()) return true;
  if (came_on_ == base::trading_date(now)) return false;
  return catalogue()->size() == 0 || base::time_of_day_ist(now) >= instruments_ready;
}

// Again ever more rarely: most of what is missing has expired for good.
void Accounts::instruments_missing() {
  if (reread_at_) return;
  reread_after_ = std::clamp(reread_after_ * 2, reread_min, reread_max);
  reread_at_ = common_.schedulers.orders.steady() + reread_after_;
}

void Accounts::instruments_came(base::Result<std::vector<model::Instrument>> list) {
  if (!list) {
    if (reread_at_) reread_at_ = common_.schedulers.orders.steady() + reread_min;
    instruments_not_read(list.error().message);
  } else {
    reread_at_.reset();
    note_day_of_list();
    auto read = std::make_shared<const model::Catalogue>(std::move(*list));
    if (!put_off_if_thin(*read)) take_instruments(std::move(read));
  }
  for (auto& then : std::exchange(want_instruments_, {})) then();
}

void Accounts::note_day_of_list() {
  const auto now = common_.schedulers.orders.now();
  const auto today = base::trading_date(now);
  if (base::time_of_day_ist(now) < instruments_ready || came_on_ == today) return;
  came_on_ = today;
  reread_after_ = {};
}

void Accounts::take_instruments(std::shared_ptr<const model::Catalogue> list) {
  common_.standing.set_reason("instruments", std::nullopt);
  agent::log_info("instruments_read", {{"count", static_cast<long long>(list->size())}});
  {
    const std::scoped_lock lock(catalogue_mutex_);
    catalogue_ = std::move(list);
  }
  for (auto& [id, account] : accounts_) account->instruments_changed();
}

// A list that lost most of an exchange since the one before would blind its triggers: the former
// serves on while the broker may still be writing.
bool Accounts::put_off_if_thin(const model::Catalogue& list) {
  const auto steady = common_.schedulers.orders.steady();
  const auto thinned = list.thinned_since(*catalogue());
  if (!thinned || (thin_since_ && steady - *thin_since_ >= thin_list_patience)) {
    thin_since_.reset();
    return false;
  }
  if (!thin_since_) thin_since_ = steady;
  reread_at_ = steady + reread_min;
  instruments_not_read("it lacks most of " + std::string(model::word(*thinned)) +
                       ", so the one before is used for up to three hours");
  return true;
}

void Accounts::instruments_not_read(const std::string& why) {
  agent::log_warning("instruments_not_read", {{"why", why}});
  common_.standing.set_reason("instruments", "Today's instruments could not be read: " + why,
                              StandingBoard::Kind::degrading);
}

}  // namespace hmt::runtime
