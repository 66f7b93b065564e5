#include <algorithm>
#include <map>
#include <set>

#include "world/world.h"

// What must hold once the faults have stopped and time has passed: the broker's ledger against the
// records, and the records against the prices.
namespace hmt::world {
namespace {

using model::AttemptState;
using model::TriggerStatus;

struct Ledger {
  std::vector<model::BrokerOrder> orders;  // of one trigger
  // An order that the broker did not turn away.
  auto living() const {
    return std::ranges::count_if(orders,
                                 [](const auto& order) { return order.status != "REJECTED"; });
  }
};

std::vector<model::Trigger> all_rows(store::Reader& reader) {
  std::vector<model::Trigger> out;
  store::ListFilter page;
  page.limit = 1000;
  do {
    const auto read = reader.triggers(page, {});
    out.insert(out.end(), read->triggers.begin(), read->triggers.end());
    page.cursor = read->next_cursor;
  } while (!page.cursor.empty());
  return out;
}

bool told_by_alarm(store::Reader& reader, model::TriggerId id) {
  store::AuditFilter of_trigger;
  of_trigger.trigger = id;
  of_trigger.limit = 1000;
  const auto rows = reader.audit(of_trigger, {});
  return std::ranges::any_of(
      *rows, [](const auto& row) { return row.entry.severity == model::Severity::alarm; });
}

bool is_open(const model::Attempt& attempt) {
  return attempt.state == AttemptState::queued || attempt.state == AttemptState::forwarded;
}

class End {
 public:
  End(store::Reader& reader, const Market& market, Process* running, Checks& checks, Report& report)
      : reader_(reader), market_(market), running_(running), checks_(checks), report_(report) {}

  void look_at_groups(const std::vector<model::Trigger>& rows) {
    for (const auto& row : rows) {
      if (row.parent_id && row.status == TriggerStatus::needs_attention)
        undecided_groups_.insert(*row.parent_id);
    }
  }

  void check(const model::Trigger& row, const Ledger& ledger) {
    const auto name = row.id.text() + " (" + std::string(word(row.status)) + ")";
    const auto attempts = *reader_.attempts(row.id, {});
    report_.fires += static_cast<std::size_t>(row.fire_no);
    report_.unknown +=
        static_cast<std::size_t>(std::ranges::count_if(attempts, [](const auto& attempt) {
          return !attempt.answered_at && attempt.forwarded_at;
        }));
    if (ledger.living() > 1) {
      checks_.violated("I1", name + " has " + std::to_string(ledger.living()) + " living orders");
    }
    check_prices(name, attempts);
    check_orders(name, row, ledger, attempts);
    check_row(name, row, ledger, attempts);
  }

 private:
  // Each fire was seen when it was claimed, and held against the prices of then.
  void check_prices(const std::string& name, const std::vector<model::Attempt>& attempts) {
    for (const auto& attempt : attempts) {
      const bool adopted = attempt.evidence.last_price == model::Price{};  // found at the broker
      if (attempt.attempt_no == 0 && !adopted && !checks_.saw_claim(attempt.tag))
        checks_.violated("price",
                         name + " fired by " + attempt.tag + ", and nobody saw it claimed");
    }
  }

  void check_orders(const std::string& name, const model::Trigger&, const Ledger& ledger,
                    const std::vector<model::Attempt>& attempts) {
    std::map<model::LegNumber, model::Quantity> executed;
    for (const auto& order : ledger.orders) {
      const auto attempt = std::ranges::find(attempts, order.tag, &model::Attempt::tag);
      if (attempt == attempts.end()) {
        checks_.violated("I5", name + " has no record of its order " + order.tag);
        continue;
      }
      executed[attempt->leg] += order.filled_quantity;
      if (attempt->state != AttemptState::placed)
        checks_.violated("I5", name + ": the broker has " + order.tag + ", the record says " +
                                   std::string(word(attempt->state)));
      else if (attempt->order_status != order.status ||
               attempt->filled_quantity != order.filled_quantity)
        checks_.violated("I5", name + ": " + order.tag + " is " + order.status + " with " +
                                   std::to_string(order.filled_quantity) + ", the record says " +
                                   attempt->order_status + " with " +
                                   std::to_string(attempt->filled_quantity));
    }
    std::erase_if(executed, [](const auto& leg) { return leg.second == 0; });
    if (executed.size() > 1) checks_.violated("I2", name + " executed both legs");
  }

