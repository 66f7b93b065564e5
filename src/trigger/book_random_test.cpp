#include <gtest/gtest.h>
#include <limits>
#include <random>

#include "trigger/book_pair.h"

namespace hmt::trigger {
namespace {

// How a market of one seed looks: few ids and few prices make collisions, equalities and re-arming
// common; many ids make deep heaps.
struct Shape {
  std::uint32_t ids;
  std::uint32_t tokens;
  std::uint32_t prices;
  std::uint32_t traded;  // prices come from this many in the middle, so that the rest stays armed
  int steps;
};

class RandomMarket {
 public:
  RandomMarket(std::uint64_t seed, Shape shape) : random_(seed), shape_(shape) {}

  std::string step(BookPair& books) {
    const auto dice = below(100);
    if (dice < 50) return books.arm(trigger());
    if (dice < 65) return books.disarm(id());
    const auto difference = books.tick(token(), traded());
    fired_ += books.last_hits();
    return difference;
  }

  std::size_t fired() const { return fired_; }

 private:
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  bool one_in(std::uint32_t n) { return below(n) == 0; }

  model::TriggerId id() {
    model::TriggerId out;
    const auto number = below(shape_.ids) + 1;
    out.uuid.bytes[0] = static_cast<std::uint8_t>(number);
    out.uuid.bytes[15] = static_cast<std::uint8_t>(number >> 8);
    return out;
  }

  model::InstrumentToken token() {
    constexpr model::InstrumentToken segments[] = {1, 3, 6};
    return (below(shape_.tokens) + 1) << 8 | segments[below(3)];
  }

  // Mostly from the middle; now and then from the ends of what the wire holds.
  model::WirePrice wire() {
    if (one_in(50)) return std::numeric_limits<model::WirePrice>::max() - below(2);
    if (one_in(20)) return below(3);
    return 1000 + below(shape_.prices);
  }

  model::WirePrice traded() {
    if (one_in(100)) return wire();
    return 1000 + (shape_.prices - shape_.traded) / 2 + below(shape_.traded);
  }

  // A level at a wire price, or between two of them, or beyond all.
  model::Price level(model::Segment segment) {
    if (one_in(60)) return model::Price::from_rupees(99'999'999);
    const auto exact = model::price_from_wire(wire(), segment);
    if (segment == model::Segment::cds || !one_in(4)) return exact;
    return exact + model::Price::from_raw(below(2) == 0 ? 1 : -1);
  }

  model::Trigger trigger() {
    model::Trigger out;
    out.id = id();
    out.instrument_token = token();
    const auto segment = *model::segment_of(out.instrument_token);
    out.side = one_in(2) ? model::Side::buy : model::Side::sell;
    out.leg_1.trigger_price = level(segment);
    if (one_in(10)) out.leg_1.state = model::LegState::failed;
    if (one_in(2)) {
      out.condition = model::Condition::two_leg;
      out.leg_2 = model::Leg{};
      out.leg_2->trigger_price = level(segment);
      if (one_in(10)) out.leg_2->state = model::LegState::failed;
    } else if (one_in(2)) {
      out.direction = one_in(2) ? model::Direction::rising : model::Direction::falling;
    }
    return out;
  }

  std::mt19937_64 random_;
  Shape shape_;
  std::size_t fired_ = 0;
};

void compare(Shape shape, std::uint64_t seeds) {
  std::size_t fired = 0;
  for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
    BookPair books;
    RandomMarket market(seed, shape);
    for (int step = 0; step < shape.steps; ++step) {
      const auto difference = market.step(books);
      ASSERT_TRUE(difference.empty()) << difference << ": seed " << seed << ", step " << step;
    }
    fired += market.fired();
  }
  EXPECT_GT(fired, seeds * 10) << "a comparison in which little fires shows little";
}

TEST(FastAndNaiveBook, AgreeWhereEveryPriceIsALevel) {
  compare({.ids = 20, .tokens = 1, .prices = 8, .traded = 8, .steps = 400}, 100);
}

TEST(FastAndNaiveBook, AgreeOnManyInstruments) {
  compare({.ids = 200, .tokens = 40, .prices = 12, .traded = 12, .steps = 500}, 20);
}

TEST(FastAndNaiveBook, AgreeWhenTheBookIsDeep) {
  compare({.ids = 4000, .tokens = 1, .prices = 100'000, .traded = 2'000, .steps = 3000}, 3);
}

}  // namespace
}  // namespace hmt::trigger
