#include "world/database.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "world/market.h"

namespace hmt::world {
namespace {

using base::Instant;
using base::Result;
using std::chrono::milliseconds;
using std::chrono::minutes;

// The way to the database by which it is watched may fail on its own: all of it, or the looks
// alone, while the lease is still renewed.
class FaultyFollower final : public store::Follower {
 public:
  FaultyFollower(Commons& commons, std::unique_ptr<store::Follower> inner,
                 std::function<void()> disturbed)
      : commons_(commons), inner_(std::move(inner)), disturbed_(std::move(disturbed)) {}
  Result<store::Foreign> changes() override {
    cut_when_struck(Fault::watch_cut, watch_cut_until_);
    cut_when_struck(Fault::look_cut, look_cut_until_);
    if (commons_.database_down || is_cut(watch_cut_until_) || is_cut(look_cut_until_))
      return away();
    return inner_->changes();
  }
  Result<void> renew_lease(std::int64_t epoch) override {
    if (commons_.database_down || is_cut(watch_cut_until_) ||
        commons_.faults.strikes(Fault::lease_not_renewable, 2'000))
      return away();
    return inner_->renew_lease(epoch);
  }

 private:
  void cut_when_struck(Fault kind, base::Duration& until) {
    if (!commons_.faults.strikes(kind, 300)) return;
    until =
        commons_.timeline.steady() + commons_.chance.between(std::chrono::seconds(3), minutes(4));
  }
  bool is_cut(base::Duration until) const {
    return !commons_.faults.ended() && commons_.timeline.steady() < until;
  }
  std::unexpected<base::Error> away() {
    disturbed_();
    return base::fail(base::ErrorKind::unavailable, "the database cannot be reached");
  }
  Commons& commons_;
  std::unique_ptr<store::Follower> inner_;
  std::function<void()> disturbed_;
  base::Duration watch_cut_until_{};
  base::Duration look_cut_until_{};
};

// Whether the write happened, answered or not.
template <class T>
bool happened(const Result<T>& result) {
  return result || result.error().message.contains("commit unknown");
}

class FaultyWriter final : public store::Writer {
 public:
  FaultyWriter(Commons& commons, ProcessClock& clock, const PricesSeen& prices,
               std::function<void()> disturbed)
      : commons_(commons),
        clock_(clock),
        prices_(prices),
        disturbed_(std::move(disturbed)),
        inner_(commons.records.writer()),
        reader_(inner_->reader()) {}

  Result<std::int64_t> take_lease(const std::string& holder, Instant now) override {
    return write([&] {
      auto epoch = inner_->take_lease(holder, now);
      if (epoch) {
        commons_.newest_epoch = std::max(commons_.newest_epoch, *epoch);
        commons_.lease_taken();
      }
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
    return write([&] {
      std::vector<std::optional<model::Trigger>> before;
      for (const auto& claim : claims) {
        before.push_back(row_of(claim));
        commons_.checks.claim_asked(claim);
      }
      auto verdicts = inner_->claim(claims, changed);
      for (std::size_t i = 0; i < claims.size(); ++i) {
        if (!happened(verdicts)) continue;
        if (verdicts ? was_won((*verdicts)[i]) : made(claims[i], before[i]))
          claimed(claims[i], before[i]);
      }
      return verdicts;
    });
  }
  Result<store::Changed> record(std::int64_t epoch,
                                std::span<const store::Record> records) override {
    return write([&] {
      auto changed = inner_->record(epoch, records);
      if (happened(changed)) recorded(records);
      if (happened(changed) && epoch != commons_.newest_epoch)
        commons_.checks.violated("lease", "records of lease " + std::to_string(epoch) +
                                              " were written under a later one");
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
    return std::make_unique<FaultyFollower>(commons_, std::move(inner), disturbed_);
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

  std::optional<model::Trigger> row_of(const store::Claim& claim) {
    auto row = reader_->trigger(claim.attempt.trigger_id, {});
    return row ? std::optional(std::move(*row)) : std::nullopt;
  }
  static bool was_won(store::ClaimVerdict verdict) {
    return verdict == store::ClaimVerdict::won || verdict == store::ClaimVerdict::repeated;
  }
  // Where the answer was lost the row tells.
  bool made(const store::Claim& claim, const std::optional<model::Trigger>& before) {
    const auto after = row_of(claim);
    return before && after && after->version == before->version + 1 &&
           after->status == model::TriggerStatus::firing && after->fire_no == claim.attempt.fire_no;
  }

  // Records of one write are one: where its answer was lost the whole of it is written again.
  void recorded(std::span<const store::Record> records) {
    std::map<model::OrderTag, const model::Attempt*> last;
    for (const auto& record : records) {
      if (record.attempt) last[record.attempt->tag] = &*record.attempt;
    }
    for (const auto& [tag, attempt] : last) commons_.checks.recorded(*attempt);
  }

  void claimed(const store::Claim& claim, const std::optional<model::Trigger>& before) {
    const auto& attempt = claim.attempt;
    auto& checks = commons_.checks;
    checks.claimed(claim);
    if (attempt.lease_epoch != commons_.newest_epoch)
      checks.violated("lease", attempt.tag + " was claimed under a former lease");
    // A repeated claim finds its row as it left it, and may be heard of after a stop.
    if (!before || before->status != model::TriggerStatus::active) return;
    if (reader_->engine_switch()->stopped)
      checks.violated("I4", attempt.tag + " was claimed while the engine was stopped");
    if (before->expires_at && attempt.created_at >= *before->expires_at)
      checks.violated("expiry", attempt.tag + " fired after its trigger had expired");
    const auto price = attempt.evidence.last_price;
    if (!Market::reaches(*before, attempt.leg, price))
      checks.violated("price", attempt.tag + " fired on " + price.text() + ", short of its level");
    std::optional<base::Duration> decided;
    if (clock_.right_for(minutes(10)))
      decided = clock_.steady() - (clock_.now() - attempt.created_at);
    const auto why = prices_.why_not(before->instrument_token, attempt.evidence, decided);
    if (!why.empty()) checks.violated("price", attempt.tag + " fired on no price of now: " + why);
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
  const PricesSeen& prices_;
  std::function<void()> disturbed_;
  std::unique_ptr<store::Writer> inner_;
  std::unique_ptr<store::Reader> reader_;
  bool lost_ = false;
};

}  // namespace

std::unique_ptr<store::Writer> faulty_writer(Commons& commons, ProcessClock& clock,
                                             const PricesSeen& prices,
                                             std::function<void()> disturbed) {
  return std::make_unique<FaultyWriter>(commons, clock, prices, std::move(disturbed));
}

}  // namespace hmt::world
