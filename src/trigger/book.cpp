#include "trigger/book.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <optional>

#include "base/ensure.h"
#include "base/large_pages.h"
#include "base/probe_index.h"
#include "trigger/bounds.h"
#include "trigger/levels.h"

namespace hmt::trigger {
namespace {

using base::ProbeIndex;
using model::InstrumentToken;
using model::LegNumber;
using model::Trigger;
using model::TriggerId;
using model::WirePrice;

constexpr auto wire_max = Bounds::wire_max;
constexpr auto no_slot = std::numeric_limits<std::uint32_t>::max();

// An instrument's levels, in order, behind its bounds.
struct Slot {
  InstrumentToken token = 0;
  std::uint32_t armed = 0;
  Levels rising;   // keyed by level
  Levels falling;  // keyed by ~level, so that the nearest, the highest, comes first here too
};

// Where a leg's level stands: in no heap, or at a place of the rising or the falling one.
class Place {
 public:
  static Place of(bool falling, std::uint32_t place) {
    Place out;
    out.bits_ = (falling ? falling_bit : 0U) | place;
    return out;
  }
  bool anywhere() const { return bits_ != nowhere; }
  bool falling() const { return (bits_ & falling_bit) != 0; }
  std::uint32_t place() const { return bits_ & ~falling_bit; }

 private:
  static constexpr std::uint32_t falling_bit = 0x80000000;
  static constexpr std::uint32_t nowhere = 0xFFFFFFFF;
  std::uint32_t bits_ = nowhere;
};

struct Entry {
  TriggerId id;
  std::uint64_t sequence : 40 = 0;  // of arming: a thousand a second for 34 years
  std::uint64_t slot : 24 = 0;      // of a free entry: unused
};
static_assert(sizeof(Entry) == 24);

// Entries by number, in blocks: they never move, and growing copies none of them. Where their
// levels stand is kept apart: a heap that moves others' levels then touches eight bytes of each.
class Entries {
 public:
  using Places = std::array<Place, 2>;

  Entries() = default;
  Entries(Entries&&) = default;
  Entries& operator=(Entries&&) = default;

  Entry& operator[](std::uint32_t number) { return block_of(number).entries[number % per_block]; }
  const Entry& operator[](std::uint32_t number) const {
    return block_of(number).entries[number % per_block];
  }
  Places& places(std::uint32_t number) { return block_of(number).places[number % per_block]; }

  std::uint32_t take() {
    if (!free_.empty()) {
      const auto number = free_.back();
      free_.pop_back();
      return number;
    }
    if (used_ == blocks_.size() * per_block) add_slab();
    return used_++;
  }

  void give_back(std::uint32_t number) {
    (*this)[number] = {};
    places(number) = {};
    free_.push_back(number);
  }

  std::size_t bytes() const {
    return blocks_.size() * sizeof(Block) + free_.capacity() * sizeof(std::uint32_t);
  }

 private:
  static constexpr std::uint32_t per_block = 4096;
  struct Block {
    Entry entries[per_block];
    Places places[per_block];
  };
  // As many blocks as there are, up to a large page of them.
  static constexpr std::size_t blocks_max = base::large_page / sizeof(Block);

  Block& block_of(std::uint32_t number) const { return *blocks_[number / per_block]; }

  void add_slab() {
    auto& slab = slabs_.emplace_back(std::clamp<std::size_t>(blocks_.size(), 1, blocks_max));
    for (auto& block : slab) blocks_.push_back(&block);
  }

  std::vector<std::vector<Block, base::LargePages<Block>>> slabs_;
  std::vector<Block*> blocks_;  // the slabs' parts
  std::vector<std::uint32_t> free_;
  std::uint32_t used_ = 0;
};

std::uint64_t hash_of(TriggerId id) {
  return base::hash_of(id.uuid);
}

constexpr std::uint32_t leg_of(std::uint32_t entry, LegNumber leg) {
  return entry << 1 | (leg == LegNumber::two ? 1U : 0U);
}

// The key of a leg's level, or nothing when no wire price can reach it.
std::optional<std::uint32_t> key_of(model::Price level, bool falling, model::Segment segment) {
  if (falling) {
    const auto wire = model::wire_at_or_below(level, segment);
    if (wire == 0) return std::nullopt;
    return ~wire;
  }
  if (level > model::price_from_wire(wire_max, segment)) return std::nullopt;
  return std::max<WirePrice>(model::wire_at_or_above(level, segment), 1);
}

bool is_leg_armed(const Trigger& trigger, LegNumber leg) {
  if (leg == LegNumber::one) return trigger.leg_1.state == model::LegState::armed;
  return trigger.condition == model::Condition::two_leg && trigger.leg_2 &&
         trigger.leg_2->state == model::LegState::armed;
}

}  // namespace

struct Book::State {
  explicit State(Limits limits_given) : limits(limits_given) {}

