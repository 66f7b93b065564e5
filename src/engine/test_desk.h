#pragma once
#include <algorithm>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "store/memory.h"
#include "store/recovery.h"

// For tests: an engine, its records, and a broker of whom the test decides every word. A trader's
// story is told in steps; what a step asks to be durable is committed before the step returns,
// unless the commits are held.
namespace hmt::engine {

using base::Price;
using model::AttemptState;
using model::ClaimVerdict;
using model::LegState;
using model::Severity;
using model::TriggerStatus;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline constexpr model::InstrumentToken infy = 408065;
inline constexpr model::InstrumentToken tcs = 2953217;

inline base::Instant monday_morning() {  // 2026-11-23 09:30 in India
  return base::parse_rfc3339("2026-11-23T04:00:00Z").value();
}

inline Price rupees(std::string_view text) {
  return Price::parse(text).value();
}

template <class IdType>
IdType numbered(std::uint8_t number) {
  IdType id;
  id.uuid.bytes.fill(0x11);
  id.uuid.bytes.back() = number;
  return id;
}

inline model::TriggerId trigger_id(std::uint8_t number) {
  return numbered<model::TriggerId>(number);
}

// SELL 10 INFY at 1495 when it falls to 1500.
inline model::Trigger stop_loss(std::uint8_t number = 1) {
  model::Trigger row;
  row.id = trigger_id(number);
  row.user_id = numbered<model::UserId>(7);
  row.broker_connection_id = numbered<model::ConnectionId>(8);
  row.trading_symbol = "INFY";
  row.instrument_token = infy;
  row.side = model::Side::sell;
  row.leg_1 = {.product = model::Product::cnc,
               .trigger_price = rupees("1500"),
               .order_price = rupees("1495"),
               .quantity = 10};
  return row;
}

// SELL 10 INFY at 1495 when it falls to 1500, or at 1600 when it rises to 1600.
inline model::Trigger stop_and_target(std::uint8_t number = 1) {
  auto row = stop_loss(number);
  row.condition = model::Condition::two_leg;
  row.leg_2 = model::Leg{.product = model::Product::cnc,
                         .trigger_price = rupees("1600"),
                         .order_price = rupees("1600"),
                         .quantity = 10};
  return row;
}

inline model::Trigger in_group(model::Trigger row, std::uint8_t group = 1) {
  row.parent_id = numbered<model::GroupId>(group);
  return row;
}

inline model::Tick tick_of(std::string_view price, model::InstrumentToken token = infy) {
  model::Tick tick;
  tick.token = token;
  tick.last = model::wire_at_or_above(rupees(price), *model::segment_of(token));
  tick.freshness = model::Freshness::fresh;
  return tick;
}

// ---- the broker's words

inline model::PlaceAnswer accepted(std::string order_id) {
  return {.transport = model::Transport::answered,
          .http_status = 200,
          .well_formed = true,
          .error_type = {},
          .message = {},
          .order_id = std::move(order_id)};
}
inline model::PlaceAnswer error_answer(int status, std::string type, std::string words) {
  return {.transport = model::Transport::answered,
          .http_status = status,
          .well_formed = true,
          .error_type = std::move(type),
          .message = std::move(words),
          .order_id = {}};
}
inline model::PlaceAnswer no_funds() {
  return error_answer(400, "MarginException", "Insufficient funds");
}
inline model::PlaceAnswer too_many() {
  return error_answer(429, "NetworkException", "Too many requests");
}
inline model::PlaceAnswer no_connection() {
  return {.transport = model::Transport::not_sent,
          .error_type = {},
          .message = "connection refused",
          .order_id = {}};
}
inline model::PlaceAnswer no_answer() {
  return {.transport = model::Transport::broken,
          .error_type = {},
          .message = "no answer in 30 s",
          .order_id = {}};
}

inline Settings test_settings() {
  Settings settings;
  settings.lease_epoch = 1;
  settings.account = "AB1234";
  settings.tag_key.bytes.fill(0x5A);
  return settings;
}

class TestDesk {
 public:
  explicit TestDesk(Settings settings = test_settings())
      : writer(records.writer()), settings_(settings), engine(std::move(settings)) {
    writer->take_lease("test", now).value();
    step(Evaluation{true});
  }

