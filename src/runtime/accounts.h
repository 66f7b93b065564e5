#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "model/catalogue.h"
#include "runtime/account.h"

// All accounts of this process, and what they share: the day's instruments, and the session that
// the ticker uses. Thread rule: the orders' thread, but for `catalogue`.
namespace hmt::runtime {

// What the accounts need of the runtime.
class AccountsOwner {
 public:
  virtual ~AccountsOwner() = default;
  virtual void note(model::AuditEntry entry) = 0;
  virtual void correct(model::Trigger corrected, std::int64_t version,
                       std::function<void(base::Error)> failed) = 0;
  // There is a session that brings prices.
  virtual void prices_wanted() = 0;
  virtual void prices_unwanted() = 0;  // none is left
  virtual void session_ended(const model::BrokerConnection& row) = 0;
};

class Accounts final : public AccountHost {
 public:
  Accounts(AccountsOwner& owner, BrokerDoor& door, Common common);
  ~Accounts() override;

  // Under this lease, and evaluating or not, with the reason. Accounts that are there already are
  // brought up anew.
  void begin(const std::vector<model::BrokerConnection>& rows, std::int64_t lease_epoch,
             bool running, const std::string& off);
  // When it returns nothing leaves any more, from no account.
  void shut(const std::string& why);
  // The same when the engine is stopped: who is on its way goes on without evaluating, for what it
  // had sent before is looked up all the same.
  void stop(const std::string& why);
  void lose_lease() { lease_epoch_ = 0; }

  // A row as it stands now: a new account, another session, a switch.
  void row_changed(const model::BrokerConnection& row);
  void row_removed(model::ConnectionId id);
  Account* find(model::ConnectionId id);
  // One of that user's that the broker takes; of anybody's, without a user. Null: there is none.
  Account* live_of(std::optional<model::UserId> user);

  bool unblock_all();  // whether any was blocked
  bool anything_in_flight() const;
  // The ticker has taken or refused the session that it was given.
  void ticker_session(bool accepted, const std::string& why);

  // AccountHost
  bool is_running() const override { return running_; }
  std::string why_not_running() const override { return off_; }
  void need_instruments(broker::OrderGateway& gateway, std::function<void()> then) override;
  void instruments_missing() override;
  std::shared_ptr<const model::Catalogue> catalogue() const override;  // any thread
  void account_began(Account& account) override;
  void session_ended(Account& account) override { owner_.session_ended(account.row()); }
  void correct(model::Trigger corrected, std::int64_t version,
               std::function<void(base::Error)> failed) override {
    owner_.correct(std::move(corrected), version, std::move(failed));
  }
  void note(model::AuditEntry entry) override { owner_.note(std::move(entry)); }

 private:
  void add(const model::BrokerConnection& row);
  void use_row(Account& account, const model::BrokerConnection& row);
  void drop(model::ConnectionId id, const std::string& why);
  void wait_to_drop(model::ConnectionId id);
  void take_away(model::ConnectionId id);
  void dropped(model::ConnectionId id);
  void lend_prices(const Account& account);
  void lend_from_another();
  bool are_instruments_wanted() const;
  void note_day_of_list();
  void instruments_came(base::Result<std::vector<model::Instrument>> list);
  void take_instruments(std::shared_ptr<const model::Catalogue> list);
  bool put_off_if_thin(const model::Catalogue& list);
  void instruments_not_read(const std::string& why);
  void serve_prices();
  void look_at_instruments();

  AccountsOwner& owner_;
  BrokerDoor& door_;
  Common common_;
  std::map<model::ConnectionId, std::unique_ptr<Account>> accounts_;
  std::map<model::ConnectionId, model::BrokerConnection> replaced_by_;  // of those that are leaving
  std::int64_t lease_epoch_ = 0;                                        // 0: not the holder
  bool running_ = false;
  std::string off_ = "The engine is starting";

  mutable std::mutex catalogue_mutex_;
  std::shared_ptr<const model::Catalogue> catalogue_ = std::make_shared<model::Catalogue>();
  base::TradingDate came_on_{};  // the last day whose list has come, whole or thin
  // The list is read again then (steady time), for it lacks something.
  std::optional<base::Duration> reread_at_;
  base::Duration reread_after_{};
  std::optional<base::Duration> thin_since_;   // steady time
  std::unique_ptr<broker::OrderGateway> own_;  // the operator's, where users have theirs
  agent::TimerId instruments_timer_ = 0;
  std::vector<std::function<void()>> want_instruments_;  // while they are being asked for

  std::optional<model::ConnectionId> prices_from_;  // whose session the ticker uses
  bool ticker_refused_ = false;
  std::set<model::ConnectionId> refused_by_ticker_;  // until they have another session
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
