#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "net/http_server.h"
#include "net/web_socket.h"
#include "sim/broker.h"
#include "sim/ticker_encoder.h"

namespace hmt::sim {

// The ticker's sockets: who listens to which tokens in which mode, heartbeats, conflated frames,
// order updates, and what is scripted to go wrong with them. Thread rule: the loop's thread.
class Ticker {
 public:
  explicit Ticker(Broker& broker);
  ~Ticker();

  // REQUIRES: incoming.wants_web_socket. Refuses with 403 or 429 (kite-protocol 2.2).
  void connect(const net::Incoming& incoming, net::Responder responder);

  void send_prices();  // what has changed since it was last sent
  void send_order(const OrderUpdate& update);
  void send_text(const std::string& type, const std::string& text);  // "message" or "error"

  void pause(std::optional<base::Duration> length);  // nothing is sent; none: until `resume`
  void resume();
  void drop_all();   // no close frame
  void close_all();  // politely
  std::size_t sockets() const { return connections_.size(); }
  std::vector<InstrumentToken> watched() const;

 private:
  struct Subscription {
    TickMode mode = TickMode::quote;
    std::uint64_t sent_version = 0;
    Price sent_last;
  };
  struct Connection {
    std::uint64_t id = 0;
    std::string api_key;
    std::string user_id;
    net::WebSocket socket;
    std::map<InstrumentToken, Subscription> subscriptions;
  };

  std::optional<int> refusal_of(const std::string& api_key, const std::string& access_token);
  void on_text(std::uint64_t id, std::string_view text);
  void subscribe(Connection& to, const std::vector<InstrumentToken>& tokens,
                 std::optional<TickMode> mode);
  void send_cached(Connection& to, const std::vector<InstrumentToken>& tokens);
  void send_packets(Connection& to, std::vector<Bytes>& packets);
  void send_to_user(const std::string& user_id, const std::string& message);
  void release_held();
  void beat();
  bool is_silent() const { return paused_; }

  Broker& broker_;
  std::map<std::uint64_t, Connection> connections_;
  std::uint64_t last_id_ = 0;
  bool paused_ = false;
  std::optional<std::pair<std::string, std::string>> held_;  // user and message, out of order
  agent::TimerId heartbeat_timer_ = 0, resume_timer_ = 0, held_timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // for callbacks that come late
};

}  // namespace hmt::sim
