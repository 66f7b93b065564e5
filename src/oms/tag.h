#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/attempt.h"

// The tag of an attempt: a function of trigger, fire number and attempt, so that a crash, a restore
// or a rival makes the same tag and is recognised by it. 20 characters of upper-case base 32
// without I, L, O, U:
//   'T' + 13 (64 bits of the trigger's id) + 1 (fire number mod 32) + 1 (attempt mod 32) + 4
//   (20-bit MAC)
// The MAC is keyed over account, trading date and the rest: an order with a valid one in the
// broker's book is ours.
namespace hmt::oms {

struct TagKey {
  std::array<std::uint8_t, 16> bytes{};
};

struct TagScope {
  std::string account;  // the broker's user id, or the connection's id when it is not known
  base::TradingDate date;
};

struct TagParts {
  std::uint64_t trigger_bits = 0;
  std::uint8_t fire_mod_32 = 0;
  std::uint8_t attempt_mod_32 = 0;
  bool operator==(const TagParts&) const = default;
};

std::uint64_t tag_bits(model::TriggerId id);

model::OrderTag make_tag(const TagKey& key, const TagScope& scope, model::TriggerId trigger,
                         std::int32_t fire_no, std::int32_t attempt_no);

// The same, where the trigger's bits are at hand.
model::OrderTag make_tag(const TagKey& key, const TagScope& scope, std::uint64_t trigger_bits,
                         std::int32_t fire_no, std::int32_t attempt_no);

// What every tag of the trigger begins with, whatever the key: they are neighbours when sorted.
std::string tag_start(model::TriggerId trigger);

// The parts of a tag whose MAC holds; nothing for any other text.
std::optional<TagParts> read_tag(const TagKey& key, const TagScope& scope, std::string_view tag);

}  // namespace hmt::oms
