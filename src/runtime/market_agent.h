#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <vector>

#include "agent/metrics.h"
#include "agent/scheduler.h"
#include "engine/engine.h"
#include "feed/feed.h"
#include "runtime/clock_watch.h"
#include "runtime/commit_queue.h"
#include "runtime/fresh_prices.h"
#include "runtime/latency_board.h"
#include "runtime/price_board.h"
#include "runtime/price_memory.h"
#include "runtime/standing_board.h"
#include "runtime/telemetry.h"

// The market's thread: ticks in, the engines' decisions out. One feed serves an engine for each
// account; it drives them and carries out their effects; it decides nothing. All calls on its
// scheduler's thread.
namespace hmt::runtime {

// The way to the owner. Any of these may be called on the market's thread.
struct MarketLinks {
  std::function<void(std::int64_t epoch)> fenced;
  std::function<void(bool, const std::string&)> ticker_session;  // accepted or refused
  std::function<void(base::Duration by)> clock_stepped;
  // Whether the lease is fresh enough for an order to leave; none: it lasts as long as the process.
  std::function<bool()> may_fire;
};

// The way to an account's part of the orders' thread.
struct AccountLinks {
  std::function<bool()> reserve;                                      // gate::Gate::reserve
  std::function<void(const model::Attempt&, model::Purpose)> submit;  // also from the commit thread
  std::function<void()> read_book;
  std::function<void(const std::string&)> blocked;
};

class MarketAgent final : public feed::FeedObserver {
 public:
  // `many`: triggers belong to the account that they name; else all belong to the nil one.
  MarketAgent(agent::Scheduler& scheduler, CommitQueue& commits, StandingBoard& standing,
              PriceBoard& prices, LatencyBoard& latency, MarketLinks links, bool many,
              base::Duration counts_period);
  ~MarketAgent() override;

  void use_feed(feed::Feed& feed) { feed_ = &feed; }

  // Only rows of its owner are its engine's, whoever else names the connection.
  void add_account(model::ConnectionId id, model::UserId owner, AccountLinks links);
  void remove_account(model::ConnectionId id);
  // Its engine ends: it claims nothing any more.
  void forget(model::ConnectionId id);
  void forget_all();
  // The lease is another's: what is still heard of orders is its holder's to find, and must not be
  // played to an engine of a later lease.
  void lose_lease();
  // The way of an engine. Ahead of reading its account's records, one is made and the former
  // dropped: what happens from here on belongs to the next. It takes the records in parts, while
  // more are read, and begins with what the broker's book says at that moment. What was heard
  // meanwhile is played then, and only then is anything carried out. One that was forgotten on its
  // way takes nothing and does not begin.
  void prepare(model::ConnectionId id, engine::Settings settings);
  void take(model::ConnectionId id, store::Recovery part);
  void begin(model::ConnectionId id, engine::BookRead book);
  void evaluate(model::ConnectionId id, bool on);
  void stop_evaluating();
  void handle(model::ConnectionId id, engine::Event event);
  // News of a row goes to the engine that it belongs to now, and takes it from any other.
  void row_changed(const model::Trigger& trigger);
  void row_removed(model::TriggerId id);
  // Takes a row that must not be watched as it is out of its engine, until it changes.
  void set_aside(const model::Trigger& trigger);
  // What all engines hold, as a full compare with the table needs it.
  struct HeldRows {
    std::vector<store::Held> rows;
    std::set<model::ConnectionId> accounts;  // whose rows these are
  };
  HeldRows held() const;  // in no order
  PriceMemory& memory() { return memory_; }
  void want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens);

  // feed::FeedObserver
  void on_ticks(std::span<const model::Tick> ticks) override;
  void on_order(const model::BrokerOrder& order) override;
  void on_notice(std::string_view kind, std::string_view text) override;
  void on_feed_status(feed::FeedStatus status, std::string_view reason) override;
  void on_gap(const feed::Gap& gap) override;
  void on_quiet(std::optional<base::Duration> lasts) override;
  void on_unlisted_session(model::Exchange exchange, bool lasts) override;
  void on_session_refused(std::string_view reason) override;

