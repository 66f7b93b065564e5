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
  Stream(Commons& commons, ProcessClock& clock, std::shared_ptr<Line> line)
      : commons_(commons), clock_(clock), line_(std::move(line)) {}
  ~Stream() override { line_->observer = nullptr; }
  void open() override {
    line_->opening = true;
    clock_.after(commons_.chance.between(milliseconds(5), milliseconds(300)),
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
  void close() override { line_->open = line_->opening = false; }
  void subscribe(std::span<const model::InstrumentToken> tokens) override {
    line_->tokens.insert(tokens.begin(), tokens.end());
  }
  void unsubscribe(std::span<const model::InstrumentToken> tokens) override {
    for (const auto token : tokens) line_->tokens.erase(token);
  }

 private:
  Commons& commons_;
  ProcessClock& clock_;
  std::shared_ptr<Line> line_;
};

}  // namespace

ProcessClock::ProcessClock(Timeline& timeline, std::function<void()> died,
                           std::function<void()> after_task)
    : timeline_(timeline), died_(std::move(died)), after_task_(std::move(after_task)) {}

ProcessClock::~ProcessClock() = default;

agent::TimerId ProcessClock::plan(base::Duration at, agent::Task task) {
  const auto id = ++last_id_;
  tasks_.emplace(id, std::move(task));
  timeline_.at(at, [this, id, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) due(id);
  });
  return id;
}

void ProcessClock::due(agent::TimerId id) {
  if (dead_) return;
  if (frozen()) {
    timeline_.at(frozen_until_, [this, id, alive = std::weak_ptr(alive_)] {
      if (!alive.expired()) due(id);
    });
    return;
  }
  auto task = tasks_.extract(id);
  if (task.empty()) return;
  try {
    task.mapped()();
    after_task_();
  } catch (const Died&) {
    die();
  }
}

void ProcessClock::freeze(base::Duration lasts) {
  frozen_until_ = std::max(frozen_until_, timeline_.steady() + lasts);
}

void ProcessClock::die() {
  if (std::exchange(dead_, true)) return;
  died_();
}

Process::Process(Commons& commons, const std::string& holder, std::uint64_t number,
                 std::function<void()> died)
    : commons_(commons), clock_(commons.timeline, std::move(died), [this] { flush_soon(); }) {
  settings_.engine.tag_key.bytes.fill(0x5A);
  settings_.calendar = model::Calendar::always();
  settings_.follow_period = commons.follow_period;
  settings_.counts_period = minutes(1);  // nobody watches a screen
  settings_.holder = holder + "-" + std::to_string(number);
  writer_ = faulty_writer(commons_, clock_);
  runtime_ = std::make_unique<runtime::Runtime>(
      runtime::Schedulers{clock_, clock_, clock_, clock_}, *writer_, door(),
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
    return gateway_to_exchange(commons_, clock_);
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
      clock_,
      [this](broker::StreamObserver& stream) {
        std::erase_if(lines_, [](const auto& line) { return line->observer == nullptr; });
        lines_.push_back(std::make_shared<Line>());
        lines_.back()->observer = &stream;
        return std::make_unique<Stream>(commons_, clock_, lines_.back());
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
  clock_.post([lines = lines_] {
    for (const auto& line : lines) {
      if (line->observer && line->open && !line->silent) line->observer->on_heartbeat();
    }
  });
}

void Process::tick(const model::Tick& tick) {
  for (const auto& line : lines_) {
    if (!line->open || line->silent || !line->tokens.contains(tick.token)) continue;
    clock_.post([line, tick, this] {
      if (!line->observer || !line->open) return;
      auto copy = tick;
      copy.received_at = clock_.now();
      line->observer->on_ticks({&copy, 1});
    });
  }
}

void Process::order_update(const model::BrokerOrder& order) {
  for (const auto& line : lines_) {
    if (!line->open || line->silent) continue;
    clock_.post([line, order] {
      if (line->observer && line->open) line->observer->on_order(order);
    });
    return;  // one line carries them
  }
}

void Process::cut_feed() {
  for (const auto& line : lines_) {
    if (!line->open) continue;
    clock_.post([line] {
      if (!std::exchange(line->open, false) || !line->observer) return;
      line->observer->on_closed(broker::StreamEnd::lost, "connection reset");
    });
  }
}

void Process::hush_feed(bool silent) {
  for (const auto& line : lines_) line->silent = silent;
}

}  // namespace hmt::world
