#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "feed/connection.h"
#include "feed/freshness.h"
#include "feed/lateness.h"
#include "feed/quiet.h"
#include "feed/unlisted.h"
#include "model/token_map.h"

// Keeps the prices of all wanted instruments coming, over as few connections as hold them, and says
// of every packet whether it may fire a trigger. Thread rule: the scheduler's thread; every call of
// the observer is on it too, and may call the feed back (but not destroy it).
namespace hmt::feed {

enum class FeedStatus : std::uint8_t { disconnected, connecting, connected };
std::string_view word(FeedStatus);  // "disconnected" …

// A connection was lost, or is back. In between, nobody watched its tokens, and order updates may
// have been lost.
struct Gap {
  bool back = false;
  std::size_t connection = 0;
  std::string reason;       // of the loss
  base::Duration lasted{};  // when it is back
  std::vector<model::InstrumentToken> tokens;
};

class FeedObserver {
 public:
  virtual ~FeedObserver() = default;
  // Every packet of a wanted token, stamped with its epoch and freshness; fresh or not.
  virtual void on_ticks(std::span<const model::Tick> ticks) = 0;
  virtual void on_order(const model::BrokerOrder& order) = 0;  // may repeat, lag, or be lost
  virtual void on_notice(std::string_view kind, std::string_view text) = 0;
  virtual void on_feed_status(FeedStatus status, std::string_view reason) = 0;
  virtual void on_gap(const Gap& gap) = 0;
  // For so long no packet has come, though heartbeats do and a session is open; told again as it
  // lasts. Nothing: it is over.
  virtual void on_quiet(std::optional<base::Duration> lasts) = 0;
  // The exchange trades on a day on which the calendar has no session of it, so that nothing of it
  // fires; or no more.
  virtual void on_unlisted_session(model::Exchange exchange, bool lasts) = 0;
  // Attempts have stopped: only a new session, and then renew_session(), brings them back.
  virtual void on_session_refused(std::string_view reason) = 0;
};

struct FeedConfig {
  ConnectionRules connection;
  FreshnessRules freshness;
  LatenessRules lateness;
  QuietRules quiet;
  UnlistedRules unlisted;
  std::uint64_t seed = 0;  // of the jitter
};

struct FeedCounters {
  std::uint64_t frames = 0;
  std::uint64_t ticks = 0;
  std::uint64_t skipped = 0;   // packets and frames that could not be read
  std::uint64_t unwanted = 0;  // packets of tokens that nobody wants any more; dropped
  std::array<std::uint64_t, 7> by_freshness{};  // in the order of model::Freshness
  std::uint64_t opened = 0;
  std::uint64_t lost = 0;    // open connections that ended
  std::uint64_t failed = 0;  // attempts that did not open
};

class Feed final : private ConnectionOwner {
 public:
  Feed(agent::Scheduler& scheduler, broker::MakeStream make_stream, broker::StreamLimits limits,
       FeedConfig config, model::Calendar calendar, FeedObserver& observer);
  ~Feed() override;
  Feed(const Feed&) = delete;
  Feed& operator=(const Feed&) = delete;

  void start();
  void stop();           // everything closed; what is wanted stays wanted
  void renew_session();  // there is a new session: attempts are made again, at once

  // Each want needs its own unwant. Subscriptions of one turn leave together. Errors: invalid
  // (no such segment), exhausted (all connections are full).
  base::Result<void> want(model::InstrumentToken token);
  void unwant(model::InstrumentToken token);

  // Subscribed on an open connection that had a frame within the last 5 s, and is not as late as
  // one that was given up for that.
  bool is_live(model::InstrumentToken token) const;
  bool is_session_open(model::InstrumentToken token) const;  // of its exchange, at this moment
  std::optional<base::Instant> last_tick_at(model::InstrumentToken token) const;

  FeedStatus status() const;
  bool is_session_refused() const { return session_refused_; }
  std::size_t token_count() const { return tokens_.entries().size(); }
  const FeedCounters& counters() const { return counters_; }

 private:
  struct Token {
    std::uint32_t wants = 0;
    std::size_t connection = 0;
    bool subscribed = false;  // on the connection as it is open now
    Seen seen;
    std::optional<base::Instant> last_tick_at;
  };
  struct Slot {
    std::unique_ptr<Connection> connection;
    std::size_t tokens = 0;
    std::uint32_t epoch = 0;
    Lateness lateness;  // since it was opened
    std::optional<base::Duration> fallen_behind;
    // Given up as late, and nothing timely has come since: when that was seen last.
    std::optional<base::Duration> late_at;
    Quiet quiet;
    std::optional<base::Duration> lost_at;
    std::string lost_reason;
  };
  class Sessions;

  void connection_opened(Connection& connection) override;
  void connection_closed(Connection& connection, bool was_open, broker::StreamEnd end,
                         std::string_view reason) override;
  void connection_frame(Connection& connection) override;
  void connection_ticks(Connection& connection, std::span<model::Tick> ticks) override;
  void connection_order(const model::BrokerOrder& order) override { observer_.on_order(order); }
  void connection_notice(std::string_view kind, std::string_view text) override {
    observer_.on_notice(kind, text);
  }
  void connection_malformed(std::size_t count) override { counters_.skipped += count; }

  bool is_needed(const Slot& slot) const;
  bool is_doubted(const Slot& slot) const;
  void start_needed();
  void refuse_session();
  Slot* slot_with_room();
  void change_soon(model::InstrumentToken token);
  void apply_changes();
  std::vector<model::InstrumentToken> subscribe_all(const Connection& connection);
  std::vector<model::InstrumentToken> forget_subscriptions(const Connection& connection);
  bool stamp(model::Tick& tick, Slot& slot, Sessions& sessions, base::Instant now,
             base::Duration steady);
  void measure_lateness(model::Tick& tick, Slot& slot, base::Duration steady);
  void give_up_when_late(Connection& connection);
  bool has_open_session(const Connection& connection) const;
  void give_up_when_quiet(Connection& connection);
  void note_unlisted(const model::Tick& tick, base::Instant now);
  void tell_unlisted();
  void tell_quiet();
  void tell_status(std::string_view reason);
  void tell_when_connected();

  agent::Scheduler& scheduler_;
  broker::MakeStream make_stream_;
  broker::StreamLimits limits_;
  FeedConfig config_;
  model::Calendar calendar_;
  FeedObserver& observer_;
  FeedCounters counters_;
  std::vector<Slot> slots_;
  LeastLate least_late_;
  model::TokenMap<Token> tokens_;
  struct UnlistedOf {
    Unlisted trades;
    bool told = false;
  };
  std::map<model::Exchange, UnlistedOf> unlisted_;
  std::vector<model::InstrumentToken> changed_;
  std::uint32_t epoch_ = 0;
  bool running_ = false;
  bool session_refused_ = false;
  FeedStatus told_status_ = FeedStatus::disconnected;
  std::string told_reason_;
  bool told_quiet_ = false;
  // Posted tasks hold it weakly: gone means that the feed is.
  std::shared_ptr<Feed*> alive_;
};

}  // namespace hmt::feed
