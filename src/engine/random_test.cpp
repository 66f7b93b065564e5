#include <gmock/gmock.h>
#include <map>
#include <random>
#include <set>

#include "engine/test_desk.h"
#include "trigger/rule.h"

// Chance against the promises: equal events give equal effects; a trigger fires at most once for
// each arming, and whenever it should; one fire is one order.
namespace hmt::engine {
namespace {

class Chance {
 public:
  explicit Chance(std::uint64_t seed) : engine_(seed) {}
  int below(int limit) { return static_cast<int>(engine_() % static_cast<std::uint64_t>(limit)); }
  bool one_in(int n) { return below(n) == 0; }

 private:
  std::mt19937_64 engine_;
};

std::string price_near(Chance& chance) {  // 1490.00 … 1510.00
  return std::to_string(1490 + chance.below(21));
}

model::Trigger any_trigger(Chance& chance, std::uint8_t number, base::Instant now) {
  auto row = stop_and_target(number);
  row.side = chance.one_in(2) ? model::Side::buy : model::Side::sell;
  const auto low = rupees(std::to_string(1485 + chance.below(13)));
  const auto high = rupees(std::to_string(1503 + chance.below(13)));
  const bool sells = row.side == model::Side::sell;
  row.leg_1.trigger_price = sells ? low : high;
  row.leg_2->trigger_price = sells ? high : low;
  if (chance.one_in(2)) {
    row.condition = model::Condition::single;
    row.leg_2.reset();
    if (chance.one_in(2))
      row.direction = chance.one_in(2) ? model::Direction::rising : model::Direction::falling;
  }
  if (chance.one_in(3)) row.instrument_token = tcs;
  if (chance.one_in(3)) row = in_group(row, static_cast<std::uint8_t>(1 + chance.below(3)));
  if (chance.one_in(4)) row.expires_at = now + seconds(1 + chance.below(120));
  return row;
}

model::PlaceAnswer any_answer(Chance& chance) {
  switch (chance.below(6)) {
    case 0:
      return no_funds();
    case 1:
      return no_connection();
    case 2:
      return too_many();
    case 3:
      return no_answer();
    case 4:
      return error_answer(403, "TokenException", "Incorrect access_token");
    default:
      return accepted("ORDER-" + std::to_string(chance.below(1000)));
  }
}

// ---- determinism

std::string text_of(const model::AuditEntry& entry) {
  auto text = entry.event + " " + std::string(word(entry.severity)) + " " + entry.tag + " " +
              base::to_rfc3339_nanos(entry.at);
  for (const auto& [name, value] : entry.detail) {
    text.append(" ").append(name).append("=").append(value);
  }
  return text;
}

std::string text_of(const model::Attempt& attempt) {
  return attempt.tag + " " + std::string(word(attempt.state)) + " " + attempt.order_id + " " +
         attempt.order_status + " " + attempt.message + " " +
         std::to_string(attempt.filled_quantity) + " " + std::to_string(attempt.fire_no) + "." +
         std::to_string(attempt.attempt_no) + " " + attempt.evidence.rule;
}

std::string text_of(const model::Record& record) {
  std::string text;
  if (record.attempt) text += "[" + text_of(*record.attempt) + "]";
  if (record.trigger) {
    const auto& row = *record.trigger;
    text += "{" + row.id.text() + " " + std::string(word(row.status)) + " " +
            std::string(word(row.leg_1)) + " " + std::string(word(row.leg_2)) + " " + row.order_id +
            " " + row.order_status + " " + row.error_message + " " +
            std::to_string(static_cast<int>(row.group)) + "}";
  }
  if (record.expiry) text += "<" + record.expiry->id.text() + ">";
  for (const auto& entry : record.audit) text += "(" + text_of(entry) + ")";
  return text;
}

std::string text_of(const Effect& effect) {
  struct Visitor {
    std::string operator()(const MakeClaim& e) const {
      return "claim " + text_of(e.claim.attempt) + text_of(model::audit_of(e.claim));
    }
    std::string operator()(const Submit& e) const { return "submit " + text_of(e.record); }
    std::string operator()(const Write& e) const { return "write " + text_of(e.record); }
    std::string operator()(const Watch& e) const { return "watch " + std::to_string(e.token); }
    std::string operator()(const Unwatch& e) const { return "unwatch " + std::to_string(e.token); }
    std::string operator()(const Armed& e) const {
      return "armed " + e.id.text() + " " + std::to_string(e.version);
    }
    std::string operator()(const Disarmed& e) const { return "disarmed " + e.id.text(); }
    std::string operator()(const ReadBook&) const { return "read book"; }
    std::string operator()(const Reread& e) const { return "reread " + e.id.text(); }
    std::string operator()(const AccountBlocked& e) const { return "blocked " + e.why; }
    std::string operator()(const Fenced&) const { return "fenced"; }
  };
  return std::visit(Visitor{}, effect);
}

model::BrokerOrder any_order(Chance& chance, const model::OrderTag& tag) {
  static const std::vector<std::string> statuses = {
      "OPEN PENDING", "OPEN", "COMPLETE", "REJECTED", "CANCELLED", "SOMETHING NEW", ""};
  model::BrokerOrder order;
  order.tag = tag;
  order.order_id = "ORDER-" + std::to_string(chance.below(1000));
  order.status = statuses[static_cast<std::size_t>(chance.below(7))];
  order.quantity = 10;
  order.filled_quantity = chance.below(11);
  return order;
}

// Any event at all, in no sensible order: the engine must stand it.
Event any_event(Chance& chance, const std::vector<model::OrderTag>& tags, int newest,
                base::Instant now) {
  const auto tag =
      tags.empty() ? model::OrderTag("T0000000000000000000")
                   : tags[static_cast<std::size_t>(chance.below(static_cast<int>(tags.size())))];
  switch (chance.below(14)) {
    case 0:
    case 1:
    case 2: {
      auto row = any_trigger(chance, static_cast<std::uint8_t>(1 + chance.below(20)), now);
      row.version = newest + chance.below(20);
      if (chance.one_in(6)) row.status = TriggerStatus::cancelled;
      return TriggerChanged{row};
    }
    case 3:
      return ClaimSettled{tag, 1, static_cast<ClaimVerdict>(chance.below(6))};
    case 4:
      return ClaimSettled{tag, 1, ClaimVerdict::won};
    case 5:
      return AttemptForwarded{tag};
    case 6:
      return chance.one_in(4) ? Event(AttemptWithdrawn{tag, 1, "why"}) : Event(ClockAdvanced{});
    case 7:
      return AttemptAnswered{tag, any_answer(chance)};
    case 8:
      return OrderNews{any_order(chance, tag), model::OrderSource::stream};
    case 9:
      return BookRead{now, {any_order(chance, tag)}};
    case 10:
      return Evaluation{!chance.one_in(10)};
    case 11:
      return chance.one_in(3) ? Event(TriggerRemoved{
                                    trigger_id(static_cast<std::uint8_t>(1 + chance.below(20)))})
                              : Event(ClockAdvanced{});
    default:
      return tick_of(price_near(chance), chance.one_in(3) ? tcs : infy);
  }
}

TEST(Chance, EqualEventsGiveEqualEffects) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Chance chance(seed);
    Engine one(test_settings());
    Engine two(test_settings());
    std::vector<model::OrderTag> tags;
    auto now = monday_morning();
    std::size_t said = 0;
    for (int i = 0; i < 2000; ++i) {
      now += milliseconds(chance.below(chance.one_in(50) ? 100'000 : 200));
      const auto event = any_event(chance, tags, i / 4, now);
      std::vector<Effect> first;
      std::vector<Effect> second;
      one.on(event, now, first);
      two.on(event, now, second);
      ASSERT_EQ(first.size(), second.size());
      ASSERT_EQ(one.next_wake(), two.next_wake());
      for (std::size_t n = 0; n < first.size(); ++n) {
        ASSERT_EQ(text_of(first[n]), text_of(second[n]));
        if (const auto* claim = std::get_if<MakeClaim>(&first[n]))
          tags.push_back(claim->claim.attempt.tag);
        if (const auto* submit = std::get_if<Submit>(&first[n]))
          tags.push_back(submit->record.attempt->tag);
      }
      said += first.size();
    }
    EXPECT_GT(said, 500U);
    EXPECT_GT(tags.size(), 20U);
  }
}

// ---- a naive model over true records, and a broker that keeps a ledger

class World {
 public:
  explicit World(std::uint64_t seed) : chance(seed) {}

