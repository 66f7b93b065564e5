#pragma once
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "sim/prices.h"
#include "sim/refusal.h"

namespace hmt::sim {

struct Candle {
  base::Instant start{};
  Price open, high, low, close;
  std::int64_t volume = 0;
};

// "minute", "3minute", … "60minute", "day"; nothing for another word.
struct Interval {
  base::Duration length{};
  int days_max = 0;  // of one request
};
std::optional<Interval> interval_of(std::string_view word);

// Invented history of an instrument: equal instruments, seeds and times give equal candles, and
// the one that holds `now` closes at the last price. Monday to Friday, 09:15 to 15:30. Errors:
// InputException for a span that is too long or ends before it starts.
Answer<std::vector<Candle>> candles(const Prices& prices, const model::Instrument& instrument,
                                    Interval interval, base::Instant from, base::Instant until,
                                    base::Instant now);

}  // namespace hmt::sim
