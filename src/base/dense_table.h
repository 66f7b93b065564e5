#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

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

  template <class Key>
  Number find(const Key& key) const {
    return index_.find(Keyed::hash(key),
                       [&](Number number) { return Keyed::key_of((*this)[number]) == key; });
  }

  // REQUIRES: no thing has its key.
  Number insert(Thing thing) {
    const auto number = free_number();
    (*this)[number] = std::move(thing);
    index_.insert(number, hash_of_number());
    return number;
  }

  // REQUIRES: the number is of a thing, whose key is as it was.
  void erase(Number number) {
    index_.erase(number, hash_of_number());
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

  auto hash_of_number() const {
    return [this](Number number) { return Keyed::hash(Keyed::key_of((*this)[number])); };
  }

  Number free_number() {
    if (!free_.empty()) {
      const auto number = free_.back();
      free_.pop_back();
      return number;
    }
    if (used_ == blocks_.size() * per_block) {
      blocks_.push_back(std::make_unique<Thing[]>(per_block));
    }
    return used_++;
  }

  std::vector<std::unique_ptr<Thing[]>> blocks_;
  std::vector<Number> free_;
  Number used_ = 0;
  ProbeIndex index_;
};

}  // namespace hmt::base
