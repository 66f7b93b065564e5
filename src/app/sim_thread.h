#pragma once
#include <memory>
#include <string>
#include <thread>

#include "base/result.h"
#include "net/loop.h"
#include "sim/server.h"

namespace hmt::app {

// A simulated broker on a thread of its own.
class SimThread {
 public:
  static base::Result<std::unique_ptr<SimThread>> start(sim::SimConfig config,
                                                        const std::string& listen);
  ~SimThread();

  const std::string& address() const { return address_; }

 private:
  SimThread() = default;
  net::Loop loop_;
  std::unique_ptr<sim::Server> server_;
  std::string address_;
  std::thread thread_;
};

}  // namespace hmt::app
