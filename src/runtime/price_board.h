#pragma once
#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>

#include "model/tick.h"
#include "runtime/desk.h"

// The latest fresh price of every instrument that is on the wire, and until there is one, what else
// came that says how old it is. One thread posts, any thread reads, nobody waits. Limit: 16,384
// instruments at once (the venue allows 9,000); one more is not shown.
namespace hmt::runtime {

class PriceBoard {
 public:
  PriceBoard();

  void post(const model::Tick& tick);
  void forget(model::InstrumentToken token);  // nobody watches it any more: its price ages unseen
  std::optional<LivePrice> read(model::InstrumentToken token) const;

 private:
  struct Slot {
    std::atomic<std::uint32_t> token = 0;
    std::atomic<std::uint64_t> price = 0;  // with `fresh` above, so that they are read as one
    std::atomic<std::int64_t> at = 0;
  };
  static constexpr std::size_t slots = 1U << 14;
  static constexpr std::uint64_t fresh = std::uint64_t{1} << 32;
  Slot* find(model::InstrumentToken token) const;
  Slot* slot_for(model::InstrumentToken token);

  std::unique_ptr<std::array<Slot, slots>> board_;
};

}  // namespace hmt::runtime
