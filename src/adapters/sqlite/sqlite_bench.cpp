#include <array>
#include <benchmark/benchmark.h>
#include <chrono>
#include <fcntl.h>
#include <optional>
#include <unistd.h>
#include <vector>

#include "base/ensure.h"
#include "sqlite/database.h"
#include "sqlite/test_folder.h"

// What a durable claim costs, in units of what the disk itself costs: one page appended and
// flushed.
namespace hmt::sqlite {
namespace {

using Clock = std::chrono::steady_clock;

constexpr base::Instant now{std::chrono::hours(24 * 365 * 56)};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double flush_once(int file) {
  static constexpr std::array<char, 4096> page{};
  const auto start = Clock::now();
  base::ensure(::write(file, page.data(), page.size()) == ssize_t{4096}, "a page is written");
  base::ensure(::fdatasync(file) == 0, "a page is flushed");
  return seconds_since(start);
}

double bare_flush() {
  static const double mean = [] {
    const TestFolder folder;
    const int file = ::open(folder.file("bare").c_str(), O_WRONLY | O_CREAT, 0600);
    double sum = 0;
    constexpr int rounds = 200;
    for (int i = 0; i < rounds; ++i) sum += flush_once(file);
    ::close(file);
    return sum / rounds;
  }();
  return mean;
}

class Desk {
 public:
  explicit Desk(std::size_t triggers) : database_(open_database(folder_.file()).value()) {
    epoch_ = writer().take_lease("bench", now).value();
    for (std::size_t n = 0; n < triggers; ++n) {
      rows_.push_back(writer().create(stop_loss(n), {}, nullptr, now)->trigger);
    }
  }

  store::Writer& writer() { return database_->writer(); }

  std::vector<store::Claim> claims() {
    std::vector<store::Claim> out;
    for (const auto& row : rows_) {
      store::Claim claim;
      claim.version = row.version;
      claim.attempt.tag = "T" + std::to_string(++tags_);
      claim.attempt.trigger_id = row.id;
      claim.attempt.fire_no = row.fire_no + 1;
      claim.attempt.lease_epoch = epoch_;
      claim.attempt.request.trading_symbol = row.trading_symbol;
      claim.attempt.request.quantity = row.leg_1.quantity;
      claim.attempt.evidence.rule = "SELL leg 1: LTP 1499.95 <= 1500.00";
      out.push_back(std::move(claim));
    }
    return out;
  }

  void arm_again() {
    std::vector<store::Record> records(rows_.size());
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      records[i].trigger.emplace();
      records[i].trigger->id = rows_[i].id;
      records[i].trigger->status = model::TriggerStatus::active;
    }
    rows_ = writer().record(epoch_, records)->triggers;
  }

 private:
  static model::Trigger stop_loss(std::size_t n) {
    model::Trigger out;
    out.id.uuid.bytes[0] = static_cast<std::uint8_t>(n * 37);  // ids are random in life
    out.id.uuid.bytes[1] = static_cast<std::uint8_t>(n >> 8);
    out.id.uuid.bytes[2] = static_cast<std::uint8_t>(n);
    out.trading_symbol = "INFY";
    out.instrument_token = 408065;
    out.side = model::Side::sell;
    out.leg_1.trigger_price = base::Price::from_rupees(1500);
    out.leg_1.quantity = 10;
    return out;
  }

  TestFolder folder_;
  std::unique_ptr<Database> database_;
  std::int64_t epoch_ = 0;
  std::vector<model::Trigger> rows_;
  std::int64_t tags_ = 0;
};

void a_page_and_a_flush(benchmark::State& state) {
  const TestFolder folder;
  const int file = ::open(folder.file("bare").c_str(), O_WRONLY | O_CREAT, 0600);
  for (auto _ : state) state.SetIterationTime(flush_once(file));
  ::close(file);
}
BENCHMARK(a_page_and_a_flush)->UseManualTime();

void claims_in_one_commit(benchmark::State& state) {
  Desk desk(static_cast<std::size_t>(state.range(0)));
  double sum = 0;
  for (auto _ : state) {
    const auto claims = desk.claims();
    store::Changed changed;
    const auto start = Clock::now();
    const auto verdicts = desk.writer().claim(claims, changed);
    const double taken = seconds_since(start);
    base::ensure(verdicts && verdicts->back() == store::ClaimVerdict::won, "every claim is won");
    state.SetIterationTime(taken);
    sum += taken;
    desk.arm_again();
  }
  const double mean = sum / static_cast<double>(state.iterations());
  state.counters["bare_flushes"] = mean / bare_flush();
  state.counters["us_per_claim"] = mean * 1e6 / static_cast<double>(state.range(0));
}
BENCHMARK(claims_in_one_commit)->Arg(1)->Arg(16)->Arg(512)->UseManualTime();

}  // namespace
}  // namespace hmt::sqlite
