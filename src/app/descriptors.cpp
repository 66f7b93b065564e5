#include "app/descriptors.h"

#include <algorithm>
#include <sys/resource.h>

#include "net/http_server.h"

namespace hmt::app {
namespace {

constexpr rlim_t enough = 65'536;
constexpr std::size_t kept_back = 256;

}  // namespace

std::size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return kept_back;
  const auto wanted = std::min(limit.rlim_max, enough);
  if (limit.rlim_cur < wanted) {
    const rlimit raised{.rlim_cur = wanted, .rlim_max = limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  return static_cast<std::size_t>(std::min(limit.rlim_cur, enough));
}

// Where there are few, the half of them.
std::size_t connections_within(std::size_t descriptors) {
  const auto rest = descriptors > 2 * kept_back ? descriptors - kept_back : descriptors / 2;
  return std::min(rest, net::ServerLimits{}.connections_max);
}

}  // namespace hmt::app
