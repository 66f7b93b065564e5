#pragma once
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

#include "model/candle.h"
#include "model/tick.h"
#include "runtime/desk.h"
#include "runtime/extremes.h"

// What was seen of each instrument that is on the wire, for people: how near a level came, the last
// packet that could fire nothing, and candles of a minute. It decides nothing. Limits: candles of
// 1,000 instruments, 900 for each (a session of 15 hours); past them instruments have none, and the
// oldest of one go. Thread rule: the market's thread.
namespace hmt::runtime {

class PriceMemory {
 public:
  static constexpr std::size_t candles_max = 900;
  static constexpr std::size_t instruments_with_candles_max = 1000;

  void note(const model::Tick& tick);
  // Nobody saw its prices between the two. Limit: the last eight are kept.
  void note_gap(model::InstrumentToken token, base::Instant from, base::Instant until);
  void forget(model::InstrumentToken token);  // nobody watches it any more

  // Of an armed trigger, since its last change.
  Approach approach(const model::Trigger& trigger) const;
  // Oldest first; those that begin in [from, until).
  std::vector<model::Candle> minutes_of(model::InstrumentToken token, base::Instant from,
                                        base::Instant until) const;

 private:
  struct Minute {
    std::int64_t number = 0;  // of minutes since 1970
    model::WirePrice open = 0, high = 0, low = 0, close = 0;
  };
  struct Memory {
    Extremes extremes;
    std::optional<model::Tick> unfresh;
    std::deque<Minute> minutes;
    std::deque<Gap> gaps;
  };
  static constexpr std::size_t gaps_max = 8;

  void note_minute(Memory& memory, const model::Tick& tick);

  std::unordered_map<model::InstrumentToken, Memory> memories_;
  std::size_t with_candles_ = 0;
};

// Minutes put together. Oldest first, as given. Intervals begin where India's clock has whole ones.
std::vector<model::Candle> in_intervals(const std::vector<model::Candle>& minutes,
                                        model::Interval interval);

}  // namespace hmt::runtime
