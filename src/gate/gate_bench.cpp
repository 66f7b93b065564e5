#include <algorithm>
#include <benchmark/benchmark.h>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "agent/manual_scheduler.h"
#include "broker/silent_gateway.h"
#include "gate/gate.h"

// Five hundred fires at once in one account, against a broker that counts what arrives: how much of
// the rate that it allows is used, whether it ever answers 429, and who leaves first. On virtual
// time, with wires whose latency varies from one order to the next; each run takes the seeds 1 to
// `seeds`, and its figures are those of the worst.
//
// The share is the time that a sender would need who knows the broker's clock (ten at once, ten
// more each second; the 401st after a minute), over the time in which ours arrive, from the first
// to the last. `share_in_the_second` is that of the first 400 alone, which wait for the second and
// not for the minute.
namespace hmt::gate {
namespace {

using base::Duration;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t fires = 500;
constexpr std::size_t per_second = 10;
constexpr std::size_t per_minute = 400;
constexpr std::uint64_t seeds = 50;
constexpr Duration flush = milliseconds(2);  // of the journal, and of the claims

// A part of the way: never less than `least`, on average so much more.
struct Leg {
  Duration least;
  Duration more_on_average;
  Duration take(std::mt19937_64& random) const {
    std::exponential_distribution<double> more(1.0);
    return least + Duration(static_cast<std::int64_t>(
                       more(random) * static_cast<double>(more_on_average.count())));
  }
};

struct Wire {
  Leg out;
  Leg handling;  // by the broker, after it has counted the order
  Leg back;
  std::uint64_t lost_per_mille = 0;  // of the packets each way: they are sent again
};

class Way {
 public:
  Way(Wire wire, std::uint64_t seed) : wire_(wire), random_(seed) {}
  Duration out() { return wire_.out.take(random_) + again(); }
  Duration back() { return wire_.handling.take(random_) + wire_.back.take(random_) + again(); }

 private:
  // Linux sends a packet again after 200 ms at the earliest.
  Duration again() {
    const bool lost = random_() % 1000 < wire_.lost_per_mille;
    return lost ? milliseconds(200 + random_() % 100) : Duration{};
  }
  Wire wire_;
  std::mt19937_64 random_;
};

// Counts every order that arrives, the refused ones too.
class Counter {
 public:
  bool allows(Duration now) {
    arrived_.push_back(now);
    return within(now, seconds(1)) <= per_second && within(now, minutes(1)) <= per_minute;
  }
  const std::vector<Duration>& arrived() const { return arrived_; }

 private:
  std::size_t within(Duration now, Duration window) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(arrived_, [&](auto at) { return now - at < window; }));
  }
  std::vector<Duration> arrived_;
};

class Broker final : public broker::SilentGateway {
 public:
  Broker(agent::ManualScheduler& scheduler, Way way) : scheduler_(scheduler), way_(way) {}

  void place(const model::OrderRequest& request, std::move_only_function<bool()> last_check,
             broker::PlaceDone done) override {
    if (!last_check()) {
      done(answer_of(model::Transport::not_sent));
      return;
    }
    left.push_back(request.tag);
    scheduler_.after(way_.out(), [this, done = std::move(done)]() mutable {
      scheduler_.after(way_.back(),
                       [answer = answer_now(), done = std::move(done)]() mutable { done(answer); });
    });
  }

  std::vector<model::OrderTag> left;
  Counter counter;
  std::size_t refused = 0;

 private:
  static model::PlaceAnswer answer_of(model::Transport transport) {
    model::PlaceAnswer answer;
    answer.transport = transport;
    return answer;
  }
  model::PlaceAnswer answer_now() {
    auto answer = answer_of(model::Transport::answered);
    answer.http_status = 200;
    answer.well_formed = true;
    answer.order_id = std::to_string(counter.arrived().size());
    if (counter.allows(scheduler_.steady())) return answer;
    ++refused;
    answer.http_status = 429;
    answer.error_type = "NetworkException";
    answer.message = "Too many requests";
    answer.order_id.clear();
    return answer;
  }

  agent::ManualScheduler& scheduler_;
  Way way_;
};

class SlowJournal final : public Journal {
 public:
  explicit SlowJournal(agent::ManualScheduler& scheduler) : scheduler_(scheduler) {}
  void forwarded(model::Attempt, std::move_only_function<void(bool)> done) override {
    scheduler_.after(flush, [done = std::move(done)]() mutable { done(true); });
  }

 private:
  agent::ManualScheduler& scheduler_;
};

class Outcomes final : public Observer {
 public:
  void on_forwarded(const model::OrderTag&) override {}
  void on_withdrawn(const model::OrderTag&, std::int64_t, const std::string&) override {
    ++withdrawn;
  }
  void on_answered(const model::OrderTag&, const model::PlaceAnswer&) override { ++answered; }
  std::size_t withdrawn = 0;
  std::size_t answered = 0;
};

struct Fire {
  model::Attempt attempt;
  model::Purpose purpose;
};

struct Figures {
  std::size_t orders = 0;
  std::size_t refused = 0;
  std::size_t lost = 0;  // fires that did not arrive exactly once
  std::size_t entries_before_exits = 0;
  double seconds = 0;
  double share = 0;
  double share_in_the_second = 0;
};

