#pragma once
#include <span>
#include <utility>
#include <vector>

#include "base/probe_index.h"
#include "model/instrument.h"

// What is kept of each instrument, found by one probe of a short array: every tick looks here. The
// entries lie side by side, in no order that anybody may see. Not thread-safe.
namespace hmt::model {

template <class Value>
class TokenMap {
 public:
  struct Entry {
    InstrumentToken token = 0;
    Value value;
  };

  // Null: nothing is kept. Valid until the next change.
  Value* find(InstrumentToken token) {
    const auto number = number_of(token);
    return number == base::ProbeIndex::none ? nullptr : &entries_[number].value;
  }
  const Value* find(InstrumentToken token) const {
    const auto number = number_of(token);
    return number == base::ProbeIndex::none ? nullptr : &entries_[number].value;
  }

  // Made when there is none.
  Value& operator[](InstrumentToken token) {
    if (auto* known = find(token)) return *known;
    entries_.push_back({token, Value{}});
    index_.insert(static_cast<std::uint32_t>(entries_.size() - 1), hash_of(token));
    return entries_.back().value;
  }

  void erase(InstrumentToken token) {
    const auto number = number_of(token);
    if (number == base::ProbeIndex::none) return;
    const auto last = static_cast<std::uint32_t>(entries_.size() - 1);
    index_.erase(number, hash_of(token));
    if (number != last) {
      const auto hash = hash_of(entries_[last].token);
      index_.erase(last, hash);
      entries_[number] = std::move(entries_[last]);
      index_.insert(number, hash);
    }
    entries_.pop_back();
  }

  void clear() {
    entries_.clear();
    index_ = {};
  }

  std::span<Entry> entries() { return entries_; }
  std::span<const Entry> entries() const { return entries_; }

 private:
  // Tokens of one segment share their low byte: the multiplication spreads the others.
  static std::uint64_t hash_of(InstrumentToken token) {
    return (token * 0x9E3779B97F4A7C15ULL) >> 32;
  }
  std::uint32_t number_of(InstrumentToken token) const {
    return index_.find(hash_of(token),
                       [&](std::uint32_t number) { return entries_[number].token == token; });
  }

  base::ProbeIndex index_;
  std::vector<Entry> entries_;
};

}  // namespace hmt::model
