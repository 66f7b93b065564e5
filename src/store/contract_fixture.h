#pragma once
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <vector>

#include "store/recovery.h"

namespace hmt::store {

using namespace std::chrono_literals;

// One backend under test, empty at first.
class Backend {
 public:
  virtual ~Backend() = default;
  virtual Writer& writer() = 0;
  // Ends everything that was open, as a restart does; the writer of before is gone.
  virtual void reopen() = 0;
  // Time passes, until nobody holds the lease any more. Nothing to do where one process holds the
  // data for good.
  virtual void lease_lapses() {}
  // A hand deletes the row.
  virtual void delete_by_hand(model::TriggerId id) = 0;
  // Before triggers of this user stand on this connection, where the backend looks at that.
  virtual void connection_ready(model::UserId, model::ConnectionId) {}
};

struct BackendChoice {
  std::string name;
  std::function<std::unique_ptr<Backend>()> make;
};

inline std::string backend_name(const testing::TestParamInfo<BackendChoice>& info) {
  return info.param.name;
}

inline void PrintTo(const BackendChoice& choice, std::ostream* out) {
  *out << choice.name;
}

inline base::Uuid numbered(std::uint8_t kind, std::uint32_t n) {
  base::Uuid out;
  out.bytes[0] = kind;
  for (int i = 0; i < 4; ++i) {
    out.bytes[static_cast<std::size_t>(15 - i)] = static_cast<std::uint8_t>(n >> (8 * i));
  }
  return out;
}

inline model::TriggerId trigger_id(std::uint32_t n) {
  return {numbered(0x11, n)};
}
inline model::UserId user_id(std::uint32_t n) {
  return {numbered(0x22, n)};
}
inline model::ConnectionId connection_id(std::uint32_t n) {
  return {numbered(0x33, n)};
}
inline model::GroupId group_id(std::uint32_t n) {
  return {numbered(0x44, n)};
}

// 09:15:00.123456 on Monday 23 November 2026, Indian time, and a minute for each `minutes`.
inline Instant at_minute(int minutes) {
  using namespace std::chrono;
  return Instant(sys_days(year(2026) / 11 / 23)) + 3h + 45min + minutes * 1min + 123'456us;
}

inline model::Price price(std::string_view text) {
  return base::Price::parse(text).value();
}

// A SELL stop-loss of user 1: 10 INFY at 1500.00.
inline model::Trigger stop_loss(std::uint32_t n) {
  model::Trigger out;
  out.id = trigger_id(n);
  out.user_id = user_id(1);
  out.broker_connection_id = connection_id(1);
  out.trading_symbol = "INFY";
  out.exchange = model::Exchange::nse;
  out.instrument_token = 408065;
  out.side = model::Side::sell;
  out.leg_1.product = model::Product::cnc;
  out.leg_1.trigger_price = price("1500.00");
  out.leg_1.order_price = price("1499.50");
  out.leg_1.quantity = 10;
  return out;
}

// Another user's, who has another connection.
inline model::Trigger theirs(std::uint32_t n) {
  auto out = stop_loss(n);
  out.user_id = user_id(2);
  out.broker_connection_id = connection_id(2);
  return out;
}

// The same with a target above.
inline model::Trigger two_leg(std::uint32_t n) {
  auto out = stop_loss(n);
  out.condition = model::Condition::two_leg;
  out.leg_2 = out.leg_1;
  out.leg_2->trigger_price = price("1600.00");
  out.leg_2->order_price = price("1599.95");
  return out;
}

inline model::Trigger in_group(model::Trigger trigger, std::uint32_t group) {
  trigger.parent_id = group_id(group);
  return trigger;
}

inline std::string tag_of(std::uint32_t n, std::int32_t fire_no = 1, std::int32_t attempt_no = 0) {
  return "T" + std::to_string(n) + "F" + std::to_string(fire_no) + "A" + std::to_string(attempt_no);
}

inline model::Attempt attempt_of(const model::Trigger& trigger, std::int64_t epoch,
                                 const std::string& tag) {
  model::Attempt out;
  out.tag = tag;
  out.trigger_id = trigger.id;
  out.user_id = trigger.user_id;
  out.connection_id = trigger.broker_connection_id;
  out.fire_no = trigger.fire_no + 1;
  out.lease_epoch = epoch;
  out.created_at = at_minute(5);
  out.trading_date = base::trading_date(out.created_at);
  out.request = {.exchange = trigger.exchange,
                 .trading_symbol = trigger.trading_symbol,
                 .side = trigger.side,
                 .type = model::OrderType::limit,
                 .product = trigger.leg_1.product,
                 .quantity = trigger.leg_1.quantity,
                 .price = trigger.leg_1.order_price,
                 .market_protection = false,
                 .tag = tag};
  out.evidence.last_price = price("1499.95");
  out.evidence.exchange_time = 1795000000;
  out.evidence.last_trade_time = 1794999999;
  out.evidence.connection_epoch = 3;
  out.evidence.received_at = at_minute(5) - 1ms;
  out.evidence.rule = "SELL leg 1: LTP 1499.95 <= 1500.00";
  return out;
}

inline model::AuditEntry audit_of(const model::Trigger& trigger, const std::string& event) {
  model::AuditEntry out;
  out.at = at_minute(5);
  out.event = event;
  out.actor = "engine";
  out.user_id = trigger.user_id;
  out.trigger_id = trigger.id;
  return out;
}

inline TriggerOutcome outcome_of(const model::Trigger& row, model::TriggerStatus status) {
  TriggerOutcome out;
  out.id = row.id;
  out.status = status;
  return out;
}

inline Record record_of(TriggerOutcome outcome, Instant at,
                        std::vector<model::AuditEntry> audit = {}) {
  Record out;
  out.trigger = std::move(outcome);
  out.at = at;
  out.audit = std::move(audit);
  return out;
}

inline Record record_of(model::Attempt attempt) {
  Record out;
  out.attempt = std::move(attempt);
  return out;
}

inline Record record_of(Expiry expiry, Instant at, std::vector<model::AuditEntry> audit = {}) {
  Record out;
  out.expiry = expiry;
  out.at = at;
  out.audit = std::move(audit);
  return out;
}

inline Record record_of(std::vector<model::AuditEntry> audit) {
  Record out;
  out.audit = std::move(audit);
  return out;
}

inline Actor user(std::uint32_t n) {
  return {"user:" + user_id(n).text(), user_id(n)};
}

class StoreContract : public testing::TestWithParam<BackendChoice> {
 protected:
  void SetUp() override {
    backend_ = GetParam().make();
    epoch_ = writer().take_lease("first", at_minute(0)).value();
  }

