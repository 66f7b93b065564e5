#include <csignal>
#include <cstdio>
#include <thread>

#include "net/loop.h"
#include "sim/server.h"

// The simulated broker on a free port, until SIGTERM. Prints its URL as the first line.
int main() {
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);

  hmt::net::Loop loop;
  hmt::sim::Server server(loop, {});
  const auto address = server.listen("127.0.0.1:0");
  if (!address) {
    std::fprintf(stderr, "%s\n", address.error().message.c_str());
    return 1;
  }
  std::printf("http://%s\n", address->c_str());
  std::fflush(stdout);

  std::jthread waiter([&] {
    int signal = 0;
    sigwait(&ends, &signal);
    loop.stop();
  });
  loop.run();
  return 0;
}
