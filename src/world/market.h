#pragma once
#include <array>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/instrument.h"
#include "model/tick.h"
#include "model/trigger.h"
#include "world/faults.h"
#include "world/timeline.h"

// Prices that wander, and the packets that tell of them.
namespace hmt::world {

struct Quoted {
  model::InstrumentToken token;
  const char* symbol;
  std::int64_t paise;  // at the start
};
inline constexpr auto quoted = std::to_array<Quoted>({{408065, "INFY", 157'200},
                                                      {738561, "RELIANCE", 140'250},
                                                      {779521, "SBIN", 81'200},
                                                      {2953217, "TCS", 312'000}});

std::vector<model::Instrument> listed_instruments();

class Market {
 public:
  Market(Timeline& timeline, Chance& chance, Faults& faults);

  // Calls `told` with each new price, from now on.
  void open(std::function<void(std::size_t instrument)> told);
  void stand_still() { still_ = true; }
  model::Price last(std::size_t instrument) const {
    return model::Price::from_paise(paise_[instrument]);
  }
  // Whether the price of now has reached the leg's level.
  bool reaches(const model::Trigger& row, model::LegNumber leg) const;
  static bool reaches(const model::Trigger& row, model::LegNumber leg, model::Price price);
  // The packet of this moment; and one of before, older than that, if there is one.
  model::Tick packet(std::size_t instrument);
  std::optional<model::Tick> earlier_packet(std::size_t instrument, base::Duration age_min);
  // What the broker remembers of it: the last packet of some whole minutes ago.
  std::optional<model::Tick> remembered(model::InstrumentToken token) const;

 private:
  void move(std::size_t instrument);

  Timeline& timeline_;
  Chance& chance_;
  Faults& faults_;
  std::array<std::int64_t, quoted.size()> paise_{};
  std::array<std::deque<model::Tick>, quoted.size()> packets_;  // of late
  std::function<void(std::size_t)> told_;
  bool still_ = false;
};

}  // namespace hmt::world