  void turn() {
    switch (chance.below(10)) {
      case 0:
        person();
        break;
      case 1:
        desk.pass(milliseconds(chance.below(3000)));
        break;
      case 2:
        desk.step(Evaluation{evaluating = !chance.one_in(4)});
        break;
      case 3:
      case 4:
        broker_speaks();
        break;
      case 5:
        broker_moves();
        break;
      default:
        market();
        break;
    }
    check_ledger();
  }

  int fires = 0;

 private:
  void person() {
    const auto rows = all_rows();
    if (rows.size() < 30 && chance.one_in(2)) {
      const auto wanted = any_trigger(chance, static_cast<std::uint8_t>(rows.size() + 1), desk.now);
      const auto made = desk.writer->create(wanted, store::Actor{}, nullptr, desk.now);
      if (made) desk.step(TriggerChanged{made->trigger});
      return;
    }
    if (rows.empty()) return;
    auto row = rows[static_cast<std::size_t>(chance.below(static_cast<int>(rows.size())))];
    if (row.status != TriggerStatus::active) return;
    if (chance.one_in(3)) {
      desk.cancel(row.id);
    } else {
      const auto lower = chance.one_in(2) ? rupees("1") : Price{};
      row.leg_1.trigger_price = row.leg_1.trigger_price - lower;
      desk.edit(row);
    }
  }

