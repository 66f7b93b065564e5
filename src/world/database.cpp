#include "world/database.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace hmt::world {
namespace {

using base::Instant;
using base::Result;
using std::chrono::milliseconds;
using std::chrono::minutes;

class FaultyFollower final : public store::Follower {
 public:
  FaultyFollower(Commons& commons, std::unique_ptr<store::Follower> inner)
      : commons_(commons), inner_(std::move(inner)) {}
  Result<store::Foreign> changes() override {
    if (commons_.database_down) return away();
    return inner_->changes();
  }
  Result<void> renew_lease(std::int64_t epoch) override {
    if (commons_.database_down || commons_.faults.strikes(Fault::lease_not_renewable, 2'000))
      return away();
    return inner_->renew_lease(epoch);
  }

 private:
  static std::unexpected<base::Error> away() {
    return base::fail(base::ErrorKind::unavailable, "the database cannot be reached");
  }
  Commons& commons_;
  std::unique_ptr<store::Follower> inner_;
};

class FaultyWriter final : public store::Writer {
 public:
  FaultyWriter(Commons& commons, ProcessClock& clock)
      : commons_(commons), clock_(clock), inner_(commons.records.writer()) {}

  Result<std::int64_t> take_lease(const std::string& holder, Instant now) override {
    return write([&] {
      auto epoch = inner_->take_lease(holder, now);
      if (epoch) commons_.newest_epoch = std::max(commons_.newest_epoch, *epoch);
      return epoch;
    });
  }
  std::optional<base::Duration> lease_lasts() const override { return inner_->lease_lasts(); }
  Result<void> give_up_lease(std::int64_t epoch) override {
    return write([&] { return inner_->give_up_lease(epoch); });
  }
  Result<void> bind_account(model::ConnectionId connection, const std::string& venue,
                            const std::string& account, Instant now) override {
    return write([&] { return inner_->bind_account(connection, venue, account, now); });
  }
  Result<std::vector<store::ClaimVerdict>> claim(std::span<const store::Claim> claims,
                                                 store::Changed& changed) override {
    return write([&] { return inner_->claim(claims, changed); });
  }
  Result<store::Changed> record(std::int64_t epoch,
                                std::span<const store::Record> records) override {
    return write([&] {
      auto changed = inner_->record(epoch, records);
      for (const auto& record : records) {
        if (changed && record.attempt) commons_.checks.recorded(*record.attempt);
      }
      return changed;
    });
  }
  Result<store::Written> create(const model::Trigger& trigger, const store::Actor& actor,
                                const store::Idempotency* key, Instant now) override {
    return write([&] { return inner_->create(trigger, actor, key, now); });
  }
  Result<store::Written> edit(const model::Trigger& edited, std::int64_t version,
                              const store::Actor& actor, const store::Idempotency* key,
                              Instant now) override {
    return write([&] { return inner_->edit(edited, version, actor, key, now); });
  }
  Result<store::Written> cancel(model::TriggerId id, std::optional<std::int64_t> version,
                                const store::Actor& actor, const store::Idempotency* key,
                                Instant now) override {
    return write([&] { return inner_->cancel(id, version, actor, key, now); });
  }
  Result<std::int64_t> set_stopped(bool stopped, const std::string& why, const store::Actor& actor,
                                   Instant now) override {
    return write([&] { return inner_->set_stopped(stopped, why, actor, now); });
  }
  Result<std::int64_t> note(const model::AuditEntry& entry) override {
    return write([&] { return inner_->note(entry); });
  }
  Result<model::BrokerConnection> put_connection(const model::BrokerConnection& connection,
                                                 std::optional<std::int64_t> version,
                                                 const std::string& event,
                                                 const store::Actor& actor, Instant now) override {
    return write([&] { return inner_->put_connection(connection, version, event, actor, now); });
  }
  Result<void> remove_connection(model::ConnectionId id, const store::Actor& actor,
                                 Instant now) override {
    return write([&] { return inner_->remove_connection(id, actor, now); });
  }
  Result<store::Changed> absorb(const store::Foreign& foreign) override {
    return write([&] { return inner_->absorb(foreign); });
  }
  std::unique_ptr<store::Reader> reader() override { return inner_->reader(); }
  std::unique_ptr<store::Follower> follower() override {
    auto inner = inner_->follower();
    if (!inner) return nullptr;
    return std::make_unique<FaultyFollower>(commons_, std::move(inner));
  }

 private:
  template <class Write>
  auto write(Write&& one) -> decltype(one()) {
    auto& faults = commons_.faults;
    if (faults.strikes(Fault::crash_before_write, 300)) throw Died{};
    if (lost_ || commons_.database_down || faults.strikes(Fault::write_refused, 2'000)) {
      return base::fail(base::ErrorKind::unavailable, "the database cannot be reached");
    }
    if (faults.strikes(Fault::commit_unknown, 2'000)) {
      commons_.records.lose_next_answers(1);
      if (!inner_->lease_lasts()) lose_the_file();
    }
    auto result = one();
    commons_.records.lose_next_answers(0);
    if (faults.strikes(Fault::crash_after_write, 300)) throw Died{};
    if (faults.strikes(Fault::pause_after_write, 300)) {
      clock_.freeze(commons_.chance.between(milliseconds(100), minutes(2)));
    }
    return result;
  }

  // A database of one process that failed while it committed is not written to again, and its
  // operator starts the process anew.
  void lose_the_file() {
    lost_ = true;
    clock_.after(commons_.chance.between(std::chrono::seconds(5), minutes(2)),
                 [this] { clock_.die(); });
  }

  Commons& commons_;
  ProcessClock& clock_;
  std::unique_ptr<store::Writer> inner_;
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<store::Writer> faulty_writer(Commons& commons, ProcessClock& clock) {
  return std::make_unique<FaultyWriter>(commons, clock);
}

}  // namespace hmt::world
