#pragma once
#include <source_location>
#include <string_view>

// A broken promise inside the program is a bug: the process stops, and restart is recovery. Always
// on.
namespace hmt::base {

[[noreturn]] void stop_on_bug(std::string_view what, const std::source_location& where);

constexpr void ensure(bool holds, std::string_view what,
                      const std::source_location& where = std::source_location::current()) {
  if (!holds) stop_on_bug(what, where);
}

}  // namespace hmt::base