  std::vector<model::Trigger> all_rows() const {
    store::ListFilter filter;
    filter.limit = 1000;
    return desk.records.reader_of().triggers(filter, store::Actor{}).value().triggers;
  }

  // Every row that a fresh price must fire now, by the rule alone.
  std::set<model::TriggerId> due(const model::Tick& tick) const {
    std::set<model::TriggerId> out;
    const auto price = model::price_from_wire(tick.last, *model::segment_of(tick.token));
    for (const auto& row : all_rows()) {
      const bool stands = row.status == TriggerStatus::active &&
                          row.instrument_token == tick.token &&
                          (!row.expires_at || desk.now < *row.expires_at);
      if (stands && !held(row) && trigger::leg_fired_by(row, price)) out.insert(row.id);
    }
    return out;
  }
  bool held(const model::Trigger& row) const {
    if (!row.parent_id) return false;
    for (const auto& won : store::whole_recovery(desk.records.reader_of(), {}).value().winners) {
      if (won.group == *row.parent_id && won.winner != row.id) return true;
    }
    return false;
  }

  void market() {
    auto tick = tick_of(price_near(chance), chance.one_in(3) ? tcs : infy);
    const bool fresh = !chance.one_in(8);
    if (!fresh) tick.freshness = model::Freshness::cached;
    const auto expected = fresh && evaluating ? due(tick) : std::set<model::TriggerId>{};
    const auto before = desk.sent.size();
    desk.gate_is_open = !chance.one_in(10);
    std::map<model::TriggerId, model::Trigger> rows;
    for (const auto& row : all_rows()) rows[row.id] = row;
    desk.step(tick);

    std::set<model::TriggerId> fired;
    std::map<model::GroupId, int> of_group;
    for (const auto& effect : desk.last) {
      const auto* claim = std::get_if<MakeClaim>(&effect);
      if (!claim) continue;
      const auto id = claim->claim.attempt.trigger_id;
      EXPECT_TRUE(expected.contains(id)) << id.text() << " fired and should not have";
      EXPECT_TRUE(fired.insert(id).second);
      EXPECT_TRUE(armings.insert({id, claim->claim.version}).second) << "one arming fired twice";
      if (claim->claim.group) ++of_group[*claim->claim.group];
      ++fires;
    }
    for (const auto id : expected) {
      const auto& row = rows.at(id);
      if (row.parent_id) {
        EXPECT_EQ(of_group[*row.parent_id], 1) << "of a group exactly one fires";
      } else {
        EXPECT_TRUE(fired.contains(id)) << id.text() << " should have fired and did not";
      }
    }
    if (!desk.gate_is_open) EXPECT_EQ(desk.sent.size(), before);
    desk.gate_is_open = true;
    waiting_for_answer();
  }

