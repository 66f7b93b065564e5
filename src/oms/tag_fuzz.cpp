#include <algorithm>
#include <string>

#include "base/test_fuzz.h"
#include "oms/tag.h"

// Tags of every trigger, fire and attempt are read back as themselves by their own key alone, and
// no text that was not made is taken for one.
namespace {

using namespace hmt;
using base::test::Bytes;
using base::test::require;

constexpr std::string_view alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

const oms::TagKey key{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

// Digit after digit, as one would with pencil and paper.
unsigned __int128 value_of(std::string_view digits_of) {
  unsigned __int128 value = 0;
  for (const char digit : digits_of) value = value * 32 + alphabet.find(digit);
  return value;
}

void look_at(const oms::TagParts& parts, std::string_view tag) {
  require(tag.size() == 20 && tag.front() == 'T', "a tag of another shape was taken");
  require(tag.find_first_not_of(alphabet, 1) == std::string_view::npos,
          "a foreign digit was taken");
  require(value_of(tag.substr(1, 13)) == parts.trigger_bits, "a tag names another trigger");
  require(value_of(tag.substr(14, 1)) == parts.fire_mod_32, "a tag names another fire");
  require(value_of(tag.substr(15, 1)) == parts.attempt_mod_32, "a tag names another attempt");
}

void fuzz_made(std::string_view text) {
  Bytes bytes(text);
  model::TriggerId id;
  for (auto& byte : id.uuid.bytes) byte = static_cast<std::uint8_t>(bytes.take(1));
  const auto fire = static_cast<std::int32_t>(bytes.take(4));
  const auto attempt = static_cast<std::int32_t>(bytes.take(4));
  const auto place = bytes.take(1);
  const auto letter = alphabet[bytes.take(1) % 32];
  const oms::TagScope scope{std::string(bytes.rest()), {20'000}};
  const auto tag = oms::make_tag(key, scope, id, fire, attempt).text();
  const auto parts = oms::read_tag(key, scope, tag);
  require(parts.has_value(), "a tag of ours is not known as ours");
  look_at(*parts, tag);
  require(parts->trigger_bits == oms::tag_bits(id), "a tag names another trigger");
  require(parts->fire_mod_32 == (fire & 31) && parts->attempt_mod_32 == (attempt & 31),
          "a tag names another attempt");
  require(tag.starts_with(oms::tag_start(id)), "a tag starts otherwise than its trigger's do");
  // Where the seal itself is changed there is no chance of another that holds.
  auto forged = tag;
  forged[16 + place % 4] = letter;
  require(forged == tag || !oms::read_tag(key, scope, forged), "a broken seal was taken");
  require(!oms::read_tag(key, scope, tag.substr(0, place % 20)), "half a tag was taken");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = base::test::choose(data, size);
  if (choice % 2 == 0) {
    fuzz_made(text);
  } else if (const auto parts = oms::read_tag(key, {"AB1234", {20'000}}, text)) {
    look_at(*parts, text);
  }
  return 0;
}
