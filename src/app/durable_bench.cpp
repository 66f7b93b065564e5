#include <algorithm>
#include <array>
#include <atomic>
#include <benchmark/benchmark.h>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <optional>
#include <thread>
#include <time.h>
#include <unistd.h>

#include "agent/log.h"
#include "base/ensure.h"
#include "feed/feed.h"
#include "net/loop.h"
#include "runtime/market_agent.h"
#include "sqlite/connection.h"
#include "sqlite/database.h"
#include "sqlite/test_folder.h"
#include "store/recovery.h"

// One frame of prices fires 512 triggers: from its first packet to the last claim on disk, against
// as many bytes written and flushed by hand into a file of the same folder. The engine, the commit
// thread and SQLite are the product's own; nothing is sent, and nobody listens.
namespace hmt::app {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t fires = 512;
constexpr model::InstrumentToken fired = 408065;
constexpr model::InstrumentToken fired_before = 408321;
constexpr std::size_t fires_before = 2 * fires;
constexpr base::Price last_price = base::Price::from_rupees(1490);

double processor_seconds() {
  timespec used{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
  return static_cast<double>(used.tv_sec) + static_cast<double>(used.tv_nsec) * 1e-9;
}

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

base::Instant wall_clock() {
  return std::chrono::system_clock::now();
}

// 10,000 active triggers, each twentieth on the instrument that fires, in the order in which people
// add them; each eighth of those shares a group with one on an instrument that does not move.
const std::string& table_of_triggers() {
  static const sqlite::TestFolder folder;
  static const std::string path = [] {
    const auto file = folder.file("table.db");
    base::ensure(sqlite::open_database(file).has_value(), "a file with the schema is made");
    const auto made = sqlite::Connection::open(file, sqlite::Access::write).value();
    made->script(
        "WITH RECURSIVE each (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM each WHERE n < 9999), "
        "place AS (SELECT n, iif(n % 19 = 0 AND n < 19 * 512, 408065, iif(n % 19 IN (1, 3) AND n < "
        "19 * 512, 408321, 512001 + 256 * (n % 400))) AS token FROM each) "
        "INSERT INTO hmt_gtt_orders (trading_symbol, exchange, instrument_token, condition_type, "
        "transaction_type, product_type_1, trigger_price_1, order_price_1, quantity_1, parent_id) "
        "SELECT 'STOCK' || token, 'NSE', token, 'single', 'SELL', 'CNC', '1500.00', '1495.00', 10, "
        "iif(n % 152 IN (0, 2), printf('%08x-0000-4000-8000-000000000000', n / 152), NULL) "
        "FROM place ORDER BY n");
    base::ensure(made->outcome().has_value(), "the triggers are added");
    return file;
  }();
  return path;
}

class SilentStream final : public broker::MarketStream {
 public:
  void open() override {}
  void close() override {}
  void subscribe(std::span<const model::InstrumentToken>) override {}
  void unsubscribe(std::span<const model::InstrumentToken>) override {}
};

class NobodyListens final : public runtime::CommitObserver {
 public:
  void on_committed(store::Changed) override {}
  void on_store_away(const std::string& why) override { base::ensure(false, why.c_str()); }
  void on_store_back() override {}
  void on_fenced(std::int64_t) override {}
};

// Each fire is a line of it, here as in life.
void write_a_log() {
  static const bool started = [] {
    agent::log_start(agent::Level::info, agent::LogFormat::json);
    return std::atexit(agent::log_stop) == 0;
  }();
  base::ensure(started, "the log is written to the end");
}

// The market's thread and the commit thread of a running engine, over a copy of the table.
class Desk {
 public:
  Desk() {
    write_a_log();
    std::filesystem::copy_file(table_of_triggers(), folder_.file());
    database_ = sqlite::open_database(folder_.file(), {.quick_check = false}).value();
    commits_.emplace(database_->writer(), observer_);
    market_.emplace(loop_, *commits_, standing_, prices_, latency_, runtime::MarketLinks{}, false,
                    std::chrono::hours(1));
    feed_.emplace(
        loop_, [](broker::StreamObserver&) { return std::make_unique<SilentStream>(); },
        broker::StreamLimits{}, feed::FeedConfig{}, model::Calendar::always(), *market_);
    market_->use_feed(*feed_);
    begin();
    market_thread_ = std::thread([this] { loop_.run(); });
    commit_thread_ = std::thread([this] { commits_->run(); });
  }

  ~Desk() {
    loop_.post([this] { loop_.stop(); });
    market_thread_.join();
    commits_->stop();
    commit_thread_.join();
  }

  struct Taken {
    double seconds = 0;
    double processor_seconds = 0;  // of all threads
  };
  // How long until all of the instrument's claims, so many, are on disk.
  Taken fire(model::InstrumentToken token, std::size_t count) {
    wanted_ = count;
    loop_.post([this, token] {
      model::Tick tick;
      tick.token = token;
      tick.last = model::wire_at_or_above(last_price, model::Segment::nse);
      tick.received_at = wall_clock();
      tick.freshness = model::Freshness::fresh;
      processor_before_ = processor_seconds();
      began_ = Clock::now();
      market_->on_ticks({&tick, 1});
    });
    std::unique_lock lock(mutex_);
    const bool all =
        done_.wait_for(lock, std::chrono::seconds(60), [this] { return wanted_ == 0; });
    base::ensure(all, "every trigger of the frame fires");
    return took_;
  }

  // The commit thread has carried the log over meanwhile.
  static void let_it_rest() { std::this_thread::sleep_for(std::chrono::milliseconds(300)); }

  std::size_t log_bytes() const { return std::filesystem::file_size(folder_.file("hmt.db-wal")); }

  // What another process would read now.
  std::string wrong() const {
    const auto read = store::whole_recovery(*sqlite::open_reader(folder_.file()), {0});
    if (!read) return read.error().message;
    const auto firing =
        std::ranges::count(read->triggers, model::TriggerStatus::firing, &model::Trigger::status);
    const auto claimed = static_cast<std::ptrdiff_t>(read->attempts.size());
    const auto wanted = static_cast<std::ptrdiff_t>(fires + fires_before);
    if (firing == wanted && claimed == wanted && read->unreadable.empty()) return {};
    return std::to_string(firing) + " triggers are firing with " + std::to_string(claimed) +
           " attempts, not " + std::to_string(wanted);
  }

 private:
  void begin() {
    auto& writer = database_->writer();
    engine::Settings settings;
    settings.lease_epoch = writer.take_lease("bench", wall_clock()).value();
    settings.account = "AB1234";
    commits_->use_epoch(settings.lease_epoch);
    runtime::AccountLinks links;
    links.reserve = [permits = 10]() mutable { return permits-- > 0; };
    links.submit = [this](const model::Attempt&, model::Purpose) { count_durable(); };
    links.read_book = [] {};
    links.blocked = [](const std::string&) {};
    market_->add_account({}, {}, std::move(links));
    market_->prepare({}, settings);
    const auto read = writer.reader()->recovery(
        {0}, {}, [this](store::Recovery part) { market_->take({}, std::move(part)); });
    base::ensure(read.has_value(), "the records can be read");
    market_->begin({}, {wall_clock(), {}});
    market_->evaluate({}, true);
  }

  void count_durable() {
    const std::scoped_lock lock(mutex_);
    if (--wanted_ != 0) return;
    took_ = {seconds_since(began_), processor_seconds() - processor_before_};
    done_.notify_one();
  }

  sqlite::TestFolder folder_;
  std::unique_ptr<sqlite::Database> database_;
  NobodyListens observer_;
  std::optional<runtime::CommitQueue> commits_;
  net::Loop loop_;
  runtime::StandingBoard standing_;
  runtime::PriceBoard prices_;
  runtime::LatencyBoard latency_{wall_clock()};
  std::optional<runtime::MarketAgent> market_;
  std::optional<feed::Feed> feed_;
  std::thread market_thread_;
  std::thread commit_thread_;
  Clock::time_point began_;
  double processor_before_ = 0;
  Taken took_;
  std::mutex mutex_;
  std::condition_variable done_;
  std::size_t wanted_ = 0;
};

// In a log that has been used before, as it is but for the first minutes of a day.
void a_frame_of_512_fires(benchmark::State& state) {
  for (auto _ : state) {
    Desk desk;
    desk.fire(fired_before, fires_before);
    Desk::let_it_rest();
    const auto taken = desk.fire(fired, fires);
    state.SetIterationTime(taken.seconds);
    state.counters["processor_ns"] = taken.processor_seconds * 1e9;
    if (const auto wrong = desk.wrong(); !wrong.empty()) {
      state.SkipWithError(wrong.c_str());
      break;
    }
  }
}
BENCHMARK(a_frame_of_512_fires)->UseManualTime()->Unit(benchmark::kMillisecond);

// The least that the same bytes can cost: written at once over a file's old ones, and flushed.
void as_many_bytes_and_a_flush(benchmark::State& state) {
  static const std::size_t size = [] {
    Desk desk;
    desk.fire(fired, fires);
    return desk.log_bytes();
  }();
  const sqlite::TestFolder folder;
  const int file = ::open(folder.file("bare").c_str(), O_WRONLY | O_CREAT, 0600);
  const std::vector<char> bytes(size, 'x');
  const auto write = [&] {
    base::ensure(::pwrite(file, bytes.data(), size, 0) == static_cast<ssize_t>(size), "written");
    base::ensure(::fdatasync(file) == 0, "flushed");
  };
  write();
  for (auto _ : state) {
    Desk::let_it_rest();
    const auto start = Clock::now();
    write();
    state.SetIterationTime(seconds_since(start));
  }
  state.counters["log_bytes"] = static_cast<double>(size);
  ::close(file);
}
BENCHMARK(as_many_bytes_and_a_flush)->UseManualTime()->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace hmt::app
