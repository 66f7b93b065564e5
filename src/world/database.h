#pragma once
#include <memory>

#include "store/store.h"
#include "world/process.h"

namespace hmt::world {

// The store's writer as a process has it: each write may be refused, may be done and not answered,
// or may be the last thing that the process does. What it makes durable is told to the checks.
// `disturbed`: a look at the database failed.
std::unique_ptr<store::Writer> faulty_writer(Commons& commons, ProcessClock& clock,
                                             const PricesSeen& prices,
                                             std::function<void()> disturbed);

}  // namespace hmt::world