  void waiting_for_answer() {
    for (; seen < desk.sent.size(); ++seen) open.push_back(desk.sent[seen].tag);
  }

  // What the broker says is true, but for "no answer", which leaves it open.
  void broker_speaks() {
    waiting_for_answer();
    if (open.empty()) return;
    const auto at = static_cast<std::size_t>(chance.below(static_cast<int>(open.size())));
    const auto tag = open[at];
    open.erase(open.begin() + static_cast<std::ptrdiff_t>(at));
    auto words = any_answer(chance);
    const bool takes_it =
        words.transport == model::Transport::broken ? chance.one_in(2) : !words.order_id.empty();
    if (takes_it) ledger[tag] = "PUT ORDER REQ RECEIVED";
    if (!words.order_id.empty()) words.order_id = desk.order(tag, "").order_id;
    desk.answer(tag, words);
    if (words.error_type == "TokenException") evaluating = false;
    waiting_for_answer();
  }

  void broker_moves() {
    std::vector<model::BrokerOrder> book;
    for (auto& [tag, status] : ledger) {
      if (chance.one_in(3) && status == "OPEN") status = "COMPLETE";
      if (chance.one_in(3) && status == "PUT ORDER REQ RECEIVED")
        status = chance.one_in(3) ? "REJECTED" : "OPEN";
      auto order = desk.order(tag, status, status == "REJECTED" ? "Margin exceeds" : "");
      if (status == "COMPLETE") order.filled_quantity = 10;
      book.push_back(order);
    }
    if (chance.one_in(2)) {
      desk.book(book);
    } else if (!book.empty()) {
      desk.news(book[static_cast<std::size_t>(chance.below(static_cast<int>(book.size())))]);
    }
  }

  // The money: of a trigger, and of a group, at most one order lives at the broker.
  void check_ledger() {
    std::map<model::TriggerId, int> of_trigger;
    std::map<model::GroupId, int> of_group;
    for (const auto& attempt : desk.sent) {
      const auto entry = ledger.find(attempt.tag);
      if (entry == ledger.end() || entry->second == "REJECTED") continue;
      EXPECT_EQ(++of_trigger[attempt.trigger_id], 1)
          << "two orders of " << attempt.trigger_id.text();
      const auto row = desk.row(attempt.trigger_id);
      if (row.parent_id) EXPECT_EQ(++of_group[*row.parent_id], 1) << "two orders of a group";
    }
  }

  Chance chance;
  TestDesk desk;
  bool evaluating = true;
  std::set<std::pair<model::TriggerId, std::int64_t>> armings;
  std::vector<model::OrderTag> open;
  std::size_t seen = 0;
  std::map<model::OrderTag, std::string> ledger;
};

TEST(Chance, EveryTriggerFiresWhenItShouldAndOnceAndOneFireIsOneOrder) {
  int fires = 0;
  for (std::uint64_t seed = 1; seed <= 20 && !testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    World world(seed);
    for (int i = 0; i < 400 && !testing::Test::HasFailure(); ++i) world.turn();
    fires += world.fires;
  }
  EXPECT_GT(fires, 200);
}

}  // namespace
}  // namespace hmt::engine
