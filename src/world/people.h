#pragma once
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "world/market.h"
#include "world/process.h"

// The people of a world: they arm, edit and cancel triggers, stop the engine and start it again,
// and some of them write to the table by hand.
namespace hmt::world {

class People {
 public:
  // `running`: the holder of the lease, `anybody`: whoever is reached; null: nobody answers.
  // `stopped` runs when a stop has been answered.
  People(Commons& commons, Market& market, std::function<Process*()> running,
         std::function<Process*()> anybody, std::function<void()> stopped);

  void begin();
  // Now and then somebody acts on a trigger in the very moment in which its level is reached.
  void price_moved(std::size_t instrument);
  // Somebody hears of it, and some stop the engine then.
  void order_troubled();
  // No more wishes but one: that the engine runs.
  void want_it_running();

 private:
  void wish();
  void act(Process& process);
  void create(Process& process, model::Trigger row);
  void act_on(Process& process, const model::Trigger& row);
  void edit(Process& process, model::Trigger row);
  void cancel(Process& process, const model::Trigger& row);
  void write_by_hand(model::Trigger row);
  model::Trigger edited(model::Trigger row);
  std::optional<model::Trigger> some_reached(std::size_t instrument);
  void stop(Process& process);
  void stop_answered(bool stands);
  void start(Process& process);
  void start_soon();
  void keep_asking_to_start();
  bool a_start_may_still_come() const;
  model::Trigger some_trigger(std::size_t instrument);
  std::optional<model::Trigger> some_active();

  Commons& commons_;
  Market& market_;
  std::function<Process*()> running_;
  std::function<Process*()> anybody_;
  std::function<void()> stopped_;
  std::unique_ptr<store::Reader> reader_;
  std::uint64_t created_ = 0;
  std::uint64_t switch_number_ = 0;  // of the last stop or start that was asked for
  // A process that slept may carry out a start long after it was asked for: by number.
  std::map<std::uint64_t, std::weak_ptr<bool>> unanswered_starts_;
  bool calm_ = false;
  bool asked_for_stop_ = false;
  const bool likes_to_stop_;
};

}  // namespace hmt::world
