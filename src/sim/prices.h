#pragma once
#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/price.h"
#include "base/result.h"
#include "base/time.h"
#include "model/catalogue.h"
#include "sim/config.h"

namespace hmt::sim {

using model::InstrumentToken;

struct DepthLevel {
  std::int64_t quantity = 0;
  Price price;
  std::int64_t orders = 0;
};

// What the market shows of one instrument: the content of a full packet and of a quote.
struct Snapshot {
  InstrumentToken token = 0;
  Price last = {}, average = {}, open = {}, high = {}, low = {};
  Price close = {};  // of the previous day
  std::int64_t last_quantity = 0, volume = 0, buy_quantity = 0, sell_quantity = 0;
  std::int64_t open_interest = 0, open_interest_high = 0, open_interest_low = 0;
  base::Instant last_trade_time{}, exchange_time{};  // epoch: none
  std::array<DepthLevel, 5> bids = {}, asks = {};
};

// The day's prices of every instrument: seeded random walks on the tick grid, scripts and direct
// settings. Equal seeds and equal calls give equal prices.
class Prices {
 public:
  // Until its first trade an instrument shows one of long before `start`.
  Prices(const model::Catalogue& catalogue, std::uint64_t seed, base::Instant start);

  const model::Catalogue& catalogue() const { return catalogue_; }
  Snapshot snapshot(InstrumentToken token) const;  // REQUIRES: in the catalogue
  Price last(const model::Instrument& instrument) const;
  // Grows with each trade of the instrument.
  std::uint64_t version(const model::Instrument& instrument) const;
  Price lower_circuit(const model::Instrument& instrument) const;
  Price upper_circuit(const model::Instrument& instrument) const;

  // A trade at `price`. Errors: invalid when it is not positive, off the tick grid, or too large
  // for the wire.
  base::Result<void> trade(const model::Instrument& instrument, Price price, base::Instant now);
  // One step of the random walk, taken with a chance of `per_hundred`; whether it traded.
  bool step(const model::Instrument& instrument, std::uint32_t per_hundred, base::Instant now);

 private:
  struct State {
    Price last, open, high, low, close;
    std::int64_t volume = 0, last_quantity = 0;
    std::int64_t turnover_ticks = 0;  // Σ (price − close) in ticks × quantity: for the average
    std::uint64_t random = 0, version = 0;
    base::Instant last_trade_time{};
  };
  State& state(const model::Instrument& instrument);
  const State& state(const model::Instrument& instrument) const;
  static void record(State& state, const model::Instrument& instrument, Price price,
                     std::int64_t quantity, base::Instant now);

  const model::Catalogue& catalogue_;
  std::vector<State> states_;  // as Catalogue::all()
};

// Lines of "<seconds> <EXCH:SYMBOL> <price>", seconds with at most seven decimals; empty lines and
// those that start with '#' are skipped. Errors: invalid, naming the line.
base::Result<std::vector<ScriptedPrice>> parse_price_script(std::string_view text);

// "NSE:NIFTY 50"; null: no such instrument.
const model::Instrument* find_instrument(const model::Catalogue& catalogue, std::string_view name);

}  // namespace hmt::sim