  // ---- people
  model::Trigger create(const model::Trigger& trigger) {
    const auto row = writer->create(trigger, store::Actor{}, nullptr, now).value().trigger;
    step(TriggerChanged{row});
    return row;
  }
  // The row is changed; the engine hears of it when the test says so.
  model::Trigger edit_silently(const model::Trigger& edited) {
    return writer->edit(edited, edited.version, store::Actor{}, nullptr, now).value().trigger;
  }
  void edit(const model::Trigger& edited) { step(TriggerChanged{edit_silently(edited)}); }
  void cancel(model::TriggerId id) {
    const auto row = writer->cancel(id, {}, store::Actor{}, nullptr, now).value().trigger;
    step(TriggerChanged{row});
  }

  // ---- the market
  void tick(std::string_view price, model::InstrumentToken token = infy) {
    step(tick_of(price, token));
  }
  // A price that fires, and the way of its order up to its first byte.
  model::OrderTag fire(std::string_view price = "1500") {
    const auto before = sent.size();
    tick(price);
    EXPECT_EQ(sent.size(), before + 1) << "one order should have left";
    return sent.back().tag;
  }

  // ---- the broker
  void answer(const model::OrderTag& tag, model::PlaceAnswer words) {
    step(AttemptAnswered{tag, std::move(words)});
  }
  model::BrokerOrder order(const model::OrderTag& tag, std::string status,
                           std::string words = {}) const {
    model::BrokerOrder out;
    out.order_id = "ORDER-" + tag.text().substr(14, 2);
    out.tag = tag;
    out.status = std::move(status);
    out.status_message = std::move(words);
    out.account = settings_.account;
    out.trading_symbol = "INFY";
    out.side = model::Side::sell;
    out.quantity = 10;
    return out;
  }
  model::BrokerOrder filled(const model::OrderTag& tag, model::Quantity quantity,
                            std::string status) const {
    auto out = order(tag, std::move(status));
    out.filled_quantity = quantity;
    out.average_price = rupees("1496.50");
    return out;
  }
  void news(const model::BrokerOrder& order) { step(OrderNews{order, model::OrderSource::stream}); }
  void book(std::vector<model::BrokerOrder> orders = {}) { step(BookRead{now, std::move(orders)}); }

  // ---- time: the engine wakes when it asked to
  void pass(base::Duration by) {
    const auto until = now + by;
    for (int wakes = 0; wakes < 100'000; ++wakes) {
      const auto due = engine.next_wake();
      if (!due || *due > until) break;
      now = std::max(now, *due);
      step(ClockAdvanced{});
    }
    now = until;
  }

  void step(const Event& event) {
    last.clear();
    take(event);
    if (!hold_commits) commit();
    // A reading that is not answered, as when the network is away, is simply not there.
    const bool asked = std::ranges::any_of(
        last, [](const auto& effect) { return std::holds_alternative<ReadBook>(effect); });
    if (asked && book_is_readable) {
      auto read = BookRead{now, at_broker};
      take(read);
      if (!hold_commits) commit();
    }
  }

  // Another engine in the place of this one; what was not durable is lost, as in a crash.
  void restart(Settings settings) {
    asked_.clear();
    settings_ = settings;
    engine = Engine(std::move(settings));
  }

  void commit_one() {
    auto effect = std::move(asked_.front());
    asked_.erase(asked_.begin());
    std::visit([this](auto& what) { make_true(what); }, effect);
  }

  // What has been asked for becomes durable, in its order; the gate takes what it is handed.
  void commit() {
    for (int i = 0; i < 1000 && !asked_.empty(); ++i) commit_one();
    EXPECT_TRUE(asked_.empty()) << "effects without an end";
  }

  // ---- what stands
  model::Trigger row(model::TriggerId id = trigger_id(1)) const {
    return records.reader_of().trigger(id, store::Actor{}).value();
  }
  std::vector<model::Attempt> attempts(model::TriggerId id = trigger_id(1)) const {
    return records.reader_of().attempts(id, store::Actor{}).value();
  }
  model::Attempt attempt(model::TriggerId id = trigger_id(1)) const { return attempts(id).back(); }
  std::vector<model::AuditEntry> trail(Severity at_least = Severity::info) const {
    std::vector<model::AuditEntry> out;
    store::AuditFilter all;
    all.limit = 1000;
    for (const auto& line : records.reader_of().audit(all, store::Actor{}).value()) {
      if (line.entry.severity >= at_least) out.push_back(line.entry);
    }
    return out;
  }
  std::vector<std::string> alarms() const {
    std::vector<std::string> out;
    for (const auto& entry : trail(Severity::alarm)) out.push_back(entry.event);
    return out;
  }
  bool is_armed(model::TriggerId id = trigger_id(1)) const {
    return engine.armed_version(id).has_value();
  }

