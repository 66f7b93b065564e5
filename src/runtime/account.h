#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/market_agent.h"
#include "runtime/order_agent.h"
#include "runtime/settings.h"

// One broker connection at work: its gateway and gate, the way from its session to armed, and its
// health. What fails here blinds the triggers of this account and of no other.
//
// The way: session → account of the records → instruments → records → order book → gate → engine.
// What fails is told with its remedy and tried again. Thread rule: the orders' thread.
namespace hmt::runtime {

class Account;

// What an account needs of the whole. Called on the orders' thread.
class AccountHost {
 public:
  virtual ~AccountHost() = default;
  virtual bool is_running() const = 0;  // evaluation is wanted: neither stopped nor off
  virtual std::string why_not_running() const = 0;
  // Calls `then` when today's instruments are there, or could not be had.
  virtual void need_instruments(broker::OrderGateway& gateway, std::function<void()> then) = 0;
  // The list lacks what triggers name: expired since, or the list is not whole.
  virtual void instruments_missing() = 0;
  virtual std::shared_ptr<const model::Catalogue> catalogue() const = 0;
  virtual void account_began(Account& account) = 0;
  virtual void session_ended(
      Account& account) = 0;  // at its time; the stored token is worth nothing
  // The row with another token, because its symbol has one by now. `failed`: on this thread, when
  // it could not be written.
  virtual void correct(model::Trigger corrected, std::int64_t version,
                       std::function<void(base::Error)> failed) = 0;
  virtual void note(model::AuditEntry entry) = 0;
};

// The threads and doors that all accounts share.
struct Common {
  Schedulers schedulers;
  CommitQueue& commits;
  StandingBoard& standing;
  MarketAgent& market;
  LatencyBoard& latency;
  const RuntimeSettings& settings;
};

class Account final : public OrderListener {
 public:
  Account(model::BrokerConnection row, std::unique_ptr<broker::OrderGateway> gateway,
          AccountHost& host, Common common);
  ~Account() override;

  model::ConnectionId id() const { return row_.id; }
  const model::BrokerConnection& row() const { return row_; }
  broker::OrderGateway& gateway() { return *gateway_; }
  gate::Gate& gate() { return orders_.gate(); }
  // Its engine has begun, and the broker takes its session.
  bool is_live() const { return begun_ && refused_sessions_.empty(); }

  // From here on under this lease. A former engine of the account has been forgotten.
  void bring_up(std::int64_t lease_epoch);
  // Brought up, and its engine has not begun yet.
  bool is_on_its_way() const { return on_its_way_; }
  // When it returns, nothing of this account leaves any more.
  void bring_down(const std::string& why);
  // The same of an account whose triggers nobody watches from here on, while the engine runs.
  void switch_off(const std::string& why);
  // For good: it only hears what is in flight to its end.
  void leave(const std::string& why);
  bool is_leaving() const { return leaving_; }
  void unblock();  // a person says that the broker takes orders again
  bool is_blocked() const { return unblock_at_.has_value(); }

  // The row as it was changed: a new session is used at once.
  void use_row(model::BrokerConnection row, const std::string& access_token);
  // A row that people wrote, here or by SQL: watched when its instrument is what it says.
  void admit(const model::Trigger& row);
  void instruments_changed();  // the catalogue is another: symbols may have other tokens

  AccountLinks links();  // for the market's thread

  // OrderListener
  void on_order_event(engine::Event event) override;
  void on_broker_session(bool accepted, const std::string& why) override;
  void on_book_readable(bool readable, const std::string& why) override;

 private:
  struct Records;
  struct Boot;
  void boot_ask_account(std::shared_ptr<Boot> boot);
  void boot_bind(std::shared_ptr<Boot> boot);
  void boot_ask_instruments(std::shared_ptr<Boot> boot);
  void boot_read_records(std::shared_ptr<Boot> boot);
  void boot_read_rows(std::shared_ptr<Boot> boot);
  void boot_take(Boot& boot, store::Recovery part);
  void boot_read_book(std::shared_ptr<Boot> boot);
  void boot_begin(std::shared_ptr<Boot> boot, engine::BookRead book);
  using BootStep = void (Account::*)(std::shared_ptr<Boot>);
  void boot_failed(std::shared_ptr<Boot> boot, const std::string& part, const std::string& why,
                   BootStep again = &Account::boot_ask_account);
  void start_boot();
  void set_reason(const std::string& part, std::optional<std::string> reason,
                  StandingBoard::Kind kind = StandingBoard::Kind::blinding);
  void correct_tokens(const std::vector<model::Trigger>& triggers,
                      std::map<model::TriggerId, std::string>& gone);
  bool stands(const model::Trigger& row, std::map<model::TriggerId, std::string>& gone);
  void not_corrected(model::TriggerId trigger, const base::Error& error);
  void look_at_rows_again();
  void tell_gone(std::map<model::TriggerId, std::string> gone);
  void tell_unreadable(const std::vector<std::string>& rows);
  void tell_queue();
  void check_health();
  void health_answered(base::Result<broker::Account> account);
  void expect_session_end();
  void blocked(const std::string& why);
  void note(std::string event, model::Severity severity, model::Detail detail);

  model::BrokerConnection row_;
  std::unique_ptr<broker::OrderGateway> gateway_;
  AccountHost& host_;
  Common common_;
  OrderAgent orders_;

  std::int64_t lease_epoch_ = 0;
  std::uint64_t boot_number_ = 0;
  bool begun_ = false;
  bool on_its_way_ = false;
  bool leaving_ = false;
  bool day_used_up_ = false;                      // and fires wait for it, which people were told
  bool looks_at_rows_again_ = false;              // soon
  std::map<model::TriggerId, std::string> gone_;  // triggers whose instrument does not trade today
  std::vector<std::string> unreadable_;           // rows; told already
  std::set<std::string> refused_sessions_;        // told already
  std::optional<base::Duration> unblock_at_;      // steady
  base::Duration block_for_{};
  agent::TimerId health_timer_ = 0;
  agent::TimerId session_timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
