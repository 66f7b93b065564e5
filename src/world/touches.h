#pragma once
#include <memory>

#include "world/market.h"
#include "world/process.h"

// A level that was reached for a moment alone has been reached: where an engine says that it
// watches a trigger, and nothing is in the way of the price, the trigger fires.
namespace hmt::world {

class Touches {
 public:
  explicit Touches(Commons& commons);

  // The price of now is on its way to the process.
  void told(Process& process, std::size_t instrument, model::Price price);

 private:
  struct Touch {
    Process* process;
    std::weak_ptr<bool> life;
    std::uint64_t disturbances;
    std::int64_t lease_epoch;
    model::Trigger row;
    model::Price price;
    base::Instant at;
  };
  void look_back(const Touch& touch);

  Commons& commons_;
  std::unique_ptr<store::Reader> reader_;
};

}  // namespace hmt::world
