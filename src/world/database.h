#pragma once
#include <memory>

#include "store/store.h"
#include "world/process.h"

namespace hmt::world {

// The store's writer as a process has it: each write may be refused, may be done and not answered,
// or may be the last thing that the process does.
std::unique_ptr<store::Writer> faulty_writer(Commons& commons, ProcessClock& clock);

}  // namespace hmt::world
