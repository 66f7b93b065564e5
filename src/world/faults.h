#pragma once
#include <array>
#include <cstdint>
#include <string_view>

#include "world/chance.h"

// Everything that goes wrong in a world, by kind, counted. A fault is drawn where it could happen;
// one that no seed ever meets is a proof of nothing, so the report asks for each count.
namespace hmt::world {

// clang-format off
#define HMT_WORLD_FAULTS(X)                                                              \
  X(crash_before_write)    X(crash_after_write)    X(pause_before_write)                 \
  X(pause_after_write)     X(write_refused)        X(commit_unknown)                     \
  X(database_down)         X(slow_disk)            X(lease_not_renewable)                \
  X(change_not_told)       X(crash_before_order)   X(crash_after_order)                  \
  X(pause_before_order)    X(order_not_sent)       X(request_lost)                       \
  X(reply_lost)            X(late_placement)       X(timeout_400_placed)                 \
  X(timeout_400_not_placed) X(error_5xx_placed)    X(error_5xx_not_placed)               \
  X(truncated_placed)      X(truncated_not_placed) X(too_many_429)                       \
  X(session_403)           X(refused_400)          X(rejected_later)                     \
  X(partly_filled)         X(cancelled_at_broker)  X(update_lost)                        \
  X(update_twice)          X(update_late)          X(book_failed)                        \
  X(book_stale)            X(crash_at_random)      X(pause_at_random)                    \
  X(clock_step)            X(session_dead)         X(feed_cut)                           \
  X(feed_silent)           X(tick_lost)            X(tick_twice)                         \
  X(tick_old)              X(tick_without_price)   X(price_jump)                         \
  X(tick_without_time)     X(row_changed_by_hand)  X(order_storm)                        \
  X(thread_held_up)        X(cached_packet)        X(watch_cut)                          \
  X(look_cut)              X(stop_on_trouble)      X(start_at_once)                      \
  X(rows_held)             X(slow_connection)      X(act_at_level)
// clang-format on

enum class Fault : std::uint8_t {
#define HMT_NAME(name) name,
  HMT_WORLD_FAULTS(HMT_NAME)
#undef HMT_NAME
};

inline constexpr auto fault_words = std::to_array<std::string_view>({
#define HMT_WORD(name) #name,
    HMT_WORLD_FAULTS(HMT_WORD)
#undef HMT_WORD
});
inline constexpr std::size_t fault_kinds = fault_words.size();

using FaultCounts = std::array<std::uint64_t, fault_kinds>;

class Faults {
 public:
  explicit Faults(Chance& chance) : chance_(chance) {}

  // Whether it happens here and now. `in_million` is the chance of a calm seed; an aimed one
  // multiplies what is aimed at.
  bool strikes(Fault kind, std::int64_t in_million) {
    const bool struck = is_drawn(kind, in_million);
    if (struck) count(kind);
    return struck;
  }
  // The draw alone, where it shows later whether anything was there to strike.
  bool is_drawn(Fault kind, std::int64_t in_million) {
    return !calm_ && chance_.in_million(in_million * factor_of(kind));
  }
  void count(Fault kind) { ++counts_[static_cast<std::size_t>(kind)]; }
  void aim(Fault kind, std::int64_t factor) { factors_[static_cast<std::size_t>(kind)] = factor; }
  void end() { calm_ = true; }
  bool ended() const { return calm_; }
  const FaultCounts& counts() const { return counts_; }

 private:
  std::int64_t factor_of(Fault kind) const {
    const auto factor = factors_[static_cast<std::size_t>(kind)];
    return factor == 0 ? 1 : factor;
  }
  Chance& chance_;
  bool calm_ = false;
  FaultCounts counts_{};
  std::array<std::int64_t, fault_kinds> factors_{};
};

}  // namespace hmt::world
