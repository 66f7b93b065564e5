#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/large_pages.h"

// Finds numbered things by a hash of their key: open addressing with linear probing over 32-bit
// numbers alone, so that a lookup touches one short array and then the thing itself. The caller
// knows the things: it says whether a number matches, and which hash a number has. At most half
// full; taking out closes the gap, so that it never silts up.
namespace hmt::base {

class ProbeIndex {
 public:
  static constexpr std::uint32_t none = 0xFFFFFFFF;

  // The number that `matches` among those whose hash leads here, or `none`.
  template <class Matches>
  std::uint32_t find(std::uint64_t hash, const Matches& matches) const {
    for (std::size_t at = home(hash); cells_[at] != none; at = next(at)) {
      if (matches(cells_[at])) return cells_[at];
    }
    return none;
  }

  // REQUIRES: the number is not in yet.
  template <class HashOf>
  void insert(std::uint32_t number, const HashOf& hash_of) {
    if (2 * (size_ + 1) > cells_.size()) grow(hash_of);
    place(number, hash_of(number));
    ++size_;
  }

  // REQUIRES: the number is in.
  template <class HashOf>
  void erase(std::uint32_t number, const HashOf& hash_of) {
    std::size_t gap = home(hash_of(number));
    while (cells_[gap] != number) gap = next(gap);
    for (std::size_t at = next(gap); cells_[at] != none; at = next(at)) {
      const std::size_t wanted = home(hash_of(cells_[at]));
      const bool gap_on_its_way = ((at - wanted) & mask()) >= ((at - gap) & mask());
      if (!gap_on_its_way) continue;
      cells_[gap] = cells_[at];
      gap = at;
    }
    cells_[gap] = none;
    --size_;
  }

  std::size_t bytes() const { return cells_.capacity() * sizeof(std::uint32_t); }

  // Calls `use(number)` for each, in no order.
  template <class Use>
  void each(const Use& use) const {
    for (const auto number : cells_) {
      if (number != none) use(number);
    }
  }

  std::size_t size() const { return size_; }

 private:
  std::size_t mask() const { return cells_.size() - 1; }
  std::size_t next(std::size_t at) const { return (at + 1) & mask(); }
  std::size_t home(std::uint64_t hash) const { return static_cast<std::size_t>(hash) & mask(); }

  void place(std::uint32_t number, std::uint64_t hash) {
    std::size_t at = home(hash);
    while (cells_[at] != none) at = next(at);
    cells_[at] = number;
  }

  template <class HashOf>
  void grow(const HashOf& hash_of) {
    Cells old(cells_.size() * 2, none);
    old.swap(cells_);
    for (const auto number : old) {
      if (number != none) place(number, hash_of(number));
    }
  }

  using Cells = std::vector<std::uint32_t, LargePages<std::uint32_t>>;
  Cells cells_ = Cells(16, none);
  std::size_t size_ = 0;
};

}  // namespace hmt::base
