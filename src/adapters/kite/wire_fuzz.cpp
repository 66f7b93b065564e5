#include <cstdlib>
#include <tuple>

#include "kite/naive_wire.h"
#include "kite/wire.h"

namespace {

auto fields_of(const hmt::model::Tick& t) {
  return std::tuple(t.token, t.last, t.volume, t.open, t.high, t.low, t.close, t.last_trade_time,
                    t.exchange_time);
}

}  // namespace

// Any bytes: both decoders agree, and neither leaves the frame.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static std::vector<hmt::model::Tick> ticks;
  const auto report = hmt::kite::decode_frame({data, size}, {}, ticks);
  const auto [expected, expected_ticks] = hmt::kite::naive_decode({data, data + size}, {});
  if (!(report == expected) || ticks.size() != expected_ticks.size()) std::abort();
  for (std::size_t i = 0; i < ticks.size(); ++i) {
    if (fields_of(ticks[i]) != fields_of(expected_ticks[i])) std::abort();
  }
  return 0;
}
