#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

// One structured line an event, on stderr:
// {"at":…,"level":…,"event":"ticker_connected","connection":1,…}. Any thread; lines are written by
// a thread of their own and the queue is bounded: when it is full the oldest lines are dropped and
// counted, because a slow terminal must not hold up an order. No secret is ever passed in; as a
// second wall, values that `log_redact` was told of are replaced wherever they appear.
namespace hmt::agent {

enum class Level : int { debug, info, warning, error, none };  // none: only as a threshold

struct Field {
  std::string_view name;
  std::variant<std::string_view, long long, bool> value;
};

enum class LogFormat { json, text };

// Before `log_start` and after `log_stop`, warnings and errors are written at once.
void log_start(Level threshold, LogFormat format);
void log_stop();  // flushes; also safe when never started
void log_redact(std::string secret);
std::uint64_t log_lines_dropped();  // since the process began

void log(Level level, std::string_view event, std::initializer_list<Field> fields = {});
inline void log_info(std::string_view event, std::initializer_list<Field> fields = {}) {
  log(Level::info, event, fields);
}
inline void log_warning(std::string_view event, std::initializer_list<Field> fields = {}) {
  log(Level::warning, event, fields);
}
inline void log_error(std::string_view event, std::initializer_list<Field> fields = {}) {
  log(Level::error, event, fields);
}

}  // namespace hmt::agent
