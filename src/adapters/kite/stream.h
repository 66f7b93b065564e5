#pragma once
#include <memory>

#include "broker/market_stream.h"
#include "kite/config.h"
#include "net/loop.h"

namespace hmt::kite {

// One connection to the ticker (kite-protocol 2), in full mode. Subscriptions go in frames of 500
// tokens. What cannot be read is counted to the observer and never ends the connection. The
// observer may close it from within a call. Thread rule: the loop's thread.
class TickerStream final : public broker::MarketStream {
 public:
  TickerStream(net::Loop& loop, const KiteConfig& config, std::shared_ptr<AccessToken> token,
               broker::StreamObserver& observer);
  ~TickerStream() override;

  void open() override;
  void close() override;
  void subscribe(std::span<const model::InstrumentToken> tokens) override;
  void unsubscribe(std::span<const model::InstrumentToken> tokens) override;

 private:
  struct Line;

  net::Loop& loop_;
  KiteConfig config_;
  std::shared_ptr<AccessToken> token_;
  broker::StreamObserver& observer_;
  std::shared_ptr<Line> line_;  // null: not open
};

}  // namespace hmt::kite