 private:
  // An engine that takes over the records and has not begun.
  struct Next {
    std::unique_ptr<engine::Engine> engine;
    std::string account;  // the broker's user id
    std::vector<model::Attempt> attempts;
    std::map<model::TriggerId, std::optional<model::Trigger>> rows;  // of the attempts
    std::vector<engine::Effect> effects;                             // but for what is armed
  };

  // One account's engine, and what it has asked for.
  struct Account {
    model::ConnectionId id;
    model::UserId owner;
    AccountLinks links;
    std::string name;  // the broker's user id, once its engine has begun
    std::unique_ptr<engine::Engine> engine;
    std::optional<Next> next;          // its records are being read: all news is kept for it
    std::vector<engine::Event> early;  // heard before the engine began
    bool is_away = false;              // since the lease was lost
    std::map<model::TriggerId, std::int64_t> aside;  // by version
    std::set<model::InstrumentToken> watched;
    std::set<model::InstrumentToken> unserved;  // wanted, and no connection has room
    agent::TimerId wake_timer = 0;
    std::optional<base::Instant> wake_at;
    bool wake_asked = false;
  };

  Account* find(model::ConnectionId id);
  bool owns(const Account& account, const model::Trigger& trigger) const;
  void handle(Account& account, engine::Event event);
  void forget(Account& account);
  void arm(Account& account, const std::vector<model::Trigger>& triggers, base::Instant now);
  void recover_attempts(engine::Engine& engine, const Next& next, base::Instant now);
  base::Instant read_clock();
  bool lease_allows();
  void evaluate_tick(const model::Tick& tick, base::Instant now);
  void finish(Account& account);  // carries out what the engine has asked for
  void carry_out(Account& account, engine::MakeClaim& effect);
  void carry_out(Account& account, engine::Submit& effect);
  void carry_out(Account& account, engine::Write& effect);
  void carry_out(Account& account, engine::Watch& effect);
  void carry_out(Account& account, engine::Unwatch& effect);
  void carry_out(Account& account, engine::Armed& effect);
  void carry_out(Account& account, engine::Disarmed& effect);
  void carry_out(Account& account, engine::ReadBook& effect);
  void carry_out(Account& account, engine::Reread& effect);
  void carry_out(Account& account, engine::AccountBlocked& effect);
  void carry_out(Account& account, engine::Fenced& effect);
  void watch(Account& account, model::InstrumentToken token);
  void unwatch(Account& account, model::InstrumentToken token);
  void reread(model::ConnectionId id, model::TriggerId trigger);
  void unwant(model::InstrumentToken token);
  void serve_unserved();
  void hold_against_last_price(Account& account, model::InstrumentToken token);
  void compare_clocks(std::span<const model::Tick> ticks, base::Instant now);
  void tell_clock_behind(base::Duration age);
  void tell_prices_old(const model::Tick& newest, base::Duration age);
  void wake_later(Account& account);
  void wake_when_due(Account& account);
  void tell_counts();

  agent::Scheduler& scheduler_;
  CommitQueue& commits_;
  StandingBoard& standing_;
  PriceBoard& prices_;
  LatencyBoard& latency_;
  PriceMemory memory_;
  MarketLinks links_;
  const bool many_;
  const base::Duration counts_period_;
  feed::Feed* feed_ = nullptr;
  Telemetry telemetry_;
  agent::Histogram to_durable_ = tick_to_durable_seconds();
  agent::Histogram evaluation_ = evaluation_seconds();

  std::map<model::ConnectionId, Account> accounts_;  // nodes stay where they are
  // Whose engines watch an instrument. With a single account nobody looks here.
  std::unordered_map<model::InstrumentToken, std::vector<Account*>> watchers_;
  std::vector<engine::Effect> effects_;
  std::vector<engine::Effect> in_hand_;
  ClockWatch clock_watch_;
  bool clock_behind_ = false;
  std::uint32_t newest_exchange_time_ = 0;
  std::int64_t told_old_ = 0;  // seconds; 0: they are not
  bool may_fire_ = true;
  FreshPrices fresh_;
  std::map<std::uint64_t, std::vector<model::InstrumentToken>> wanted_;
  std::int64_t ticks_ = 0;  // while there are several engines
  std::int64_t ticks_untold_ = 0;
  agent::TimerId counts_timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
