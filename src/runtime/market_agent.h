#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "agent/metrics.h"
#include "agent/scheduler.h"
#include "engine/engine.h"
#include "feed/feed.h"
#include "runtime/commit_queue.h"
#include "runtime/price_board.h"
#include "runtime/standing_board.h"
#include "runtime/telemetry.h"

// The market's thread: ticks in, the engine's decisions out. It drives the engine and carries out
// its effects; it decides nothing. All calls on its scheduler's thread.
namespace hmt::runtime {

// The way to the orders' thread and to the owner. Any of these may be called on the market's
// thread.
struct MarketLinks {
  std::function<bool()> reserve;                                      // gate::Gate::reserve
  std::function<void(const model::Attempt&, model::Purpose)> submit;  // also from the commit thread
  std::function<void()> read_book;
  std::function<void(const std::string&)> account_blocked;
  std::function<void()> fenced;
  std::function<void(bool, const std::string&)> ticker_session;  // accepted or refused
};

class MarketAgent final : public feed::FeedObserver {
 public:
  MarketAgent(agent::Scheduler& scheduler, CommitQueue& commits, StandingBoard& standing,
              PriceBoard& prices, MarketLinks links);
  ~MarketAgent() override;

  void use_feed(feed::Feed& feed) { feed_ = &feed; }

  // Drops the engine, ahead of reading the records: what happens from here on belongs to the next.
  void forget();
  // Takes over what the records hold, and what the broker's book says at this moment; a former
  // engine is forgotten. What was heard before `begin` is played after it.
  void begin(engine::Settings settings, const store::Recovery& recovery, engine::BookRead book);
  void evaluate(bool on);
  void handle(engine::Event event);
  void want_prices(std::uint64_t who, std::vector<model::InstrumentToken> tokens);

  // feed::FeedObserver
  void on_ticks(std::span<const model::Tick> ticks) override;
  void on_order(const model::BrokerOrder& order) override;
  void on_notice(std::string_view kind, std::string_view text) override;
  void on_feed_status(feed::FeedStatus status, std::string_view reason) override;
  void on_gap(const feed::Gap& gap) override;
  void on_session_refused(std::string_view reason) override;

 private:
  void carry_out();
  void carry_out(engine::MakeClaim& effect);
  void carry_out(engine::Submit& effect);
  void carry_out(engine::Write& effect);
  void carry_out(engine::Watch& effect);
  void carry_out(engine::Unwatch& effect);
  void carry_out(engine::Armed& effect);
  void carry_out(engine::Disarmed& effect);
  void carry_out(engine::ReadBook& effect);
  void carry_out(engine::Reread& effect);
  void carry_out(engine::AccountBlocked& effect);
  void carry_out(engine::Fenced& effect);
  void reread(model::TriggerId id);
  void unwant(model::InstrumentToken token);
  void serve_unserved();
  void hold_against_last_price(model::InstrumentToken token);
  void compare_clocks(const model::Tick& tick, base::Instant now);
  void wake_when_due();
  void tell_counts();

  agent::Scheduler& scheduler_;
  CommitQueue& commits_;
  StandingBoard& standing_;
  PriceBoard& prices_;
  MarketLinks links_;
  feed::Feed* feed_ = nullptr;
  Telemetry telemetry_;
  agent::Histogram to_durable_ = tick_to_durable_seconds();

  std::optional<engine::Engine> engine_;
  std::vector<engine::Event> early_;
  std::vector<engine::Effect> effects_;
  std::vector<engine::Effect> in_hand_;
  std::set<model::InstrumentToken> watched_;   // by the engine
  std::set<model::InstrumentToken> unserved_;  // wanted by it, and no connection has room
  bool clock_behind_ = false;
  // What is armed now is held against the price that stands, not only against the next one.
  std::map<model::InstrumentToken, model::Tick> last_fresh_;
  std::map<std::uint64_t, std::vector<model::InstrumentToken>> wanted_;
  agent::TimerId wake_timer_ = 0;
  agent::TimerId counts_timer_ = 0;
  std::optional<base::Instant> wake_at_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
