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

std::string_view word(Stage stage) {
  switch (stage) {
    case Stage::tick_to_decision:
      return "tick_to_decision";
    case Stage::decision_to_durable:
      return "decision_to_durable";
    case Stage::durable_to_sent:
      return "durable_to_sent";
    case Stage::sent_to_answered:
      return "sent_to_answered";
    case Stage::tick_to_answered:
      return "tick_to_answered";
  }
  std::unreachable();
}

}  // namespace hmt::runtime
