#pragma once
#include <array>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

#include "model/candle.h"
#include "model/tick.h"
#include "model/token_map.h"
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
  Approach approach(const model::Trigger& trigger);
  // Oldest first; those that begin in [from, until).
  std::vector<model::Candle> minutes_of(model::InstrumentToken token, base::Instant from,
                                        base::Instant until);

 private:
  struct Minute {
    std::int64_t number = 0;  // of minutes since 1970
    model::WirePrice open = 0, high = 0, low = 0, close = 0;
  };
  using Seen = Extremes::Seen;
  // What people ask for, and what is put there of several prices at once: it is large, and of
  // thousands of instruments each lies elsewhere in memory.
  struct Told {
    Extremes extremes;
    std::optional<model::Tick> unfresh;
    std::deque<Minute> minutes;
    std::deque<Gap> gaps;
  };
  static constexpr std::size_t recent_max = 8;
  struct Memory {
    std::array<Seen, recent_max> recent;  // not told yet, oldest first
    std::size_t recent_count = 0;
    std::unique_ptr<Told> told;
  };
  static constexpr std::size_t gaps_max = 8;

  Told& told_of(Memory& memory);
  void note_minute(Told& told, const Seen& seen);
  const Told* find(model::InstrumentToken token);

  model::TokenMap<Memory> memories_;
  std::size_t with_candles_ = 0;
};

// Minutes put together. Oldest first, as given. Intervals begin where India's clock has whole ones.
std::vector<model::Candle> in_intervals(const std::vector<model::Candle>& minutes,
                                        model::Interval interval);

}  // namespace hmt::runtime
