#include "runtime/desk.h"

#include <utility>

namespace hmt::runtime {

std::string_view word(EngineStatus status) {
  switch (status) {
    case EngineStatus::stopped:
      return "stopped";
    case EngineStatus::starting:
      return "starting";
    case EngineStatus::running:
      return "running";
    case EngineStatus::degraded:
      return "degraded";
  }
  std::unreachable();
}

std::string_view word(FeedStatus status) {
  switch (status) {
    case FeedStatus::disconnected:
      return "disconnected";
    case FeedStatus::connecting:
      return "connecting";
    case FeedStatus::connected:
      return "connected";
  }
  std::unreachable();
}

}  // namespace hmt::runtime
