#include "world/gateway.h"

#include <chrono>
#include <utility>

#include "broker/silent_gateway.h"
#include "world/market.h"

namespace hmt::world {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class Gateway final : public broker::SilentGateway {
 public:
  Gateway(Commons& commons, ProcessClock& clock, Thread& orders)
      : commons_(commons), clock_(clock), orders_(orders) {}

  void place(const model::OrderRequest& request, std::move_only_function<bool()> last_check,
             broker::PlaceDone done) override {
    auto& faults = commons_.faults;
    if (faults.strikes(Fault::crash_before_order, 4'000)) throw Died{};
    if (faults.strikes(Fault::pause_before_order, 4'000)) {
      clock_.freeze(commons_.chance.between(milliseconds(100), minutes(3)));
    }
    // A connection that stands takes the bytes at once; a new one has to be made first.
    auto& chance = commons_.chance;
    const bool slow = faults.strikes(Fault::slow_connection, 125'000);
    const auto connecting = slow ? chance.between(milliseconds(5), milliseconds(1500))
                                 : chance.between(base::Duration{}, milliseconds(2));
    orders_.after(connecting,
                  [this, request, check = std::move(last_check), done = std::move(done)]() mutable {
                    send(request, std::move(check), std::move(done));
                  });
  }
  void order_book(broker::Done<std::vector<model::BrokerOrder>> done) override {
    if (commons_.faults.strikes(Fault::book_failed, 30'000)) {
      answer(std::move(done), failure<std::vector<model::BrokerOrder>>("502"));
      return;
    }
    if (!commons_.exchange.session_good()) {
      answer(std::move(done), refusal<std::vector<model::BrokerOrder>>());
      return;
    }
    base::Duration staleness{};
    if (commons_.faults.strikes(Fault::book_stale, 20'000)) {
      staleness = commons_.chance.between(milliseconds(200), seconds(20));
    }
    answer<std::vector<model::BrokerOrder>>(std::move(done), commons_.exchange.book(staleness));
  }
  void profile(broker::Done<broker::Account> done) override {
    if (!commons_.exchange.session_good()) {
      answer(std::move(done), refusal<broker::Account>());
    } else {
      answer<broker::Account>(std::move(done), broker::Account{account_name, "A Trader", {"NSE"}});
    }
  }
  void instruments(broker::Done<std::vector<model::Instrument>> done) override {
    answer<std::vector<model::Instrument>>(std::move(done), listed_instruments());
  }

 private:
  template <class T>
  static base::Result<T> failure(const char* why) {
    return base::fail(base::ErrorKind::unavailable, why);
  }
  template <class T>
  static base::Result<T> refusal() {
    return base::fail(base::ErrorKind::refused, "Incorrect `api_key` or `access_token`.");
  }
  template <class T>
  void answer(broker::Done<T> done, base::Result<T> result) {
    orders_.after(commons_.chance.between(milliseconds(5), milliseconds(150)),
                  [done = std::move(done), result = std::move(result)]() mutable {
                    done(std::move(result));
                  });
  }

  void send(const model::OrderRequest& request, std::move_only_function<bool()> last_check,
            broker::PlaceDone done) {
    auto& faults = commons_.faults;
    model::PlaceAnswer out;
    out.transport = model::Transport::not_sent;
    out.message = "connection refused";
    if (faults.strikes(Fault::order_not_sent, 8'000) || !last_check()) {
      reply_after(milliseconds(1), out, std::move(done));
      return;
    }
    commons_.checks.first_byte(request, {.steady = clock_.steady(),
                                         .wall = clock_.now(),
                                         .right = clock_.right_for(minutes(1)),
                                         .newest_epoch = commons_.newest_epoch});
    out.transport = model::Transport::broken;
    out.message = "the connection broke";
    if (faults.strikes(Fault::request_lost, 15'000)) {
      commons_.order_troubled();
      reply_after(seconds(30), out, std::move(done));
      return;
    }
    const auto way = commons_.chance.between(milliseconds(1), milliseconds(40));
    if (faults.strikes(Fault::crash_after_order, 4'000)) {
      commons_.timeline.after(
          way, [&exchange = commons_.exchange, request] { exchange.arrive(request); });
      throw Died{};
    }
    // The answer goes to the process that asked, if it is there by then.
    auto box = std::make_shared<Box>(std::move(done));
    boxes_.push_back(box);
    commons_.timeline.after(way,
                            [this, &commons = commons_, request, waiting = std::weak_ptr(box)] {
                              const auto reply = commons.exchange.arrive(request);
                              if (reply.answer.order_id.empty()) commons.order_troubled();
                              const auto asked = waiting.lock();
                              if (!asked) return;
                              reply_after(reply.after, reply.answer, std::move(asked->done));
                              std::erase(boxes_, asked);
                            });
  }
  void reply_after(base::Duration wait, model::PlaceAnswer answer, broker::PlaceDone done) {
    orders_.after(wait, [answer = std::move(answer), done = std::move(done)]() mutable {
      done(std::move(answer));
    });
  }

  struct Box {
    explicit Box(broker::PlaceDone waiting) : done(std::move(waiting)) {}
    broker::PlaceDone done;
  };
  Commons& commons_;
  ProcessClock& clock_;
  Thread& orders_;
  std::vector<std::shared_ptr<Box>> boxes_;  // requests that are on their way
};

}  // namespace

std::unique_ptr<broker::OrderGateway> gateway_to_exchange(Commons& commons, ProcessClock& clock,
                                                          Thread& orders) {
  return std::make_unique<Gateway>(commons, clock, orders);
}

}  // namespace hmt::world
