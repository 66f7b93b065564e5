#pragma once
#include <memory>
#include <optional>
#include <string>

#include "agent/scheduler.h"
#include "broker/market_stream.h"
#include "feed/backoff.h"

// One connection to the venue's prices, kept up: it notices silence, and says when to try again.
// What to subscribe and whether to try at all is its owner's. Thread rule: the scheduler's thread.
namespace hmt::feed {

struct ConnectionRules {
  base::Duration silence_max = std::chrono::seconds(5);        // heartbeats come every second
  base::Duration connect_time_max = std::chrono::seconds(15);  // a stream that never answers open()
  BackoffRules backoff;
};

class Connection;

class ConnectionOwner {
 public:
  virtual ~ConnectionOwner() = default;
  virtual void connection_opened(Connection&) = 0;
  virtual void connection_closed(Connection&, bool was_open, broker::StreamEnd end,
                                 std::string_view reason) = 0;
  virtual void connection_frame(Connection&) = 0;
  virtual void connection_ticks(Connection&, std::span<model::Tick> ticks) = 0;
  virtual void connection_order(const model::BrokerOrder& order) = 0;
  virtual void connection_notice(std::string_view kind, std::string_view text) = 0;
  virtual void connection_malformed(std::size_t count) = 0;
};

class Connection final : private broker::StreamObserver {
 public:
  enum class State : std::uint8_t { idle, waiting, connecting, open };

  Connection(std::size_t index, agent::Scheduler& scheduler, const broker::MakeStream& make_stream,
             ConnectionRules rules, std::uint64_t seed, ConnectionOwner& owner);
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void start();  // at the next turn, with a new stream; nothing when it is open or connecting
  // After connection_closed: at once when it had been open, unless it already came back at once a
  // moment ago; else after the next back-off. Returns the wait.
  base::Duration retry(bool was_open, broker::StreamEnd end);
  void halt();                            // closed, and no attempt follows
  void hold();                            // no attempt follows; an open connection stays
  void give_up(std::string_view reason);  // REQUIRES: open. As if it had been lost

  void subscribe(std::span<const model::InstrumentToken> tokens);    // REQUIRES: open
  void unsubscribe(std::span<const model::InstrumentToken> tokens);  // REQUIRES: open

  std::size_t index() const { return index_; }
  State state() const { return state_; }
  bool is_open() const { return state_ == State::open; }
  bool is_heard() const;  // open, and a frame came within `silence_max`
  // It was dropped for its silence, and no frame has come since: open again means nothing yet.
  bool is_mute() const { return mute_; }

 private:
  void on_open() override;
  void on_heartbeat() override;
  void on_ticks(std::span<model::Tick> ticks) override;
  void on_order(const model::BrokerOrder& order) override;
  void on_notice(std::string_view kind, std::string_view text) override;
  void on_malformed(std::size_t count) override;
  void on_closed(broker::StreamEnd end, std::string_view reason) override;

  void connect();
  void drop(std::string_view reason);
  void retire();
  void set_timer(base::Duration delay, void (Connection::*what)());
  void check_silence();
  void give_up_connecting();

  std::size_t index_;
  agent::Scheduler& scheduler_;
  const broker::MakeStream& make_stream_;
  ConnectionRules rules_;
  ConnectionOwner& owner_;
  Backoff backoff_;
  State state_ = State::idle;
  std::unique_ptr<broker::MarketStream> stream_;
  // The stream before: it may still be inside one of its calls to us.
  std::unique_ptr<broker::MarketStream> retired_;
  agent::TimerId timer_ = 0;
  base::Duration last_frame_{};
  bool mute_ = false;
  std::optional<base::Duration> last_quick_retry_;
};

}  // namespace hmt::feed
