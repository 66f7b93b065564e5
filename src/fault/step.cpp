#include "fault/step.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <optional>
#include <unistd.h>

namespace hmt::fault {
namespace {

using base::Result;

// One point, one passing, one end. Written before the threads start.
struct Order {
  std::uint8_t step = 0;
  Moment moment = Moment::before;
  int passing = 1;
  int signal = SIGKILL;
};

std::optional<Order> ordered;
std::atomic<int> passings = 0;
int told_file = -1;

std::string point_name(std::size_t step, std::size_t moment) {
  return std::string(steps[step].name) + "." + std::string(moment_names[moment]);
}

void say(int file, const std::string& line) {
  // One write is one line, whichever thread or process writes beside it.
  [[maybe_unused]] const auto size = ::write(file, line.data(), line.size());
}

std::unexpected<base::Error> not_understood(const std::string& why) {
  return base::invalid("HMT_FAULTS", why + ": POINT:N:kill, POINT:N:stop or tell:PATH");
}

bool read_point(std::string_view name, Order& out) {
  for (std::size_t step = 0; step < steps.size(); ++step) {
    for (std::size_t moment = 0; moment < moment_names.size(); ++moment) {
      if (point_name(step, moment) != name) continue;
      out.step = static_cast<std::uint8_t>(step);
      out.moment = static_cast<Moment>(moment);
      return ((steps[step].sqlite | steps[step].postgres) & bit(out.moment)) != 0;
    }
  }
  return false;
}

Result<Order> read_order(std::string_view text) {
  const auto last = text.rfind(':');
  const auto middle = last == std::string_view::npos ? last : text.rfind(':', last - 1);
  if (middle == std::string_view::npos) return not_understood("there are no three parts");
  Order out;
  if (!read_point(text.substr(0, middle), out)) return not_understood("there is no such point");
  const auto number = text.substr(middle + 1, last - middle - 1);
  const auto [end, error] =
      std::from_chars(number.data(), number.data() + number.size(), out.passing);
  if (error != std::errc{} || end != number.data() + number.size() || out.passing < 1) {
    return not_understood("N is a whole number from 1");
  }
  const auto deed = text.substr(last + 1);
  if (deed != "kill" && deed != "stop") return not_understood("there is no such deed");
  out.signal = deed == "kill" ? SIGKILL : SIGSTOP;
  return out;
}

Result<void> tell_into(const std::string& path) {
  told_file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (told_file < 0) return base::invalid("HMT_FAULTS", path + ": " + std::strerror(errno));
  return {};
}

}  // namespace

void detail::passed(std::uint8_t step, Moment moment) {
  if (((steps[step].sqlite | steps[step].postgres) & bit(moment)) == 0) return;
  const auto name = point_name(step, static_cast<std::size_t>(moment));
  if (told_file >= 0) say(told_file, name + "\n");
  if (!ordered || ordered->step != step || ordered->moment != moment) return;
  if (passings.fetch_add(1) + 1 != ordered->passing) return;
  say(STDERR_FILENO, "fault at " + name + "\n");
  // To this thread: it takes not one step more, whatever the others still do.
  ::raise(ordered->signal);
}

Result<void> arm(std::string_view order) {
  constexpr std::string_view tell = "tell:";
  if (order.empty()) return {};
  if (order.starts_with(tell)) {
    if (auto opened = tell_into(std::string(order.substr(tell.size()))); !opened) return opened;
  } else {
    auto read = read_order(order);
    if (!read) return std::unexpected(read.error());
    ordered = *read;
  }
  detail::armed = true;
  return {};
}

std::string listed() {
  std::string out;
  for (std::size_t step = 0; step < steps.size(); ++step) {
    for (std::size_t moment = 0; moment < moment_names.size(); ++moment) {
      const auto mask = bit(static_cast<Moment>(moment));
      std::string where;
      if ((steps[step].sqlite & mask) != 0) where += " sqlite";
      if ((steps[step].postgres & mask) != 0) where += " postgres";
      if (!where.empty()) out += point_name(step, moment) + where + "\n";
    }
  }
  return out;
}

}  // namespace hmt::fault
