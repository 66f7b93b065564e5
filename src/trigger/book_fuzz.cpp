#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>

#include "trigger/book_pair.h"

// Any sequence of arming, disarming and prices: the books must agree at each step.
namespace {

using namespace hmt;

class Bytes {
 public:
  explicit Bytes(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }

  std::uint32_t take(std::size_t count) {
    std::uint32_t value = 0;
    for (; count > 0 && !bytes_.empty(); --count) {
      value = value << 8 | bytes_.front();
      bytes_ = bytes_.subspan(1);
    }
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
};

model::TriggerId read_id(Bytes& bytes) {
  model::TriggerId id;
  id.uuid.bytes[0] = static_cast<std::uint8_t>(bytes.take(1) % 32);
  return id;
}

model::InstrumentToken read_token(Bytes& bytes) {
  const auto byte = bytes.take(1);
  return (byte / 9 % 4) << 8 | (byte % 9 + 1);
}

// Close together, or any at all.
model::WirePrice read_wire(Bytes& bytes) {
  const auto first = bytes.take(1);
  return first < 240 ? 1000 + first % 16 : bytes.take(4);
}

model::Price read_level(Bytes& bytes, model::Segment segment) {
  const auto price = model::price_from_wire(read_wire(bytes), segment);
  const auto shift = static_cast<std::int64_t>(bytes.take(1) % 3) - 1;
  return price + model::Price::from_raw(shift);
}

model::Trigger read_trigger(Bytes& bytes) {
  model::Trigger trigger;
  trigger.id = read_id(bytes);
  trigger.instrument_token = read_token(bytes);
  const auto segment = *model::segment_of(trigger.instrument_token);
  const auto bits = bytes.take(1);
  trigger.side = (bits & 1) != 0 ? model::Side::buy : model::Side::sell;
  if ((bits & 2) != 0) trigger.leg_1.state = model::LegState::dropped;
  if ((bits & 4) != 0) {
    trigger.condition = model::Condition::two_leg;
    trigger.leg_2 = model::Leg{};
    if ((bits & 8) != 0) trigger.leg_2->state = model::LegState::failed;
  }
  if ((bits & 16) != 0) {
    trigger.direction = (bits & 32) != 0 ? model::Direction::rising : model::Direction::falling;
  }
  trigger.leg_1.trigger_price = read_level(bytes, segment);
  if (trigger.leg_2) trigger.leg_2->trigger_price = read_level(bytes, segment);
  return trigger;
}

std::string step(trigger::BookPair& books, Bytes& bytes) {
  const auto choice = bytes.take(1) % 4;
  if (choice < 2) return books.arm(read_trigger(bytes));
  if (choice == 2) return books.disarm(read_id(bytes));
  const auto token = read_token(bytes);
  return books.tick(token, read_wire(bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes({data, size});
  trigger::BookPair books;
  while (!bytes.empty()) {
    const auto difference = step(books, bytes);
    if (difference.empty()) continue;
    std::fprintf(stderr, "the books differ: %s\n", difference.c_str());
    std::abort();
  }
  return 0;
}
