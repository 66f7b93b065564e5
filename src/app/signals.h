#pragma once

// SIGTERM and SIGINT, taken by one waiting thread: everything else runs with them blocked.
namespace hmt::app {

void block_signals();  // before any thread is started
int wait_for_signal();
void raise_end();         // wakes wait_for_signal from inside; nothing when the end has begun
void let_signals_kill();  // a second one ends the process at once

}  // namespace hmt::app
