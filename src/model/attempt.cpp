#include "model/attempt.h"

#include <array>

#include "base/ensure.h"

namespace hmt::model {
namespace {

constexpr auto attempt_words = std::to_array<std::string_view>(
    {"queued", "forwarded", "withdrawn", "not_placed", "refused", "unknown", "placed", "absent"});
constexpr auto severity_words = std::to_array<std::string_view>({"info", "warning", "alarm"});

}  // namespace

std::string_view word(AttemptState state) {
  const auto index = static_cast<std::size_t>(state);
  base::ensure(index < attempt_words.size(), "an attempt state is one of its own values");
  return attempt_words[index];
}

std::optional<AttemptState> attempt_state_from_word(std::string_view text) {
  for (std::size_t i = 0; i < attempt_words.size(); ++i) {
    if (attempt_words[i] == text) return static_cast<AttemptState>(i);
  }
  return std::nullopt;
}

std::string_view word(Severity severity) {
  const auto index = static_cast<std::size_t>(severity);
  base::ensure(index < severity_words.size(), "a severity is one of its own values");
  return severity_words[index];
}

}  // namespace hmt::model
