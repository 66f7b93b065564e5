#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>

#include "model/order.h"
#include "model/tick.h"

namespace hmt::broker {

enum class StreamEnd : std::uint8_t {
  lost,             // network, server, protocol: try again
  session_refused,  // 403: the token is dead, or the plan has no market data; asking again is
                    // useless
  too_many,         // 429: this key has too many connections
};

// What one connection tells. Called on the loop's thread.
class StreamObserver {
 public:
  virtual ~StreamObserver() = default;
  virtual void on_open() = 0;
  virtual void on_heartbeat() = 0;  // any frame of prices, the 1-byte ones too
  virtual void on_ticks(
      std::span<model::Tick> ticks) = 0;  // received_at is set; freshness and epoch are not
  virtual void on_order(const model::BrokerOrder& order) = 0;
  virtual void on_notice(std::string_view kind,
                         std::string_view text) = 0;  // "message", "error": for people
  virtual void on_malformed(std::size_t) {}           // so many packets or frames could not be read
  virtual void on_closed(StreamEnd end, std::string_view reason) = 0;  // once per open()
};

// One connection to a venue's live prices, full mode. Thread rule: its loop's thread.
class MarketStream {
 public:
  virtual ~MarketStream() = default;
  virtual void open() = 0;   // REQUIRES: not open
  virtual void close() = 0;  // at once; on_closed does not follow
  virtual void subscribe(std::span<const model::InstrumentToken> tokens) = 0;    // REQUIRES: open
  virtual void unsubscribe(std::span<const model::InstrumentToken> tokens) = 0;  // REQUIRES: open
};

struct StreamLimits {
  std::size_t connections_max = 3;
  std::size_t tokens_per_connection_max = 3000;
};

using MakeStream = std::function<std::unique_ptr<MarketStream>(StreamObserver&)>;

}  // namespace hmt::broker
