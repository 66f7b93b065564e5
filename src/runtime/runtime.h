#pragma once
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/accounts.h"
#include "runtime/commit_queue.h"
#include "runtime/connection_desk.h"
#include "runtime/desk.h"
#include "runtime/history.h"
#include "runtime/latency_board.h"
#include "runtime/market_agent.h"
#include "runtime/price_board.h"
#include "runtime/settings.h"
#include "runtime/standing_board.h"
#include "runtime/watchman.h"
#include "store/store.h"

// The running engine: the agents, the way from start-up to armed, and the desk that people ask.
//
// Start-up is recovery, whatever came before: lease → followed → broker connections → for each of
// them its account (account.h). While another process holds the lease this one stands by. What
// fails is told on the standing board with its remedy and tried again; nothing is armed before all
// of it has succeeded. Thread rule: construct and destroy while none of its threads runs; otherwise
// any thread.
namespace hmt::runtime {

class Runtime final : public Desk,
                      public CommitObserver,
                      public AccountsOwner,
                      public WatchObserver {
 public:
  // `on_fenced`: this process can hold the lease no more (where another process may take over, it
  // stands by instead and this is not called).
  Runtime(Schedulers schedulers, store::Writer& writer, BrokerDoor door, const MakeFeed& make_feed,
          RuntimeSettings settings, std::function<void()> on_fenced);
  ~Runtime() override;

  CommitQueue& commits() { return commits_; }  // its `run` wants a thread

  void launch();

  // No more ticks; `done` runs on the orders' thread when nothing is in flight, or after
  // `patience`.
  void drain(base::Duration patience, std::function<void()> done);
  // After the drain, once all else is written: a standby need not wait for the lease to run out.
  // `done` runs on another thread.
  void give_up_lease(std::function<void()> done);

  // Desk
  void create(model::Trigger trigger, store::Actor actor,
              std::optional<store::Idempotency> idempotency, Done<store::Written> done) override;
  void edit(model::Trigger edited, std::int64_t version, store::Actor actor,
            std::optional<store::Idempotency> idempotency, Done<store::Written> done) override;
  void cancel(model::TriggerId id, std::optional<std::int64_t> version, store::Actor actor,
              std::optional<store::Idempotency> idempotency, Done<store::Written> done) override;
  void start(store::Actor actor, Done<std::string> done) override;
  void stop(store::Actor actor, Done<std::string> done) override;
  void add_connection(model::ConnectionId id, ConnectionChange change, store::Actor actor,
                      Done<model::BrokerConnection> done) override;
  void change_connection(model::ConnectionId id, std::optional<std::int64_t> version,
                         ConnectionChange change, store::Actor actor,
                         Done<model::BrokerConnection> done) override;
  void remove_connection(model::ConnectionId id, store::Actor actor,
                         Done<model::ConnectionId> done) override;
  void login_url(model::ConnectionId id, std::string state, store::Actor actor,
                 Done<std::string> done) override;
  void log_in(model::ConnectionId id, agent::Secret request_token, store::Actor actor,
              Done<model::BrokerConnection> done) override;
  void use_access_token(model::ConnectionId id, agent::Secret access_token, store::Actor actor,
                        Done<model::BrokerConnection> done) override;
  ConnectionStanding connection_standing(model::ConnectionId id) const override;
  Standing standing() const override;
  Standing standing_of(model::UserId user) const override;
  runtime::Watch watch(const model::Trigger& trigger) const override;
  Configured configured() const override { return settings_.configured; }
  std::shared_ptr<const model::Catalogue> catalogue() const override;
  void want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens) override;
  std::optional<LivePrice> last_price(model::InstrumentToken token) const override;
  void approach(const model::Trigger& trigger, Done<Approach> done) override;
  void candles(model::InstrumentToken token, model::Interval interval, base::Instant from,
               base::Instant until, store::Actor actor, Done<Candles> done) override;
  Performance performance(int minutes) const override;
  void on_events(std::function<void(std::int64_t)> heard) override;

