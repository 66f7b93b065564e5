#include "world/process.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "world/database.h"
#include "world/gateway.h"

namespace hmt::world {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Stream final : public broker::MarketStream {
 public:
  Stream(Commons& commons, Thread& market, std::shared_ptr<Line> line, PricesSeen& seen)
      : commons_(commons), market_(market), line_(std::move(line)), seen_(seen) {}
  ~Stream() override { line_->observer = nullptr; }
  void open() override {
    line_->opening = true;
    market_.after(commons_.chance.between(milliseconds(5), milliseconds(300)),
                  [line = line_, good = commons_.exchange.session_good()] {
                    if (!std::exchange(line->opening, false) || !line->observer) return;
                    if (good) {
                      line->open = true;
                      line->observer->on_open();
                    } else {
                      line->observer->on_closed(broker::StreamEnd::session_refused, "403");
                    }
                  });
  }
  void close() override {
    if (line_->open) seen_.lost(market_.steady());
    line_->open = line_->opening = false;
  }
  void subscribe(std::span<const model::InstrumentToken> tokens) override {
    line_->tokens.insert(tokens.begin(), tokens.end());
    for (const auto token : tokens) {
      if (commons_.faults.strikes(Fault::cached_packet, 100'000)) tell_from_memory(token);
    }
  }
  void unsubscribe(std::span<const model::InstrumentToken> tokens) override {
    for (const auto token : tokens) line_->tokens.erase(token);
  }

 private:
  // The broker says at once what it remembers, however old that is.
  void tell_from_memory(model::InstrumentToken token) {
    const auto packet = commons_.remembered(token);
    if (!packet) return;
    market_.after(commons_.chance.between(milliseconds(1), milliseconds(30)),
                  [this, line = line_, tick = *packet]() mutable {
                    if (!line->observer || !line->open) return;
                    tick.received_at = market_.now();
                    seen_.note(tick, market_.steady(), Told::again);
                    line->observer->on_ticks({&tick, 1});
                  });
  }

  Commons& commons_;
  Thread& market_;
  std::shared_ptr<Line> line_;
  PricesSeen& seen_;
};

}  // namespace

Process::Process(Commons& commons, const std::string& holder, std::uint64_t number,
                 std::function<void()> died)
    : commons_(commons),
      clock_(commons.timeline, std::move(died), [this] { flush_soon(); }),
      market_(clock_, commons.chance, commons.faults),
      orders_(clock_, commons.chance, commons.faults),
      answers_(clock_, commons.chance, commons.faults),
      watch_(clock_, commons.chance, commons.faults) {
  settings_.engine.tag_key.bytes.fill(0x5A);
  settings_.calendar = model::Calendar::always();
  settings_.follow_period = commons.follow_period;
  settings_.counts_period = seconds(3);  // nobody watches a screen
  settings_.holder = holder + "-" + std::to_string(number);
  writer_ = faulty_writer(commons_, clock_, prices_seen_, [this] { disturb(); });
  runtime_ = std::make_unique<runtime::Runtime>(
      runtime::Schedulers{market_, orders_, answers_, watch_}, *writer_, door(),
      [this](feed::FeedObserver& observer) { return make_feed(observer); }, settings_,
      [this] { clock_.die(); });
  clock_.post([this] { runtime_->launch(); });
}

Process::~Process() = default;

runtime::BrokerDoor Process::door() {
  runtime::BrokerDoor out;
  out.open =
      [this](
          const model::BrokerConnection&) -> base::Result<std::unique_ptr<broker::OrderGateway>> {
    return gateway_to_exchange(commons_, clock_, orders_);
  };
  out.session = [](const model::BrokerConnection&) -> base::Result<agent::Secret> {
    return agent::Secret("token");
  };
  out.seal = [](const model::BrokerConnection&, const std::string&, const agent::Secret& secret) {
    return "sealed " + std::string(secret.reveal());
  };
  out.renew = [](model::BrokerConnection&) -> base::Result<bool> { return false; };
  out.login_url = [](const model::BrokerConnection&,
                     const std::string&) -> base::Result<std::string> {
    return "https://broker.test/login";
  };
  out.session_end = [](base::Instant from) { return from + std::chrono::hours(20); };
  out.use_for_prices = [](const model::BrokerConnection&) {};
  return out;
}

std::unique_ptr<feed::Feed> Process::make_feed(feed::FeedObserver& observer) {
  return std::make_unique<feed::Feed>(
      market_,
      [this](broker::StreamObserver& stream) {
        std::erase_if(lines_, [](const auto& line) { return line->observer == nullptr; });
        lines_.push_back(std::make_shared<Line>());
        lines_.back()->observer = &stream;
        return std::make_unique<Stream>(commons_, market_, lines_.back(), prices_seen_);
      },
      broker::StreamLimits{}, feed::FeedConfig{}, settings_.calendar, observer);
}

// A disk takes its time; what waits meanwhile goes with the next flush.
void Process::flush_soon() {
  if (flush_planned_ || runtime_ == nullptr || runtime_->commits().size() == 0) return;
  flush_planned_ = true;
  auto& faults = commons_.faults;
  base::Duration wait = commons_.chance.between(milliseconds(1), milliseconds(8));
  if (faults.strikes(Fault::slow_disk, 2'000)) {
    wait = commons_.chance.between(milliseconds(100), seconds(10));
  }
  if (faults.strikes(Fault::pause_before_write, 300)) {
    clock_.freeze(commons_.chance.between(milliseconds(100), minutes(2)));
  }
  clock_.after(wait, [this] { flush(); });
}

void Process::flush() {
  flush_planned_ = false;
  if (runtime_->commits().run_pending()) return;
  flush_planned_ = true;
  clock_.after(milliseconds(50), [this] { flush(); });
}

bool Process::wants_log_in() const {
  const auto reasons = runtime_->standing().reasons;
  return std::ranges::any_of(reasons, [](const std::string& reason) {
    return reason.contains("access token") || reason.contains("403");
  });
}

void Process::heartbeat() {
  market_.post([lines = lines_] {
    for (const auto& line : lines) {
      if (line->observer && line->open && !line->silent) line->observer->on_heartbeat();
    }
  });
}

void Process::tick(const model::Tick& tick, Told told) {
  for (const auto& line : lines_) {
    if (!line->open || line->silent || !line->tokens.contains(tick.token)) continue;
    market_.post([line, tick, told, this] {
      if (!line->observer || !line->open) return;
      auto copy = tick;
      copy.received_at = clock_.now();
      prices_seen_.note(copy, clock_.steady(), told);
      line->observer->on_ticks({&copy, 1});
    });
  }
}

void Process::order_update(const model::BrokerOrder& order) {
  for (const auto& line : lines_) {
    if (!line->open || line->silent) continue;
    market_.post([line, order] {
      if (line->observer && line->open) line->observer->on_order(order);
    });
    return;  // one line carries them
  }
}

bool Process::hears(model::InstrumentToken token) const {
  return std::ranges::any_of(lines_, [token](const auto& line) {
    return line->observer && line->open && !line->cut && !line->silent &&
           line->tokens.contains(token);
  });
}

std::uint64_t Process::disturbances() const {
  return disturbed_ + clock_.disturbances() + market_.disturbances() + orders_.disturbances() +
         watch_.disturbances();
}

base::Duration Process::held_until() const {
  return std::max(
      {market_.held_until(), orders_.held_until(), answers_.held_until(), watch_.held_until()});
}

void Process::cut_feed() {
  disturb();
  for (const auto& line : lines_) {
    if (!line->open) continue;
    line->cut = true;
    market_.post([line, this] {
      if (!std::exchange(line->open, false) || !line->observer) return;
      prices_seen_.lost(clock_.steady());
      line->observer->on_closed(broker::StreamEnd::lost, "connection reset");
    });
  }
}

void Process::hush_feed(bool silent) {
  disturb();
  for (const auto& line : lines_) line->silent = silent;
}

}  // namespace hmt::world
