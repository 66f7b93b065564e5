#pragma once
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "runtime/runtime.h"
#include "store/memory.h"
#include "world/exchange.h"
#include "world/prices_seen.h"
#include "world/thread.h"

// One engine process of a world: the real runtime, gate, engine and feed on virtual time. It can
// die between any two tasks and at every write and order, and it can be frozen for minutes.
namespace hmt::world {

// What all processes of a world share.
struct Commons {
  Timeline& timeline;
  Chance& chance;
  Faults& faults;
  Checks& checks;
  Exchange& exchange;
  store::MemoryStore& records;
  base::Duration follow_period = std::chrono::seconds(1);
  bool shared = false;  // several processes may write the records, and follow what others write
  bool database_down = false;
  std::int64_t newest_epoch = 0;  // that any process was given
  // What the broker remembers of an instrument when somebody subscribes to it.
  std::function<std::optional<model::Tick>(model::InstrumentToken)> remembered = {};
  std::function<void()> order_troubled = {};  // it was not placed, or nobody knows
  std::function<void()> lease_taken = {};
};

struct Line {
  broker::StreamObserver* observer = nullptr;
  bool opening = false;
  bool open = false;
  bool cut = false;  // the process has yet to hear of it
  bool silent = false;
  std::set<model::InstrumentToken> tokens;
};

class Process {
 public:
  Process(Commons& commons, const std::string& holder, std::uint64_t number,
          std::function<void()> died);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  ProcessClock& clock() { return clock_; }
  std::weak_ptr<bool> life() const { return alive_; }  // expired: it is no more
  runtime::Runtime& runtime() { return *runtime_; }
  // Grows with everything that may keep a price, or a look at the database, from coming through.
  std::uint64_t disturbances() const;
  void disturb() { ++disturbed_; }
  // All of it has run again since then.
  base::Duration held_until() const;
  // The packets of an instrument come through at this moment.
  bool hears(model::InstrumentToken token) const;
  const std::vector<std::shared_ptr<Line>>& lines() const { return lines_; }

  // It says that somebody has to log in, which here takes a restart with a new token.
  bool wants_log_in() const;

  void heartbeat();
  void tick(const model::Tick& tick, Told told);
  void order_update(const model::BrokerOrder& order);
  void cut_feed();
  void hush_feed(bool silent);

 private:
  void flush_soon();
  void flush();
  runtime::BrokerDoor door();
  std::unique_ptr<feed::Feed> make_feed(feed::FeedObserver& observer);

  Commons& commons_;
  ProcessClock clock_;
  Thread market_;
  Thread orders_;
  Thread answers_;
  Thread watch_;
  PricesSeen prices_seen_;
  runtime::RuntimeSettings settings_;
  std::vector<std::shared_ptr<Line>> lines_;
  std::unique_ptr<store::Writer> writer_;
  std::unique_ptr<runtime::Runtime> runtime_;
  bool flush_planned_ = false;
  std::uint64_t disturbed_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::world
