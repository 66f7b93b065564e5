#pragma once
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "base/bench_numbers.h"
#include "engine/engine.h"

// For benchmarks: the market of `bench/node/fire.mjs`. On each instrument stand stop-losses one
// step below each other, in fours: a single one, a two-leg one, a single one with a two-leg one in
// a group. Prices fall from one level to the next, so that each tick fires one trigger; the second
// of a group is passed over, for the first has won it.
namespace hmt::engine {

inline constexpr std::int64_t highest_level_paise = 100'000;
inline constexpr std::int64_t step_paise = 5;
inline constexpr std::int64_t target_paise = 200'000;

template <class IdType>
IdType id_of(std::uint32_t number) {
  IdType id;
  for (std::uint32_t word = 0; word < 4; ++word) {
    const auto bits = base::bench::mixed(number * 4 + word + 1);
    std::memcpy(id.uuid.bytes.data() + std::size_t{4} * word, &bits, sizeof bits);
  }
  return id;
}

inline model::InstrumentToken token_of(std::uint32_t instrument) {
  return (5'000 + instrument * 37) << 8 | 1;
}

inline base::Instant morning() {  // 2026-11-23 09:30 in India
  return base::parse_rfc3339("2026-11-23T04:00:00Z").value();
}

class Market {
 public:
  Market(std::uint32_t triggers, std::uint32_t instruments)
      : triggers_(triggers), instruments_(instruments) {}

  std::uint32_t triggers() const { return triggers_; }

  model::Trigger trigger(std::uint32_t number) const {
    const auto instrument = number % instruments_;
    const auto rank = number / instruments_;
    model::Trigger row;
    row.id = id_of<model::TriggerId>(number);
    row.user_id = id_of<model::UserId>(0x7000'0001);
    row.broker_connection_id = id_of<model::ConnectionId>(0x7000'0002);
    row.trading_symbol = "SYMBOL" + std::to_string(instrument);
    row.instrument_token = token_of(instrument);
    row.side = model::Side::sell;
    row.leg_1 = leg_at(level_paise(rank));
    if (rank % 2 == 1) {
      row.condition = model::Condition::two_leg;
      row.leg_2 = leg_at(target_paise + rank * step_paise);
    }
    if (rank % 4 >= 2) row.parent_id = group_of(instrument, rank / 4);
    row.created_at = row.updated_at = morning();
    if (rank % 8 == 0) row.expires_at = morning() + std::chrono::hours(24) * (1 + rank);
    return row;
  }

  // The tick that fires the trigger, once all above it on its instrument are gone.
  model::Tick tick(std::uint32_t number) const {
    model::Tick tick;
    tick.token = token_of(number % instruments_);
    tick.last = static_cast<model::WirePrice>(level_paise(number / instruments_));
    tick.freshness = model::Freshness::fresh;
    tick.exchange_time = tick.last_trade_time = 1'795'406'400;
    tick.connection_epoch = 1;
    tick.received_at = morning();
    return tick;
  }

  // In the order of their levels, the instruments in turns.
  std::vector<std::uint32_t> fires(std::size_t at_most) const {
    std::vector<std::uint32_t> out;
    for (std::uint32_t number = 0; number < triggers_ && out.size() < at_most; ++number) {
      if (number / instruments_ % 4 != 3) out.push_back(number);
    }
    return out;
  }

 private:
  static std::int64_t level_paise(std::uint32_t rank) {
    return highest_level_paise - rank * step_paise;
  }
  static model::Leg leg_at(std::int64_t paise) {
    return {.product = model::Product::cnc,
            .trigger_price = base::Price::from_paise(paise),
            .order_price = base::Price::from_paise(paise - step_paise),
            .quantity = 10};
  }
  static model::GroupId group_of(std::uint32_t instrument, std::uint32_t four) {
    return id_of<model::GroupId>(0x2000'0000 + (instrument << 12) + four);
  }

  std::uint32_t triggers_;
  std::uint32_t instruments_;
};

inline Settings settings() {
  Settings out;
  out.lease_epoch = 1;
  out.account = "AB1234";
  out.tag_key.bytes.fill(0x5A);
  return out;
}

}  // namespace hmt::engine
