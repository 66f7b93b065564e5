#pragma once
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "base/ensure.h"
#include "model/instrument.h"

// The first look at a price: by token, the nearest rising and the nearest falling level, four
// instruments to a cache line. Open addressing with linear probing, at most a quarter full; taking
// out closes the gap, so that it never silts up. 0 is no token and no price: an empty cell has
// bounds that nothing reaches.
namespace hmt::trigger {

class Bounds {
 public:
  static constexpr auto wire_max = std::numeric_limits<model::WirePrice>::max();

  struct Cell {
    model::InstrumentToken token = 0;
    std::uint32_t slot = 0;                    // of the instrument, in the book
    model::WirePrice rising_above = wire_max;  // a price above this reaches a rising level
    model::WirePrice falling_to = 0;           // a price at or below this reaches a falling level

    bool quiet_at(model::WirePrice last) const { return last <= rising_above && last > falling_to; }
  };
  static_assert(sizeof(Cell) == 16);

  // The instrument's cell, or an empty one (whose token is 0). Good until the next insert or erase.
  const Cell& at(model::InstrumentToken token) const { return cells_.get()[place_of(token)]; }
  Cell& at(model::InstrumentToken token) { return cells_.get()[place_of(token)]; }

  // REQUIRES: the token is not in yet, and is not 0.
  void insert(model::InstrumentToken token, std::uint32_t slot) {
    base::ensure(token != 0, "an instrument has a token");
    if (4 * (size_ + 1) > capacity()) grow();
    at(token) = {.token = token, .slot = slot};
    ++size_;
  }

  // REQUIRES: the token is in.
  void erase(model::InstrumentToken token) {
    auto gap = place_of(token);
    for (auto from = next(gap); cells_[from].token != 0; from = next(from)) {
      const auto wanted = home(cells_[from].token);
      const bool gap_on_its_way = ((from - wanted) & mask_) >= ((from - gap) & mask_);
      if (!gap_on_its_way) continue;
      cells_[gap] = cells_[from];
      gap = from;
    }
    cells_[gap] = Cell{};
    --size_;
  }

  std::size_t bytes() const { return capacity() * sizeof(Cell); }

 private:
  std::size_t capacity() const { return mask_ + 1; }
  std::size_t next(std::size_t place) const { return (place + 1) & mask_; }
  // Tokens of one segment share their low byte: the multiplication spreads the others.
  std::size_t home(model::InstrumentToken token) const { return (token * 0x9E3779B1U) >> shift_; }
  std::size_t place_of(model::InstrumentToken token) const {
    const auto place = home(token);
    return cells_.get()[place].token == token ? place : place_after(place, token);
  }
  std::size_t place_after(std::size_t place, model::InstrumentToken token) const {
    const auto* cells = cells_.get();
    while (cells[place].token != token && cells[place].token != 0) place = next(place);
    return place;
  }

  void grow() {
    const auto old = std::move(cells_);
    const auto count = capacity();
    cells_ = std::make_unique<Cell[]>(2 * count);
    mask_ = 2 * count - 1;
    --shift_;
    for (std::size_t i = 0; i < count; ++i) {
      if (old[i].token != 0) at(old[i].token) = old[i];
    }
  }

  std::size_t mask_ = 15;
  int shift_ = 28;  // of the product of 32 bits, to as many as number a cell
  std::size_t size_ = 0;
  std::unique_ptr<Cell[]> cells_ = std::make_unique<Cell[]>(16);
};

}  // namespace hmt::trigger
