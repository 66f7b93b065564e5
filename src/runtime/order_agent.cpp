#include "runtime/order_agent.h"

#include <algorithm>
#include <utility>

#include "agent/log.h"

namespace hmt::runtime {
namespace {

constexpr int failed_readings_told = 3;

}  // namespace

OrderAgent::OrderAgent(agent::Scheduler& scheduler, broker::OrderGateway& gateway,
                       CommitQueue& commits, LatencyBoard& latency, OrderListener& listener,
                       gate::Settings settings)
    : scheduler_(scheduler),
      gateway_(gateway),
      commits_(commits),
      latency_(latency),
      listener_(listener),
      gate_(scheduler, gateway, *this, *this, settings) {}

void OrderAgent::read_book() {
  if (std::exchange(reading_, true)) return;
  gateway_.order_book([this, started_at = scheduler_.steady(), alive = std::weak_ptr(alive_)](
                          base::Result<std::vector<model::BrokerOrder>> orders) {
    if (alive.expired()) return;
    reading_ = false;
    const auto took = scheduler_.steady() - started_at;
    book_came(scheduler_.now() - took, std::move(orders));
  });
}

void OrderAgent::book_came(base::Instant started_at,
                           base::Result<std::vector<model::BrokerOrder>> orders) {
  if (!orders) {
    book_failed(orders.error().message);
    if (orders.error().kind == base::ErrorKind::refused && !std::exchange(session_refused_, true)) {
      listener_.on_broker_session(false, orders.error().message);
    }
    return;
  }
  if (!is_ours(*orders)) {
    book_failed("it is of another account");
    return;
  }
  if (std::exchange(failed_readings_, 0) >= failed_readings_told)
    listener_.on_book_readable(true, {});
  if (std::exchange(session_refused_, false)) listener_.on_broker_session(true, {});
  listener_.on_order_event(engine::BookRead{started_at, std::move(*orders)});
}

void OrderAgent::book_failed(const std::string& why) {
  agent::log_warning("order_book_not_read", {{"why", why}});
  if (++failed_readings_ >= failed_readings_told) listener_.on_book_readable(false, why);
}

// An answer about another account is not evidence of anything but a mix-up.
bool OrderAgent::is_ours(const std::vector<model::BrokerOrder>& orders) const {
  const auto foreign = std::ranges::find_if(orders, [this](const model::BrokerOrder& order) {
    return !order.account.empty() && !account_.empty() && order.account != account_;
  });
  if (foreign == orders.end()) return true;
  agent::log_error("order_book_of_another_account", {{"order_id", foreign->order_id}});
  return false;
}

void OrderAgent::forwarded(model::Attempt attempt, std::move_only_function<void(bool)> done) {
  model::Record record;
  record.at = *attempt.forwarded_at;
  record.audit.push_back({.at = record.at,
                          .event = "forwarded",
                          .severity = model::Severity::info,
                          .actor = "engine",
                          .user_id = attempt.user_id,
                          .trigger_id = attempt.trigger_id,
                          .tag = attempt.tag,
                          .detail = {}});
  record.attempt = std::move(attempt);
  auto answer = std::make_shared<std::move_only_function<void(bool)>>(std::move(done));
  const auto tell = [this, answer, alive = std::weak_ptr(alive_)](bool durable) {
    if (alive.expired()) return;
    scheduler_.post([answer, durable] { (*answer)(durable); });
  };
  commits_.record(
      std::move(record), [tell] { tell(true); }, [tell](const std::string&) { tell(false); });
}

void OrderAgent::on_forwarded(const model::OrderTag& tag) {
  asked_[tag] = scheduler_.steady();
  // In a turn of its own: whom it wakes must not hold up the order's bytes.
  scheduler_.post([this, tag, alive = std::weak_ptr(alive_)] {
    if (!alive.expired()) listener_.on_order_event(engine::AttemptForwarded{tag});
  });
}

void OrderAgent::on_withdrawn(const model::OrderTag& tag, std::int64_t lease_epoch,
                              const std::string& why) {
  asked_.erase(tag);
  latency_.ended(tag);
  listener_.on_order_event(engine::AttemptWithdrawn{tag, lease_epoch, why});
}

void OrderAgent::on_answered(const model::OrderTag& tag, const model::PlaceAnswer& answer) {
  if (const auto asked = asked_.extract(tag); !asked.empty()) {
    const auto took = scheduler_.steady() - asked.mapped();
    answer_seconds_.observe_seconds(static_cast<double>(took.count()) / 1e9);
  }
  measure(tag, answer);
  listener_.on_order_event(engine::AttemptAnswered{tag, answer});
}

// What got no answer has no way to its end to be measured.
void OrderAgent::measure(const model::OrderTag& tag, const model::PlaceAnswer& answer) {
  if (answer.transport != model::Transport::answered) return latency_.ended(tag);
  latency_.sent(tag, answer.sent_at);
  latency_.answered(tag, scheduler_.now());
}

}  // namespace hmt::runtime
