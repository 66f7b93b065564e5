#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "agent/scheduler.h"
#include "broker/gateway.h"
#include "engine/engine.h"
#include "feed/feed.h"
#include "gate/gate.h"
#include "model/calendar.h"
#include "runtime/commit_queue.h"
#include "runtime/desk.h"
#include "runtime/market_agent.h"
#include "runtime/order_agent.h"
#include "runtime/price_board.h"
#include "runtime/standing_board.h"
#include "store/store.h"

// The running engine: the agents, the way from start-up to armed, and the desk that people ask.
//
// Start-up is recovery, whatever came before: lease → account → instruments → records → order book
// → gate → engine → feed. What fails is told on the standing board with its remedy and tried again;
// nothing is armed before all of it has succeeded. Thread rule: construct and destroy while none of
// its threads runs; otherwise any thread.
namespace hmt::runtime {

struct Schedulers {
  agent::Scheduler& market;
  agent::Scheduler& orders;
  agent::Scheduler& answers;  // where the desk's answers run
};

struct RuntimeSettings {
  engine::Settings engine;  // lease_epoch and account are filled in by start-up
  gate::Settings gate;
  Configured configured;
  model::Calendar calendar;
  std::string holder;  // who holds the lease, for people
  base::Duration health_period = std::chrono::seconds(30);
  base::Duration start_retry = std::chrono::seconds(5);  // doubles to a minute
  std::string venue;  // "kite" or "simulator": the records are tied to it and to the account
};

using MakeFeed = std::function<std::unique_ptr<feed::Feed>(feed::FeedObserver&)>;

class Runtime : public Desk, public CommitObserver, public OrderListener {
 public:
  Runtime(Schedulers schedulers, store::Writer& writer, broker::OrderGateway& gateway,
          const MakeFeed& make_feed, RuntimeSettings settings, std::function<void()> on_fenced);
  ~Runtime() override;

  CommitQueue& commits() { return commits_; }  // its `run` wants a thread

  void launch();

  // No more ticks; `done` runs on the orders' thread when nothing is in flight, or after
  // `patience`.
  void drain(base::Duration patience, std::function<void()> done);

  // Desk
  void create(model::Trigger trigger, store::Actor actor,
              std::optional<store::Idempotency> idempotency, Done<store::Written> done) override;
  void edit(model::Trigger edited, std::int64_t version, store::Actor actor,
            std::optional<store::Idempotency> idempotency, Done<store::Written> done) override;
  void cancel(model::TriggerId id, std::optional<std::int64_t> version, store::Actor actor,
              std::optional<store::Idempotency> idempotency, Done<store::Written> done) override;
  void start(store::Actor actor, Done<std::string> done) override;
  void stop(store::Actor actor, Done<std::string> done) override;
  Standing standing() const override;
  runtime::Watch watch(const model::Trigger& trigger) const override;
  Configured configured() const override { return settings_.configured; }
  std::shared_ptr<const model::Catalogue> catalogue() const override;
  void want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens) override;
  std::optional<LivePrice> last_price(model::InstrumentToken token) const override;
  void on_events(std::function<void(std::int64_t)> heard) override;

  // CommitObserver
  void on_committed(store::Changed changed) override;
  void on_store_away(const std::string& why) override;
  void on_store_back() override;
  void on_fenced() override;

  // OrderListener
  void on_order_event(engine::Event event) override;
  void on_broker_session(bool accepted, const std::string& why) override;
  void on_book_readable(bool readable, const std::string& why) override;

 private:
  // start_up.cpp: each step on the orders' thread, but for those that read or write the records
  struct Boot;
  void boot();
  void boot_settle(std::shared_ptr<Boot> boot);
  void boot_take_lease(std::shared_ptr<Boot> boot);
  void boot_ask_account(std::shared_ptr<Boot> boot);
  void boot_bind_account(std::shared_ptr<Boot> boot);
  void boot_ask_instruments(std::shared_ptr<Boot> boot);
  void boot_read_records(std::shared_ptr<Boot> boot);
  void boot_read_book(std::shared_ptr<Boot> boot);
  void boot_begin(std::shared_ptr<Boot> boot, engine::BookRead book);
  void boot_failed(std::shared_ptr<Boot> boot, const std::string& part, const std::string& why);
  void correct_tokens(const model::Catalogue& catalogue,
                      const std::vector<model::Trigger>& triggers);
  void tell_gone(const std::map<model::TriggerId, std::string>& gone);
  void check_health();
  void unblock();
  void health_answered(base::Result<broker::Account> account);
  void refresh_instruments();
  void tell_no_instruments(const std::string& why);
  void take_instruments(std::vector<model::Instrument> instruments);
  void use_catalogue(std::shared_ptr<const model::Catalogue> catalogue);
  void account_blocked(const std::string& why);
  void ticker_session(bool accepted, const std::string& why);
  void tell_session(const std::string& part, bool accepted, const std::string& why);
  void tell_unreadable(const store::Recovery& recovery);
  void close_down(base::Duration patience, std::function<void()> done);
  void note(std::string event, model::Severity severity, model::Detail detail);

  using Write = std::move_only_function<base::Result<store::Written>(store::Writer&)>;
  void write(Write job, Done<store::Written> done);
  void tell_events(std::int64_t last_event);
  MarketLinks links();

  Schedulers schedulers_;
  store::Writer& writer_;
  broker::OrderGateway& gateway_;
  RuntimeSettings settings_;
  std::function<void()> fenced_;
  StandingBoard standing_;
  PriceBoard prices_;
  CommitQueue commits_;
  OrderAgent orders_;
  MarketAgent market_;
  std::unique_ptr<feed::Feed> feed_;

  mutable std::mutex catalogue_mutex_;
  std::shared_ptr<const model::Catalogue> catalogue_ = std::make_shared<model::Catalogue>();

  // The orders' thread's own.
  std::uint64_t boot_number_ = 0;
  bool running_ = false;
  bool draining_ = false;
  std::set<model::TriggerId> gone_;         // triggers whose instrument does not trade today
  std::set<std::string> refused_sessions_;  // told already: "session", "ticker_session"
  base::TradingDate instruments_of_{};
  std::optional<base::Instant> unblock_at_;
  base::Duration block_for_{};
  agent::TimerId health_timer_ = 0;
  agent::TimerId drain_timer_ = 0;

  std::mutex events_mutex_;
  std::function<void(std::int64_t)> heard_;
  std::int64_t told_event_ = 0;
  bool telling_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