  struct Fired {
    std::uint64_t sequence = 0;
    Hit hit;
  };

  Limits limits;
  std::vector<Slot> slots;
  std::vector<std::uint32_t> free_slots;
  Bounds bounds;
  Entries entries;
  ProbeIndex by_id;
  std::size_t size = 0;
  std::uint64_t next_sequence = 0;
  std::vector<Fired> fired;  // scratch of take_hits, kept for its capacity

  std::uint32_t slot_of(InstrumentToken token) const {
    const auto& cell = bounds.at(token);
    return cell.token == 0 ? no_slot : cell.slot;
  }

  std::uint32_t entry_of(TriggerId id) const {
    return by_id.find(hash_of(id), [&](std::uint32_t number) { return entries[number].id == id; });
  }

  std::size_t instrument_count() const { return slots.size() - free_slots.size(); }

  // Remembers where a level has come to stand.
  auto placing(bool falling) {
    return [this, falling](std::uint32_t leg, std::uint32_t place) {
      entries.places(leg >> 1)[leg & 1] = Place::of(falling, place);
    };
  }

  std::uint32_t take_slot(InstrumentToken token) {
    auto number = static_cast<std::uint32_t>(slots.size());
    if (free_slots.empty()) {
      slots.emplace_back();
    } else {
      number = free_slots.back();
      free_slots.pop_back();
    }
    slots[number].token = token;
    bounds.insert(token, number);
    return number;
  }

  void give_slot_back(std::uint32_t number) {
    bounds.erase(slots[number].token);
    slots[number] = Slot{};
    free_slots.push_back(number);
  }

  void renew_bounds(const Slot& slot) {
    auto& cell = bounds.at(slot.token);
    cell.rising_above = slot.rising.empty() ? wire_max : slot.rising.nearest().key - 1;
    cell.falling_to = slot.falling.empty() ? 0 : ~slot.falling.nearest().key;
  }

  void add_level(const Trigger& trigger, LegNumber leg, std::uint32_t number, Slot& slot) {
    if (!is_leg_armed(trigger, leg)) return;
    const bool falls = model::direction_of(trigger, leg) == model::Direction::falling;
    const auto segment = model::segment_of(trigger.instrument_token);
    const auto key = key_of(trigger.leg(leg).trigger_price, falls, *segment);
    if (!key) return;
    (falls ? slot.falling : slot.rising).push({*key, leg_of(number, leg)}, placing(falls));
  }

  void remove_level(Place place, Slot& slot) {
    if (!place.anywhere()) return;
    (place.falling() ? slot.falling : slot.rising).remove(place.place(), placing(place.falling()));
  }

  void add(const Trigger& trigger, std::uint32_t slot_number) {
    const auto number = entries.take();
    auto& entry = entries[number];
    entry.id = trigger.id;
    entry.sequence = next_sequence++ & 0xFF'FFFF'FFFF;
    entry.slot = slot_number & 0xFF'FFFF;
    by_id.insert(number, hash_of(trigger.id));
    auto& slot = slots[slot_number];
    add_level(trigger, LegNumber::one, number, slot);
    add_level(trigger, LegNumber::two, number, slot);
    renew_bounds(slot);
    ++slot.armed;
    ++size;
  }

  // Takes the trigger out of everything but its instrument's slot, whose bounds stay to be renewed.
  void remove(std::uint32_t number, Slot& slot) {
    const auto places = entries.places(number);
    remove_level(places[0], slot);
    // Taking out the first level cannot have moved the second: they never share a heap.
    remove_level(places[1], slot);
    by_id.erase(number, hash_of(entries[number].id));
    entries.give_back(number);
    --slot.armed;
    --size;
  }

  // Whether the instrument is gone with its last trigger.
  bool settle(std::uint32_t slot_number) {
    auto& slot = slots[slot_number];
    if (slot.armed == 0) {
      give_slot_back(slot_number);
      return true;
    }
    renew_bounds(slot);
    return false;
  }

