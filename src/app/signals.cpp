#include "app/signals.h"

#include <atomic>
#include <csignal>
#include <pthread.h>
#include <unistd.h>

namespace hmt::app {
namespace {

std::atomic<bool> is_ending = false;

sigset_t ending_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

}  // namespace

void block_signals() {
  const auto set = ending_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

int wait_for_signal() {
  const auto set = ending_signals();
  int got = 0;
  while (sigwait(&set, &got) != 0) {
  }
  is_ending = true;
  return got;
}

void raise_end() {
  if (!is_ending.exchange(true)) ::kill(::getpid(), SIGTERM);
}

void let_signals_kill() {
  const auto set = ending_signals();
  // What came together with the first says the same.
  constexpr timespec at_once{};
  while (sigtimedwait(&set, nullptr, &at_once) > 0) {
  }
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace hmt::app
