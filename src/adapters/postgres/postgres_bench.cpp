#include <benchmark/benchmark.h>
#include <chrono>
#include <libpq-fe.h>
#include <string>
#include <vector>

#include "base/ensure.h"
#include "postgres/database.h"
#include "postgres/test_database.h"

// What a durable claim costs, in units of what the server itself costs: one row inserted and
// committed by libpq alone, on the same server in the same run. HMT_TEST_POSTGRES names it; with
// tools/with_postgres.py --fsync it waits for the disk as in life.
namespace hmt::postgres {
namespace {

using Steady = std::chrono::steady_clock;

constexpr base::Instant now{std::chrono::hours(24 * 365 * 56)};

double seconds_since(Steady::time_point start) {
  return std::chrono::duration<double>(Steady::now() - start).count();
}

class Desk {
 public:
  explicit Desk(std::size_t triggers)
      : database_(open_database(place_.url(), {.lease_lasts = std::chrono::hours(24)}).value()) {
    epoch_ = writer().take_lease("bench", now).value();
    for (std::size_t n = 0; n < triggers; ++n) {
      rows_.push_back(writer().create(stop_loss(n), {}, nullptr, now)->trigger);
    }
  }

  TestDatabase& place() { return place_; }
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

  TestDatabase place_;
  std::unique_ptr<Database> database_;
  std::int64_t epoch_ = 0;
  std::vector<model::Trigger> rows_;
  std::int64_t tags_ = 0;
};

// The least that a durable write can cost here.
class BareCommits {
 public:
  BareCommits() {
    session_.sql("CREATE TABLE bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, x text)");
  }
  double once() {
    const auto start = Steady::now();
    base::ensure(session_.sql("INSERT INTO bare (x) VALUES ('a row')").empty(), "a row commits");
    return seconds_since(start);
  }

 private:
  TestDatabase place_;
  Psql session_{place_.url()};
};

double bare_commit() {
  static const double mean = [] {
    BareCommits bare;
    double sum = 0;
    constexpr int rounds = 300;
    for (int i = 0; i < rounds; ++i) sum += bare.once();
    return sum / rounds;
  }();
  return mean;
}

void a_bare_row_and_its_commit(benchmark::State& state) {
  BareCommits bare;
  for (auto _ : state) state.SetIterationTime(bare.once());
}
BENCHMARK(a_bare_row_and_its_commit)->UseManualTime();

void claims_in_one_commit(benchmark::State& state) {
  const double bare = bare_commit();
  Desk desk(static_cast<std::size_t>(state.range(0)));
  double sum = 0;
  for (auto _ : state) {
    const auto claims = desk.claims();
    store::Changed changed;
    const auto start = Steady::now();
    const auto verdicts = desk.writer().claim(claims, changed);
    const double taken = seconds_since(start);
    base::ensure(verdicts && verdicts->back() == store::ClaimVerdict::won, "every claim is won");
    state.SetIterationTime(taken);
    sum += taken;
    desk.arm_again();
  }
  const double mean = sum / static_cast<double>(state.iterations());
  const auto count = static_cast<double>(state.range(0));
  state.counters["bare_commits"] = mean / bare;
  state.counters["us_per_claim"] = mean * 1e6 / count;
  state.counters["claims_per_second"] = count / mean;
}
BENCHMARK(claims_in_one_commit)->Arg(1)->Arg(8)->Arg(64)->Arg(512)->UseManualTime();

// Ten times a second, in each process.
void a_look_for_changes(benchmark::State& state) {
  Desk desk(1);
  Psql hand(desk.place().url());
  hand.sql(
      "INSERT INTO hmt_changes (trigger_id) SELECT gen_random_uuid() FROM generate_series(1, " +
      std::to_string(state.range(0)) + ")");
  const auto follower = desk.writer().follower();
  for (auto _ : state) {
    base::ensure(follower->changes().has_value(), "the follower looks");
  }
}
BENCHMARK(a_look_for_changes)->Arg(0)->Arg(100'000);

void a_users_edit(benchmark::State& state) {
  Desk desk(0);
  model::BrokerConnection connection;
  connection.id.uuid.bytes[0] = 1;
  const model::UserId who{{.bytes = {2}}};
  const store::Actor user{"user:" + who.text(), who};
  base::ensure(desk.writer().put_connection(connection, {}, "x", user, now).has_value(), "one");
  model::Trigger row;
  row.id.uuid.bytes[0] = 3;
  row.broker_connection_id = connection.id;
  row.trading_symbol = "INFY";
  row.instrument_token = 408065;
  row.leg_1.trigger_price = base::Price::from_rupees(1500);
  row.leg_1.quantity = 10;
  row = desk.writer().create(row, user, nullptr, now)->trigger;
  for (auto _ : state) {
    row = desk.writer().edit(row, row.version, user, nullptr, now)->trigger;
  }
}
BENCHMARK(a_users_edit);

}  // namespace
}  // namespace hmt::postgres