  // CommitObserver
  void on_committed(store::Changed changed) override;
  void on_store_away(const std::string& why) override;
  void on_store_back() override;
  void on_fenced(std::int64_t epoch) override;

  // AccountsOwner
  void note(model::AuditEntry entry) override;
  void correct(model::Trigger corrected, std::int64_t version,
               std::function<void(base::Error)> failed) override;
  void prices_wanted() override;
  void prices_unwanted() override;
  void session_ended(const model::BrokerConnection& row) override;

  // WatchObserver
  void on_foreign(store::Changed changed) override { admit(std::move(changed)); }
  void on_lease_lost(std::int64_t epoch, const std::string& why) override;
  void on_switch(const store::Switch& now) override;
  void on_following(bool works, const std::string& why) override;
  void on_events_elsewhere(std::int64_t last_event) override { tell_events(last_event); }
  void ask_held(std::function<void(MarketAgent::HeldRows)> done) override;

 private:
  // start_up.cpp: on the orders' thread
  struct Boot;
  void boot();
  void boot_settle(std::shared_ptr<Boot> boot);
  void boot_take_lease(std::shared_ptr<Boot> boot);
  void boot_follow(std::shared_ptr<Boot> boot);
  void boot_read_connections(std::shared_ptr<Boot> boot);
  void renew_seals(store::Writer& writer, std::vector<model::BrokerConnection>& rows);
  void boot_accounts(const Boot& boot);
  void boot_failed(std::shared_ptr<Boot> boot, const std::string& part, const std::string& why);
  void boot_again(std::shared_ptr<Boot> boot, base::Duration wait);
  void leave_lease_to_others();
  void stand_by(std::shared_ptr<Boot> boot, const std::string& why);
  void try_keys();
  void lose_lease(std::int64_t epoch, const std::string& why);
  void switch_moved(const store::Switch& now);
  void stopped_now(const std::string& why);
  void clock_stepped(base::Duration by);
  bool stands_by() const;
  bool surely_holds_lease() const;
  std::string started_now();
  using Answer = std::shared_ptr<Done<std::string>>;
  void stop_written(const std::string& why, const base::Result<std::int64_t>& written,
                    base::Duration lease_left, const Answer& answer);
  void confirm_stop(const Answer& answer);
  void say_unconfirmed(const Answer& answer, const std::string& why);
  void say(const Answer& answer, const std::string& message);
  void say_busy(const Answer& answer);
  void close_down(base::Duration patience, std::function<void()> done);

  using Write = std::move_only_function<base::Result<store::Written>(store::Writer&)>;
  void candles_of_ticks(const CandleQuery& query, std::string why_not_broker, Done<Candles> done);
  void write(model::TriggerId id, Write job, Done<store::Written> done);
  void admit(store::Changed changed);
  void tell_events(std::int64_t last_event);
  void tell_latest();
  Common common();
  std::string why_it_may_not_leave(const model::OrderRequest& order);  // the gate's thread
  model::ConnectionId account_of(const model::Trigger& trigger) const;
  Standing with_sessions(Standing standing) const;

  Schedulers schedulers_;
  store::Writer& writer_;
  BrokerDoor door_;
  RuntimeSettings settings_;
  std::function<void()> fenced_;
  StandingBoard standing_;
  PriceBoard prices_;
  LatencyBoard latency_;
  CommitQueue commits_;
  Watchman watchman_;
  MarketAgent market_;
  std::unique_ptr<feed::Feed> feed_;
  Accounts accounts_;
  History history_;
  ConnectionDesk connections_;

  // The orders' thread's own.
  std::uint64_t boot_number_ = 0;
  std::int64_t lease_epoch_ = 0;  // 0: not the holder
  bool running_ = false;
  bool booting_ = false;         // the accounts are not told to begin yet
  std::string stopped_in_boot_;  // why; empty: it was not
  bool draining_ = false;
  agent::TimerId drain_timer_ = 0;

  std::mutex events_mutex_;
  std::function<void(std::int64_t)> heard_;
  std::int64_t told_event_ = 0;
  bool telling_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