  // How often an effect of this kind was asked for by the last step, and what followed from it.
  template <class E>
  std::ptrdiff_t count() const {
    return std::ranges::count_if(
        last, [](const auto& effect) { return std::holds_alternative<E>(effect); });
  }
  template <class E>
  const E* first() const {
    for (const auto& effect : last) {
      if (const auto* found = std::get_if<E>(&effect)) return found;
    }
    return nullptr;
  }

  struct Records : store::MemoryStore {
    store::Reader& reader_of() const { return *reader_; }
    std::unique_ptr<store::Reader> reader_ = store::MemoryStore::reader();
  };

  Records records;
  std::unique_ptr<store::Writer> writer;
  base::Instant now = monday_morning();
  std::vector<model::Attempt> sent;  // what passed the gate, in order
  std::vector<model::BrokerOrder> at_broker;
  bool book_is_readable = false;  // whether a reading that the engine asks for is answered
  bool hold_commits = false;
  bool gate_is_open = true;  // closed: what is handed over is proven not sent
  bool gate_keeps = false;   // what is handed over waits for its turn
  bool permits = true;       // what is asked for may leave at once
  std::vector<Effect> last;  // of the last step

 private:
  Settings settings_;

 public:
  Engine engine;

 private:
  void take(const Event& event) {
    std::vector<Effect> effects;
    engine.on(event, now, effects);
    for (auto& effect : effects) {
      last.push_back(effect);
      asked_.push_back(std::move(effect));
    }
  }
  void tell(const store::Changed& changed) {
    for (const auto& changed_row : changed.triggers) take(TriggerChanged{changed_row});
  }
  void hand_to_gate(const model::Attempt& attempt) {
    if (gate_keeps) return;
    if (!gate_is_open) {
      take(AttemptWithdrawn{attempt.tag, attempt.lease_epoch, "The engine is stopped"});
      return;
    }
    const bool again = std::ranges::find(sent, attempt.tag, &model::Attempt::tag) != sent.end();
    EXPECT_FALSE(again) << "the tag " << attempt.tag.text() << " came to the gate twice";
    sent.push_back(attempt);
    take(AttemptForwarded{attempt.tag});
  }
  // A permit is at hand: the claim itself says that bytes may leave.
  void permit(model::Attempt& attempt) const {
    if (!permits) return;
    attempt.state = AttemptState::forwarded;
    attempt.forwarded_at = now;
  }
  void make_true(MakeClaim& effect) {
    store::Changed changed;
    permit(effect.claim.attempt);
    const auto verdict = writer->claim({&effect.claim, 1}, changed).value().front();
    tell(changed);
    take(ClaimSettled{effect.claim.attempt.tag, effect.claim.attempt.lease_epoch, verdict});
    if (verdict == ClaimVerdict::won || verdict == ClaimVerdict::repeated)
      hand_to_gate(effect.claim.attempt);
  }
  void make_true(Submit& effect) {
    permit(*effect.record.attempt);
    const auto changed = writer->record(settings_.lease_epoch, {&effect.record, 1});
    ASSERT_TRUE(changed) << changed.error().message;
    tell(*changed);
    hand_to_gate(*effect.record.attempt);
  }
  void make_true(Write& effect) {
    const auto changed = writer->record(settings_.lease_epoch, {&effect.record, 1});
    ASSERT_TRUE(changed) << changed.error().message;
    tell(*changed);
  }
  void make_true(Reread& effect) {
    const auto found = records.reader_of().trigger(effect.id, store::Actor{});
    if (found) {
      take(TriggerChanged{*found});
    } else {
      take(TriggerRemoved{effect.id});
    }
  }
  template <class Other>
  void make_true(Other&) {}

  std::vector<Effect> asked_;
};

}  // namespace hmt::engine
