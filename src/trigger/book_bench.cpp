#include <benchmark/benchmark.h>
#include <chrono>
#include <cstring>
#include <random>
#include <unordered_map>

#include "trigger/book.h"
#include "trigger/rule.h"

// What the book costs: a price that fires nothing, arming and disarming in a full book, a price
// that fires. "times_faster" compares with the plain design, a list of triggers under each token
// that is walked on every price, on the same prices in the same run.
namespace hmt::trigger {
namespace {

using Clock = std::chrono::steady_clock;

// Levels stand 5 % and more around a price that moves by less than 1 %.
constexpr std::int64_t middle_paise = 100'000;

model::InstrumentToken token_of(std::size_t instrument) {
  return static_cast<model::InstrumentToken>(5'000 + instrument * 37) << 8 | 1;
}

class Market {
 public:
  explicit Market(std::size_t instruments) : instruments_(instruments) {}

  model::Trigger trigger(std::size_t number) {
    model::Trigger out;
    const std::uint64_t halves[] = {random_(), random_()};
    std::memcpy(out.id.uuid.bytes.data(), halves, sizeof halves);
    out.instrument_token = token_of(number % instruments_);
    out.side = model::Side::sell;
    out.condition = model::Condition::two_leg;
    out.leg_1.trigger_price = model::Price::from_paise(middle_paise - distance());
    out.leg_2 = out.leg_1;
    out.leg_2->trigger_price = model::Price::from_paise(middle_paise + distance());
    return out;
  }

  std::vector<model::Trigger> triggers(std::size_t count) {
    std::vector<model::Trigger> out;
    out.reserve(count);
    for (std::size_t i = 0; i < count; ++i) out.push_back(trigger(i));
    return out;
  }

  struct Price {
    model::InstrumentToken token;
    model::WirePrice last;
  };
  std::vector<Price> prices(std::size_t count) {
    std::vector<Price> out;
    for (std::size_t i = 0; i < count; ++i) {
      const auto moved = static_cast<std::int64_t>(random_() % 2'000) - 1'000;
      out.push_back({token_of(random_() % instruments_),
                     static_cast<model::WirePrice>(middle_paise + moved)});
    }
    return out;
  }

 private:
  std::int64_t distance() { return 5'000 + static_cast<std::int64_t>(random_() % 50'000); }

  std::mt19937_64 random_{42};
  std::size_t instruments_;
};

class PlainBook {
 public:
  explicit PlainBook(const std::vector<model::Trigger>& triggers) {
    for (const auto& each : triggers) by_token_[each.instrument_token].push_back(&each);
  }

  std::size_t hits(Market::Price price) const {
    const auto found = by_token_.find(price.token);
    if (found == by_token_.end()) return 0;
    const auto last = model::price_from_wire(price.last, model::Segment::nse);
    std::size_t count = 0;
    for (const auto* each : found->second) count += leg_fired_by(*each, last).has_value() ? 1U : 0U;
    return count;
  }

 private:
  std::unordered_map<model::InstrumentToken, std::vector<const model::Trigger*>> by_token_;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double plain_nanos_a_price(const std::vector<model::Trigger>& triggers,
                           const std::vector<Market::Price>& prices) {
  const PlainBook plain(triggers);
  const auto start = Clock::now();
  std::size_t done = 0;
  while (done % 64 != 0 || seconds_since(start) < 0.3) {
    benchmark::DoNotOptimize(plain.hits(prices[done % prices.size()]));
    ++done;
  }
  return seconds_since(start) * 1e9 / static_cast<double>(done);
}

void price_that_fires_nothing(benchmark::State& state) {
  Market market(static_cast<std::size_t>(state.range(1)));
  const auto triggers = market.triggers(static_cast<std::size_t>(state.range(0)));
  const auto prices = market.prices(1 << 14);
  Book book;
  for (const auto& each : triggers) book.arm(each);
  const double plain = plain_nanos_a_price(triggers, prices);

  std::vector<Hit> hits;
  std::size_t at = 0;
  const auto start = Clock::now();
  for (auto _ : state) {
    const auto& price = prices[at++ % prices.size()];
    book.take_hits(price.token, price.last, hits);
  }
  const double fast = seconds_since(start) * 1e9 / static_cast<double>(state.iterations());
  if (!hits.empty()) state.SkipWithError("a price fired");
  state.counters["plain_ns"] = plain;
  state.counters["times_faster"] = plain / fast;
}
BENCHMARK(price_that_fires_nothing)
    ->ArgNames({"triggers", "instruments"})
    ->Args({150, 50})
    ->Args({10'000, 500})
    ->Args({1'000'000, 3'000});

// A full book whose triggers go and come, so many at a time, so that each way is timed alone.
class Exchange {
 public:
  static constexpr std::size_t at_a_time = 1'024;
  static constexpr std::size_t stride = 7'919;  // between who goes: no one twice at a time

  Exchange(std::size_t triggers, std::size_t instruments) : market_(instruments) {
    for (std::size_t i = 0; i < triggers; ++i) {
      const auto trigger = market_.trigger(i);
      book.arm(trigger);
      ids_.push_back(trigger.id);
    }
  }

  // Chooses who goes, anywhere in the book, and who comes.
  void choose() {
    leaving.clear();
    coming.clear();
    auto at = random_();
    for (std::size_t i = 0; i < at_a_time; ++i) {
      auto& id = ids_[(at += stride) % ids_.size()];
      leaving.push_back(id);
      coming.push_back(market_.trigger(random_()));
      id = coming.back().id;
    }
  }

  Book book;
  std::vector<model::TriggerId> leaving;
  std::vector<model::Trigger> coming;

 private:
  Market market_;
  std::vector<model::TriggerId> ids_;
  std::mt19937_64 random_{7};
};

void disarm_them(Exchange& exchange) {
  for (const auto id : exchange.leaving) exchange.book.disarm(id);
}
void arm_them(Exchange& exchange) {
  for (const auto& trigger : exchange.coming) exchange.book.arm(trigger);
}

void times_one_way(benchmark::State& state, void (*timed)(Exchange&), bool arms) {
  Exchange exchange(static_cast<std::size_t>(state.range(0)),
                    static_cast<std::size_t>(state.range(1)));
  while (state.KeepRunningBatch(Exchange::at_a_time)) {
    state.PauseTiming();
    exchange.choose();
    if (arms) disarm_them(exchange);
    state.ResumeTiming();
    timed(exchange);
    state.PauseTiming();
    if (!arms) arm_them(exchange);
    state.ResumeTiming();
  }
  const auto armed = static_cast<std::int64_t>(exchange.book.size());
  if (armed != state.range(0)) state.SkipWithError("as many went as came");
}
void arm(benchmark::State& state) {
  times_one_way(state, arm_them, true);
}
void disarm(benchmark::State& state) {
  times_one_way(state, disarm_them, false);
}

void crowded_and_spread(benchmark::internal::Benchmark* each) {
  each->ArgNames({"triggers", "instruments"})->Args({1'000'000, 3'000})->Args({1'000'000, 1});
}
BENCHMARK(arm)->Apply(crowded_and_spread);
BENCHMARK(disarm)->Apply(crowded_and_spread);

void fill_a_book(benchmark::State& state) {
  Market market(static_cast<std::size_t>(state.range(1)));
  const auto triggers = market.triggers(static_cast<std::size_t>(state.range(0)));
  std::size_t bytes = 0;
  for (auto _ : state) {
    Book book;
    for (const auto& each : triggers) book.arm(each);
    bytes = book.bytes();
  }
  const auto count = static_cast<double>(triggers.size());
  state.counters["bytes_a_trigger"] = static_cast<double>(bytes) / count;
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(fill_a_book)
    ->ArgNames({"triggers", "instruments"})
    ->Args({1'000'000, 3'000})
    ->Args({1'000'000, 1})
    ->Unit(benchmark::kMillisecond);

// A crash through every stop of a crowded instrument at once.
void price_that_fires_all(benchmark::State& state) {
  Market market(1);
  const auto triggers = market.triggers(static_cast<std::size_t>(state.range(0)));
  std::vector<Hit> hits;
  for (auto _ : state) {
    state.PauseTiming();
    hits.clear();
    Book book;
    for (const auto& each : triggers) book.arm(each);
    state.ResumeTiming();
    book.take_hits(token_of(0), 1, hits);
  }
  if (hits.size() != triggers.size()) state.SkipWithError("not all fired");
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(price_that_fires_all)->Arg(1)->Arg(1'000)->Arg(100'000);

}  // namespace
}  // namespace hmt::trigger
