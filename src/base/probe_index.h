#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/large_pages.h"

// Finds numbered things by a hash of their key: open addressing with linear probing over 32-bit
// numbers, each beside half of its hash. A look-up touches one short stretch of the array and then
// the thing itself; what is not in touches no thing, and neither do taking out and growing. The
// caller knows the things: it says whether a number matches. At most three quarters full; taking
// out closes the gap, so that it never silts up.
//
// REQUIRES of a hash: its lower 32 bits are spread, the upper ones of them above all.
namespace hmt::base {

class ProbeIndex {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  // The number that `matches` among those of that hash, or `none`.
  template <class Matches>
  std::uint32_t find(std::uint64_t hash, const Matches& matches) const {
    const auto half = static_cast<std::uint32_t>(hash);
    for (auto at = home(half); cells_[at].number != none; at = next(at)) {
      if (cells_[at].hash == half && matches(cells_[at].number)) return cells_[at].number;
    }
    return none;
  }

  // REQUIRES: the number is not in yet.
  void insert(std::uint32_t number, std::uint64_t hash) {
    if (4 * (size_ + 1) > 3 * cells_.size()) grow();
    place({number, static_cast<std::uint32_t>(hash)});
    ++size_;
  }

  // REQUIRES: the number is in, with this hash.
  void erase(std::uint32_t number, std::uint64_t hash) {
    auto gap = home(static_cast<std::uint32_t>(hash));
    while (cells_[gap].number != number) gap = next(gap);
    for (auto at = next(gap); cells_[at].number != none; at = next(at)) {
      const auto from = home(cells_[at].hash);
      const bool gap_on_its_way = way(from, at) >= way(gap, at);
      if (!gap_on_its_way) continue;
      cells_[gap] = cells_[at];
      gap = at;
    }
    cells_[gap] = {};
    --size_;
  }

  // Calls `use(number)` for each, in no order.
  template <class Use>
  void each(const Use& use) const {
    for (const auto& cell : cells_) {
      if (cell.number != none) use(cell.number);
    }
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return cells_.capacity() * sizeof(Cell); }

 private:
  struct Cell {
    std::uint32_t number = none;
    std::uint32_t hash = 0;
  };

  // In the order of the hashes, so that growing goes through old and new cells side by side.
  std::size_t home(std::uint32_t hash) const { return hash * std::uint64_t{cells_.size()} >> 32; }
  std::size_t next(std::size_t at) const { return at + 1 == cells_.size() ? 0 : at + 1; }
  // How many cells on `to` lies, around the end.
  std::size_t way(std::size_t from, std::size_t to) const {
    return to >= from ? to - from : to + cells_.size() - from;
  }

  void place(Cell cell) {
    auto at = home(cell.hash);
    while (cells_[at].number != none) at = next(at);
    cells_[at] = cell;
  }

  // Large ones by a quarter: half of a doubled one would be empty for long.
  void grow() {
    constexpr std::size_t large = 1 << 16;
    const auto size = cells_.size();
    Cells old(size < large ? 2 * size : size + size / 4);
    old.swap(cells_);
    for (const auto& cell : old) {
      if (cell.number != none) place(cell);
    }
  }

  using Cells = std::vector<Cell, LargePages<Cell>>;
  Cells cells_ = Cells(16);
  std::size_t size_ = 0;
};

}  // namespace hmt::base
