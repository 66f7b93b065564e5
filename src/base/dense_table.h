#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/large_pages.h"
#include "base/probe_index.h"

// Many small things, each found by its key: they stand side by side in blocks, never move, and cost
// little more than themselves. A thing is known by its number from `insert` to `erase`; the next
// one may get the number then. `Keyed` says `key_of(thing)` and `hash(key)`.
namespace hmt::base {

template <class Thing, class Keyed>
class DenseTable {
 public:
  using Number = std::uint32_t;
  static constexpr Number none = ProbeIndex::none;

  DenseTable() = default;
  DenseTable(DenseTable&&) = default;
  DenseTable& operator=(DenseTable&&) = default;

  template <class Key>
  Number find(const Key& key) const {
    return index_.find(Keyed::hash(key),
                       [&](Number number) { return Keyed::key_of((*this)[number]) == key; });
  }

  // REQUIRES: no thing has its key.
  Number insert(Thing thing) {
    const auto number = free_number();
    index_.insert(number, hash_of(thing));
    (*this)[number] = std::move(thing);
    return number;
  }

  // REQUIRES: the number is of a thing, whose key is as it was.
  void erase(Number number) {
    index_.erase(number, hash_of((*this)[number]));
    (*this)[number] = Thing{};
    free_.push_back(number);
  }

  Thing& operator[](Number number) { return blocks_[number / per_block][number % per_block]; }
  const Thing& operator[](Number number) const {
    return blocks_[number / per_block][number % per_block];
  }

  // Calls `use(number)` for each thing, in no order.
  template <class Use>
  void each(const Use& use) const {
    index_.each(use);
  }

  std::size_t size() const { return index_.size(); }

 private:
  static constexpr Number per_block = 64;

  static std::size_t hash_of(const Thing& thing) { return Keyed::hash(Keyed::key_of(thing)); }

  Number free_number() {
    if (!free_.empty()) {
      const auto number = free_.back();
      free_.pop_back();
      return number;
    }
    if (used_ == blocks_.size() * per_block) add_slab();
    return used_++;
  }

  // As many blocks as there are, up to a large page of them: the more there are, the more will
  // come.
  void add_slab() {
    const auto count = std::clamp<std::size_t>(blocks_.size(), 1, blocks_max);
    auto& slab = slabs_.emplace_back(count * per_block);
    for (std::size_t i = 0; i < count; ++i) blocks_.push_back(slab.data() + i * per_block);
  }

  static constexpr std::size_t blocks_max =
      std::max<std::size_t>(large_page / (per_block * sizeof(Thing)), 1);

  std::vector<std::vector<Thing, LargePages<Thing>>> slabs_;
  std::vector<Thing*> blocks_;  // the slabs' parts, each of `per_block`
  std::vector<Number> free_;
  Number used_ = 0;
  ProbeIndex index_;
};

}  // namespace hmt::base