// When the last of so many is accepted at the earliest, counted from the first.
double perfect_seconds(std::size_t orders) {
  std::vector<double> at(orders, 0.0);
  for (std::size_t i = per_second; i < orders; ++i) {
    at[i] = at[i - per_second] + 1.0;
    if (i >= per_minute) at[i] = std::max(at[i], at[i - per_minute] + 60.0);
  }
  return at.back();
}

double share_of(std::vector<Duration> arrived, std::size_t orders) {
  if (arrived.size() < orders) return 0;
  std::ranges::sort(arrived);
  const std::chrono::duration<double> took = arrived.at(orders - 1) - arrived.front();
  return perfect_seconds(orders) / took.count();
}

// Half of them exits, in the order in which the market happens to reach them.
std::vector<Fire> fires_of(std::uint64_t seed, base::Instant now) {
  std::vector<Fire> out;
  for (std::size_t i = 0; i < fires; ++i) {
    Fire fire{.attempt = {}, .purpose = i % 2 ? model::Purpose::exit : model::Purpose::entry};
    fire.attempt.tag = (i % 2 ? "EXIT" : "ENTRY") + std::to_string(i);
    fire.attempt.request.tag = fire.attempt.tag;
    fire.attempt.lease_epoch = 1;
    fire.attempt.created_at = now;
    fire.attempt.trading_date = base::trading_date(now);
    out.push_back(std::move(fire));
  }
  std::mt19937_64 random(seed);
  std::ranges::shuffle(out, random);
  return out;
}

// Of those that waited.
std::size_t entries_before_exits(const std::vector<model::OrderTag>& left,
                                 const std::set<model::OrderTag>& at_once) {
  std::size_t out = 0;
  std::size_t entries = 0;
  for (const auto& tag : left) {
    if (at_once.contains(tag)) continue;
    if (std::string_view(tag).starts_with("ENTRY")) ++entries;
    if (std::string_view(tag).starts_with("EXIT") && entries != 0) ++out;
  }
  return out;
}

Figures drain(const Wire& wire, std::uint64_t seed) {
  agent::ManualScheduler scheduler(base::parse_rfc3339("2026-11-23T04:00:00Z").value());
  Broker broker(scheduler, Way(wire, seed));
  SlowJournal journal(scheduler);
  Outcomes outcomes;
  Gate gate(scheduler, broker, journal, outcomes, {});
  gate.open(1);

  std::set<model::OrderTag> at_once;
  auto all = fires_of(seed, scheduler.now());
  for (auto& fire : all) {
    if (!gate.reserve()) continue;
    fire.attempt.state = model::AttemptState::forwarded;
    fire.attempt.forwarded_at = scheduler.now();
    at_once.insert(fire.attempt.tag);
  }
  scheduler.advance(flush);
  for (const auto& fire : all) gate.submit(fire.attempt, fire.purpose);
  while (!scheduler.idle() && outcomes.answered < fires) scheduler.advance(milliseconds(100));

  Figures out;
  const auto& arrived = broker.counter.arrived();
  out.orders = arrived.size();
  out.refused = broker.refused;
  out.lost = fires - std::set(broker.left.begin(), broker.left.end()).size() + outcomes.withdrawn;
  out.entries_before_exits = entries_before_exits(broker.left, at_once);
  out.seconds = std::chrono::duration<double>(arrived.back() - arrived.front()).count();
  out.share = share_of(arrived, fires);
  out.share_in_the_second = share_of(arrived, per_minute);
  return out;
}

void tell(benchmark::State& state, const std::vector<Figures>& seen) {
  const auto worst = [&](auto figure, bool largest) {
    const auto by = std::ranges::minmax(seen, {}, figure);
    return static_cast<double>(std::invoke(figure, largest ? by.max : by.min));
  };
  state.counters["seeds"] = static_cast<double>(seeds);
  state.counters["orders"] = worst(&Figures::orders, false);
  state.counters["refused_429"] = worst(&Figures::refused, true);
  state.counters["lost"] = worst(&Figures::lost, true);
  state.counters["entries_before_exits"] = worst(&Figures::entries_before_exits, true);
  state.counters["seconds"] = worst(&Figures::seconds, true);
  state.counters["share_least"] = worst(&Figures::share, false);
  const auto mean = [&](auto figure) {
    double sum = 0;
    for (const auto& each : seen) sum += each.*figure;
    return sum / static_cast<double>(seen.size());
  };
  state.counters["share"] = mean(&Figures::share);
  state.counters["share_in_the_second"] = mean(&Figures::share_in_the_second);
}

void Drain(benchmark::State& state, const Wire& wire) {
  std::vector<Figures> seen;
  for (auto _ : state) {
    seen.clear();
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) seen.push_back(drain(wire, seed));
  }
  tell(state, seen);
}

constexpr Duration none{};
constexpr Leg exactly_10ms{milliseconds(10), none};
constexpr Leg some_10ms{milliseconds(10), milliseconds(3)};
constexpr Leg some_60ms{milliseconds(60), milliseconds(10)};
constexpr Leg anything{milliseconds(2), milliseconds(40)};

BENCHMARK_CAPTURE(Drain, even, Wire{exactly_10ms, exactly_10ms, exactly_10ms})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Drain, uneven, Wire{some_10ms, some_10ms, some_10ms})
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Drain, far, Wire{some_60ms, some_60ms, some_60ms})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Drain, wild, Wire{anything, anything, anything})->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(Drain, lossy, Wire{some_10ms, some_10ms, some_10ms, 10})
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hmt::gate