  Writer& writer() { return backend_->writer(); }
  std::unique_ptr<Reader> reader() { return writer().reader(); }

  // User 1 has connection 1, user 2 has connection 2.
  void users_are_connected() {
    for (const auto n : {1U, 2U}) backend_->connection_ready(user_id(n), connection_id(n));
  }

  model::Trigger create(const model::Trigger& trigger, int minute = 0) {
    const auto written = writer().create(trigger, operator_, nullptr, at_minute(minute));
    EXPECT_TRUE(written) << (written ? "" : written.error().message);
    return written ? written->trigger : model::Trigger{};
  }

  model::Trigger stored(model::TriggerId id) {
    const auto found = reader()->trigger(id, operator_);
    EXPECT_TRUE(found) << (found ? "" : found.error().message);
    return found.value_or(model::Trigger{});
  }

  Claim claim_of(const model::Trigger& trigger, const std::string& tag) {
    return {attempt_of(trigger, epoch_, tag), trigger.version, trigger.parent_id};
  }

  std::vector<ClaimVerdict> claim(const std::vector<Claim>& claims) {
    const auto verdicts = writer().claim(claims, changed_);
    EXPECT_TRUE(verdicts) << (verdicts ? "" : verdicts.error().message);
    return verdicts.value_or(std::vector<ClaimVerdict>{});
  }

  ClaimVerdict claim_one(const Claim& one) {
    const auto verdicts = claim({one});
    EXPECT_EQ(verdicts.size(), 1U);
    return verdicts.empty() ? ClaimVerdict::fenced : verdicts.front();
  }

  // Created and claimed.
  model::Trigger fire(const model::Trigger& trigger, const std::string& tag) {
    const auto row = create(trigger);
    EXPECT_EQ(claim_one(claim_of(row, tag)), ClaimVerdict::won);
    return stored(row.id);
  }

  Changed record(const std::vector<Record>& records) {
    const auto done = writer().record(epoch_, records);
    EXPECT_TRUE(done) << (done ? "" : done.error().message);
    return done.value_or(Changed{});
  }

  std::vector<AuditRow> trail(std::optional<model::TriggerId> id = {}) {
    AuditFilter filter;
    filter.trigger = id;
    filter.limit = 1000;
    return reader()->audit(filter, operator_).value();
  }

  std::vector<std::string> events(std::optional<model::TriggerId> id = {}) {
    std::vector<std::string> out;
    for (const auto& row : trail(id)) out.push_back(row.entry.event);
    return out;
  }

  std::int64_t last_event() { return reader()->last_event().value(); }

  std::unique_ptr<Backend> backend_;
  const Actor operator_;
  std::int64_t epoch_ = 0;
  Changed changed_;
};

}  // namespace hmt::store
