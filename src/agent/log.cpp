#include "agent/log.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <deque>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <spdlog/async.h>
#include <spdlog/async_logger.h>
#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <utility>

#include "agent/text_escape.h"
#include "base/time.h"

namespace hmt::agent {
namespace {

constexpr std::size_t queued_lines_max = 8192;
constexpr std::size_t value_bytes_max = 8192;
constexpr std::size_t secrets_max = 4096;  // past it the oldest is forgotten: tokens live a day
constexpr std::string_view redacted = "[redacted]";

struct Backend {
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger;
};

struct Logging {
  std::shared_mutex mutex;  // for what follows, but not the two atomics
  Backend backend;
  LogFormat format = LogFormat::json;
  std::deque<std::string> secrets;
  // Until it is started, only what is bad is said, at once.
  std::atomic<Level> threshold = Level::warning;
  std::atomic<std::uint64_t> dropped_before = 0;
};

// Never destroyed: threads may log until the last moment.
Logging& logging() {
  static auto& the_logging = *new Logging;
  return the_logging;
}

std::string_view name_of(Level level) {
  switch (level) {
    case Level::debug:
      return "debug";
    case Level::info:
      return "info";
    case Level::warning:
      return "warning";
    case Level::error:
      return "error";
    case Level::none:
      break;
  }
  return "error";
}

std::string without_secrets(std::string text, const std::deque<std::string>& secrets) {
  for (const auto& secret : secrets) {
    for (auto at = text.find(secret); at != std::string::npos;
         at = text.find(secret, at + redacted.size())) {
      text.replace(at, secret.size(), redacted);
    }
  }
  if (text.size() > value_bytes_max) text.resize(value_bytes_max);
  return text;
}

struct Shown {
  std::string text;
  bool is_bare;  // a number or a truth: no quotes
};

Shown show(const Field& field, const std::deque<std::string>& secrets) {
  if (const auto* text = std::get_if<std::string_view>(&field.value)) {
    return {without_secrets(std::string(*text), secrets), false};
  }
  if (const auto* truth = std::get_if<bool>(&field.value)) return {*truth ? "true" : "false", true};
  const auto digits = std::to_string(std::get<long long>(field.value));
  auto clean = without_secrets(digits, secrets);
  const bool is_number = clean == digits;
  return {std::move(clean), is_number};
}

bool needs_quotes(std::string_view text) {
  return text.empty() || std::ranges::any_of(text, [](char c) {
           return c <= ' ' || c == '"' || c == '=' || c == '\\' || c > '~';
         });
}

std::string json_line(std::string_view at, Level level, std::string_view event,
                      std::initializer_list<Field> fields, const std::deque<std::string>& secrets) {
  std::string out = "{\"at\":\"";
  out += at;
  out += "\",\"level\":\"";
  out += name_of(level);
  out += "\",\"event\":";
  append_quoted(out, without_secrets(std::string(event), secrets));
  for (const auto& field : fields) {
    out += ',';
    append_quoted(out, field.name);
    out += ':';
    const auto shown = show(field, secrets);
    if (shown.is_bare) {
      out += shown.text;
    } else {
      append_quoted(out, shown.text);
    }
  }
  return out += "}\n";
}

std::string text_line(std::string_view at, Level level, std::string_view event,
                      std::initializer_list<Field> fields, const std::deque<std::string>& secrets) {
  std::string out(at);
  const auto add_value = [&out](std::string_view text) {
    if (needs_quotes(text)) return append_quoted(out, text);
    out += text;
  };
  out += ' ';
  out += name_of(level);
  out += ' ';
  add_value(without_secrets(std::string(event), secrets));
  for (const auto& field : fields) {
    out += ' ';
    out += field.name;
    out += '=';
    add_value(show(field, secrets).text);
  }
  return out += '\n';
}

// REQUIRES: the lock, in either mode.
std::string to_line(const Logging& state, Level level, std::string_view event,
                    std::initializer_list<Field> fields) {
  const auto at = base::to_rfc3339(
      std::chrono::time_point_cast<base::Duration>(std::chrono::system_clock::now()));
  const auto form = state.format == LogFormat::json ? json_line : text_line;
  return form(at, level, event, fields, state.secrets);
}

void write_now(const std::string& line) {
  std::fwrite(line.data(), 1, line.size(), stderr);
}

Backend make_backend() {
  Backend out;
  out.pool = std::make_shared<spdlog::details::thread_pool>(queued_lines_max, 1);
  out.logger = std::make_shared<spdlog::async_logger>(
      "hmt", std::make_shared<spdlog::sinks::stderr_sink_mt>(), out.pool,
      spdlog::async_overflow_policy::overrun_oldest);
  // Lines come finished, with their line ends.
  out.logger->set_formatter(std::make_unique<spdlog::pattern_formatter>(
      "%v", spdlog::pattern_time_type::utc, std::string()));
  out.logger->set_level(spdlog::level::trace);
  return out;
}

}  // namespace

void log_start(Level threshold, LogFormat format) {
  log_stop();
  auto& state = logging();
  const std::unique_lock lock(state.mutex);
  state.backend = make_backend();
  state.format = format;
  state.threshold = threshold;
}

void log_stop() {
  auto& state = logging();
  Backend stopped;
  {
    const std::unique_lock lock(state.mutex);
    stopped = std::exchange(state.backend, {});
    state.threshold = Level::warning;
  }
  if (!stopped.pool) return;
  const auto dropped = stopped.pool->overrun_counter();
  stopped.logger.reset();
  stopped.pool.reset();  // writes what is queued, and joins
  state.dropped_before += dropped;
  if (dropped > 0) {
    log_warning("log_lines_dropped", {{"count", static_cast<long long>(dropped)}});
  }
}

void log_redact(std::string secret) {
  if (secret.empty()) return;
  auto& state = logging();
  const std::unique_lock lock(state.mutex);
  if (std::ranges::find(state.secrets, secret) != state.secrets.end()) return;
  state.secrets.push_back(std::move(secret));
  if (state.secrets.size() > secrets_max) state.secrets.pop_front();
}

std::uint64_t log_lines_dropped() {
  auto& state = logging();
  const std::shared_lock lock(state.mutex);
  const auto now = state.backend.pool ? state.backend.pool->overrun_counter() : 0;
  return state.dropped_before + now;
}

void log(Level level, std::string_view event, std::initializer_list<Field> fields) {
  auto& state = logging();
  if (level < state.threshold.load(std::memory_order_relaxed)) return;
  const std::shared_lock lock(state.mutex);
  const auto line = to_line(state, level, event, fields);
  if (!state.backend.logger) return write_now(line);
  state.backend.logger->log(spdlog::level::info, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace hmt::agent