  void check_row(const std::string& name, const model::Trigger& row, const Ledger& ledger,
                 const std::vector<model::Attempt>& attempts) {
    if (row.status == TriggerStatus::firing) checks_.violated("I3", name + " fires for ever");
    const bool open = std::ranges::any_of(attempts, is_open);
    if (open) checks_.violated("I3", name + " has an attempt that is still open");
    const bool unknown = std::ranges::any_of(
        attempts, [](const auto& attempt) { return attempt.state == AttemptState::unknown; });
    if (unknown && row.status != TriggerStatus::needs_attention)
      checks_.violated("I3", name + " has an order of unknown outcome, and asks for nobody");
    if (row.status == TriggerStatus::needs_attention) ++report_.attention;
    const bool wants_alarm =
        row.status == TriggerStatus::needs_attention || row.status == TriggerStatus::failed;
    if (wants_alarm && !told_by_alarm(reader_, row.id))
      checks_.violated("I3", name + " came to nothing, and no alarm tells of it");
    if (row.status == TriggerStatus::triggered && ledger.orders.empty())
      checks_.violated("I3", name + " says that an order is at the broker, which has none");
    const bool over = row.status == TriggerStatus::active || row.status == TriggerStatus::expired ||
                      row.status == TriggerStatus::cancelled;
    if (over && ledger.living() > 0) checks_.violated("I3", name + " has an order at the broker");
    if (row.status == TriggerStatus::active) check_armed(name, row);
  }

  // Fresh prices have come for minutes: a level that is reached has fired.
  void check_armed(const std::string& name, const model::Trigger& row) {
    if (running_ == nullptr) return;
    const auto now = running_->clock().now();
    const bool expires_now =
        row.expires_at && *row.expires_at <= now && now - *row.expires_at < std::chrono::seconds(3);
    if (expires_now) return;  // that is being written
    const auto watch = running_->runtime().watch(row);
    if (!watch.monitored) {
      if (row.parent_id && undecided_groups_.contains(*row.parent_id)) return;
      checks_.violated("I3", name + " is not watched though all is well: " + watch.why_not);
      return;
    }
    for (const auto number : {model::LegNumber::one, model::LegNumber::two}) {
      if (number == model::LegNumber::two && !row.leg_2) continue;
      if (row.leg(number).state != model::LegState::armed) continue;
      if (market_.reaches(row, number))
        checks_.violated("I3", name + " did not fire: its level is reached");
    }
  }

  // Of a member that a person has to look at: whether the others may fire is not known before.
  std::set<model::GroupId> undecided_groups_;
  store::Reader& reader_;
  const Market& market_;
  Process* running_;
  Checks& checks_;
  Report& report_;
};

void check_groups(const std::vector<model::Trigger>& rows,
                  const std::map<std::uint64_t, Ledger>& ledgers, Checks& checks) {
  std::map<model::GroupId, int> executed;
  for (const auto& row : rows) {
    const auto ledger = ledgers.find(oms::tag_bits(row.id));
    if (!row.parent_id || ledger == ledgers.end()) continue;
    const bool any = std::ranges::any_of(
        ledger->second.orders, [](const auto& order) { return order.filled_quantity > 0; });
    if (any && ++executed[*row.parent_id] > 1)
      checks.violated("I2", "two of the group " + row.parent_id->text() + " executed");
  }
}

}  // namespace

void check_the_end(store::Reader& reader, const Exchange& exchange, const Market& market,
                   Process* running, Checks& checks, Report& report) {
  if (running == nullptr) checks.violated("I3", "no engine runs though nothing is in its way");
  std::map<std::uint64_t, Ledger> ledgers;
  for (const auto& order : exchange.orders()) {
    ledgers[checks.bits_of(order.tag)].orders.push_back(order);
  }
  const auto rows = all_rows(reader);
  report.triggers = rows.size();
  End end(reader, market, running, checks, report);
  end.look_at_groups(rows);
  for (const auto& row : rows) {
    const auto found = ledgers.find(oms::tag_bits(row.id));
    end.check(row, found == ledgers.end() ? Ledger{} : found->second);
    checks.trace(row.id.text() + std::string(word(row.status)) + std::to_string(row.version));
  }
  for (const auto& [bits, ledger] : ledgers) {
    const bool known = std::ranges::any_of(
        rows, [bits](const auto& row) { return oms::tag_bits(row.id) == bits; });
    if (!known) checks.violated("I5", "no trigger is on record for " + ledger.orders.front().tag);
  }
  check_groups(rows, ledgers, checks);
}

}  // namespace hmt::world
