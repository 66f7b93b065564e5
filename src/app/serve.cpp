#include <cstdio>
#include <cstdlib>
#include <malloc.h>

#include "agent/log.h"
#include "app/build.h"
#include "app/commands.h"
#include "app/signals.h"
#include "app/station.h"

namespace hmt::app {
namespace {

// A setting that does not hold is wrong usage; anything else is a failure of the world.
int exit_code(const base::Error& error) {
  return error.kind == base::ErrorKind::invalid ? 2 : 1;
}

// What was given back is soon wanted again: the parts of a start's records, the claims of a burst.
// To take it from the system anew each time costs a page fault for every 4 KiB.
void keep_memory() {
  ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
  ::mallopt(M_MMAP_THRESHOLD, 1 << 20);
}

}  // namespace

int serve(const CommonOptions& options) {
  const auto config = load_config(options, process_environment(), true);
  if (!config) return 2;
  keep_memory();
  block_signals();
  start_log(*config);
  auto station = Station::open(*config);
  if (!station) {
    const auto& error = station.error();
    agent::log_error("cannot_start", {{"setting", error.field}, {"why", error.message}});
    agent::log_stop();
    std::fprintf(stderr, "hmt serve: %s%s%s\n", error.field.c_str(),
                 error.field.empty() ? "" : ": ", error.message.c_str());
    return exit_code(error);
  }
  (*station)->on_end(raise_end);
  (*station)->run();
  agent::log_info("listening",
                  {{"address", (*station)->address()}, {"version", version()}, {"build", build()}});
  if (const auto why = why_others_may_listen(config->listen); !why.empty()) {
    agent::log_warning("listens_beyond_this_host", {{"why", why}});
  }
  if (!(*station)->token_path().empty()) {
    agent::log_info("admin_token", {{"file", (*station)->token_path()}});
  }
  wait_for_signal();
  let_signals_kill();
  agent::log_info("draining", {});
  (*station)->drain();
  const bool broke_off = (*station)->broke_off();
  agent::log_info("ended", {});
  agent::log_stop();
  // All is written and the threads have ended. A look-up of a name that hangs must not hold the
  // end.
  std::_Exit(broke_off ? 1 : 0);
}

}  // namespace hmt::app