  bool disarm(std::uint32_t number) {
    const auto slot_number = static_cast<std::uint32_t>(entries[number].slot);
    remove(number, slots[slot_number]);
    return settle(slot_number);
  }

  bool is_reached(Place place, const Slot& slot, WirePrice last) const {
    if (!place.anywhere()) return false;
    return place.falling() ? slot.falling.at(place.place()).key <= ~last
                           : slot.rising.at(place.place()).key <= last;
  }

  void fire(std::uint32_t number, Slot& slot, WirePrice last) {
    const auto& entry = entries[number];
    const bool first = is_reached(entries.places(number)[0], slot, last);
    fired.push_back({entry.sequence, {entry.id, first ? LegNumber::one : LegNumber::two}});
    remove(number, slot);
  }

  void fire_all(std::uint32_t slot_number, WirePrice last, std::vector<Hit>& out) {
    if (last == 0) return;
    auto& slot = slots[slot_number];
    fired.clear();
    while (!slot.rising.empty() && slot.rising.nearest().key <= last) {
      fire(slot.rising.nearest().leg >> 1, slot, last);
    }
    while (!slot.falling.empty() && slot.falling.nearest().key <= ~last) {
      fire(slot.falling.nearest().leg >> 1, slot, last);
    }
    settle(slot_number);
    std::ranges::sort(fired, {}, &Fired::sequence);
    for (const auto& each : fired) out.push_back(each.hit);
  }
};

Book::Book(Limits limits) : state_(std::make_unique<State>(limits)) {
  // What 24 bits of slot and 31 bits of entry can number.
  base::ensure(limits.instruments_max < (1U << 24) && limits.triggers_max < (1U << 30),
               "the book's limits fit its numbers");
}
Book::~Book() = default;
Book::Book(Book&&) noexcept = default;
Book& Book::operator=(Book&&) noexcept = default;

Book::Armed Book::arm(const Trigger& trigger) {
  base::ensure(model::segment_of(trigger.instrument_token).has_value(),
               "an armed trigger's token names a known segment");
  auto& state = *state_;
  const bool instrument_known = state.slot_of(trigger.instrument_token) != no_slot;
  const auto before = state.entry_of(trigger.id);
  const bool replaces = before != ProbeIndex::none;
  if (replaces) state.disarm(before);
  if (!is_leg_armed(trigger, LegNumber::one) && !is_leg_armed(trigger, LegNumber::two)) {
    return Armed::no_leg;
  }
  auto slot = state.slot_of(trigger.instrument_token);
  const bool new_slot = slot == no_slot;
  if (state.size >= state.limits.triggers_max ||
      (new_slot && state.instrument_count() >= state.limits.instruments_max)) {
    return Armed::full;
  }
  if (new_slot) slot = state.take_slot(trigger.instrument_token);
  state.add(trigger, slot);
  if (!instrument_known) return Armed::first_of_instrument;
  return replaces ? Armed::replaced : Armed::another;
}

Book::Disarmed Book::disarm(TriggerId id) {
  const auto number = state_->entry_of(id);
  if (number == ProbeIndex::none) return Disarmed::was_not_armed;
  return state_->disarm(number) ? Disarmed::last_of_instrument : Disarmed::one_of_several;
}

bool Book::is_armed(TriggerId id) const {
  return state_->entry_of(id) != ProbeIndex::none;
}

void Book::take_hits(InstrumentToken token, WirePrice last, std::vector<Hit>& out) {
  const auto& cell = state_->bounds.at(token);
  if (cell.quiet_at(last)) [[likely]] {
    return;
  }
  state_->fire_all(cell.slot, last, out);
}

std::size_t Book::armed_on(InstrumentToken token) const {
  const auto number = state_->slot_of(token);
  return number == no_slot ? 0 : state_->slots[number].armed;
}

std::size_t Book::size() const {
  return state_->size;
}

std::size_t Book::bytes() const {
  std::size_t total = state_->bounds.bytes() + state_->by_id.bytes() + state_->entries.bytes() +
                      state_->slots.capacity() * sizeof(Slot);
  for (const auto& slot : state_->slots) total += slot.rising.bytes() + slot.falling.bytes();
  return total;
}

std::vector<InstrumentToken> Book::instruments() const {
  std::vector<InstrumentToken> tokens;
  for (const auto& slot : state_->slots) {
    if (slot.armed > 0) tokens.push_back(slot.token);
  }
  std::ranges::sort(tokens);
  return tokens;
}

}  // namespace hmt::trigger
