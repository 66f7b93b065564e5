#pragma once
#include <array>
#include <cstdint>
#include <string_view>

// Every step after which the world outside the process is not what it was: each durable write, each
// call to a broker. A step that is not listed here cannot be named in the code, and the proof fails
// when one that is listed was never passed.
namespace hmt::fault {

// Where around a step the process stands.
enum class Moment : std::uint8_t {
  asked,   // an order: decided, and the last check before its first byte has not been made
  before,  // nothing of the step has left the process
  sent,    // all of it has, and nothing has come back
  after,   // it was answered, and nobody has heard the answer yet
};

inline constexpr auto moment_names =
    std::to_array<std::string_view>({"asked", "before", "sent", "after"});

using Moments = std::uint8_t;  // a bit for each

constexpr Moments bit(Moment moment) {
  return static_cast<Moments>(1U << static_cast<unsigned>(moment));
}

inline constexpr Moments never = 0;
inline constexpr Moments around = bit(Moment::before) | bit(Moment::after);
inline constexpr Moments call = around | bit(Moment::sent);
inline constexpr Moments checked_call = call | bit(Moment::asked);

struct Known {
  std::string_view name;
  Moments sqlite;  // those that a process on SQLite passes; a file has no "sent"
  Moments postgres;
};

inline constexpr auto steps = std::to_array<Known>({
    // What start-up writes.
    {"schema", around, around},
    {"secret", around, never},  // with PostgreSQL it is a setting
    {"lease.take", around, call},
    {"account", around, call},
    {"note", around, call},
    // A fire.
    {"claim", around, call},
    {"record", around, call},
    {"order", checked_call, checked_call},
    {"book", call, call},
    // What people write.
    {"create", around, call},
    {"edit", around, call},
    {"cancel", around, call},
    {"switch", around, call},
    {"connection", around, call},
    {"connection.remove", around, call},
    // Beside other processes.
    {"lease.renew", never, call},
    {"lease.give_up", never, call},
    {"absorb", never, call},
    // What the broker is asked.
    {"profile", call, call},
    {"instruments", call, call},
    {"candles", call, call},
    {"session", call, call},
    {"ticker", around, around},
});

}  // namespace hmt::fault
