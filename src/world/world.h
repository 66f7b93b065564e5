#pragma once
#include <cstdint>
#include <memory>
#include <vector>

#include "world/people.h"
#include "world/touches.h"

// One trading day of a whole world, made of a seed and of nothing else: the real engine, gate,
// reconciler and store rules, a simulated broker, people, and every fault of `faults.h`. Then the
// faults stop, and what must hold is checked.
namespace hmt::world {

struct Report {
  std::uint64_t seed = 0;
  std::vector<Violation> violations;
  FaultCounts faults{};
  std::uint64_t trace = 0;
  std::uint64_t happened = 0;  // things that happened
  std::size_t orders = 0;
  std::size_t triggers = 0;
  std::size_t fires = 0;
  std::size_t unknown = 0;    // outcomes that were unknown for a while
  std::size_t attention = 0;  // that a person has to look at
  std::int64_t epochs = 0;    // how often a lease was taken
};

struct Length {
  base::Duration day = std::chrono::minutes(375);
  base::Duration calm = std::chrono::minutes(8);  // T_absent, the latest order, and a minute
};

class World {
 public:
  explicit World(std::uint64_t seed, Length length = {});
  ~World();

  Report run();
  // The audit trail, of everything that has no trigger and of the one that is asked for.
  std::vector<model::AuditEntry> story(const std::string& trigger);

 private:
  struct Slot {
    std::string holder;
    std::unique_ptr<Process> process;
    std::uint64_t lives = 0;
  };

  void choose_aim();
  void begin_life(std::size_t slot);
  void life_ended(std::size_t slot);
  Process* running();
  Process* anybody();
  void log_in_again();
  void tell_price(std::size_t instrument);
  void tell_tick(const model::Tick& tick, Told told);
  void tell_order(const model::BrokerOrder& order);
  void heartbeats();
  void misfortune();
  void set_wall_clock(ProcessClock& clock);
  void feed_misfortune(Process& process);
  void hold_rows_when_struck(std::int64_t in_million);
  void calm_down();
  void watch_for_a_while();
  void check_watched();
  void run_until(base::Duration until);

  Length length_;
  std::uint64_t seed_;
  Chance chance_;
  Faults faults_{chance_};
  Timeline timeline_;
  Checks checks_;
  store::MemoryStore records_;
  Exchange exchange_{timeline_, chance_, faults_, checks_};
  Market market_{timeline_, chance_, faults_};
  Commons commons_{timeline_, chance_, faults_, checks_, exchange_, records_};
  Touches touches_{commons_};
  std::vector<Slot> slots_;
  People people_{commons_, market_, [this] { return running(); }, [this] { return anybody(); },
                 [this] { check_watched(); }};
};

// What must hold at the end of a day, once the faults have stopped.
void check_the_end(store::Reader& reader, const Exchange& exchange, const Market& market,
                   Process* running, Checks& checks, Report& report);

}  // namespace hmt::world
