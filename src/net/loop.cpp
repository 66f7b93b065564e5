#include "net/loop.h"

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <time.h>
#include <utility>

#include "net/loop_core.h"

namespace hmt::net {
namespace {

// Far enough for any timer, and near enough that adding it to the clock does not overflow.
constexpr base::Duration delay_max = std::chrono::days(365);

}  // namespace

Loop::Loop() : core_(std::make_unique<Core>()) {}

Loop::~Loop() {
  core_->closing = true;
  const auto timers = std::move(core_->timers);
}

void Loop::run() {
  {
    const auto guard = boost::asio::make_work_guard(core_->io);
    core_->io.run();
  }  // the last work to end stops the context, so only then can it be made ready for another run
  core_->io.restart();
}

void Loop::stop() {
  core_->io.stop();
}

void Loop::post(agent::Task task) {
  if (core_->closing) return;
  boost::asio::post(core_->io, std::move(task));
}

agent::TimerId Loop::after(base::Duration delay, agent::Task task) {
  const auto id = core_->next_timer++;
  if (core_->closing) return id;
  auto& entry = core_->timers.try_emplace(id, boost::asio::steady_timer(core_->io), std::move(task))
                    .first->second;
  entry.timer.expires_after(std::min(delay, delay_max));
  entry.timer.async_wait([core = core_.get(), id](const boost::system::error_code& error) {
    if (error) return;
    // Absent: cancelled after it had expired.
    auto due = core->timers.extract(id);
    if (!due.empty()) due.mapped().task();
  });
  return id;
}

void Loop::cancel(agent::TimerId id) {
  if (!core_->closing) core_->timers.erase(id);
}

base::Instant Loop::now() const {
  return std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now());
}

base::Duration Loop::steady() const {
  timespec at{};
  clock_gettime(CLOCK_BOOTTIME, &at);
  return std::chrono::seconds(at.tv_sec) + std::chrono::nanoseconds(at.tv_nsec);
}

}  // namespace hmt::net
