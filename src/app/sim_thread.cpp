#include "app/sim_thread.h"

namespace hmt::app {

base::Result<std::unique_ptr<SimThread>> SimThread::start(sim::SimConfig config,
                                                          const std::string& listen) {
  std::unique_ptr<SimThread> sim(new SimThread);
  sim->server_ = std::make_unique<sim::Server>(sim->loop_, std::move(config));
  auto address = sim->server_->listen(listen);
  if (!address) return std::unexpected(address.error());
  sim->address_ = *address;
  sim->thread_ = std::thread([loop = &sim->loop_] { loop->run(); });
  return sim;
}

SimThread::~SimThread() {
  if (!thread_.joinable()) return;
  loop_.post([this] {
    server_->close();
    loop_.stop();
  });
  thread_.join();
}

}  // namespace hmt::app
