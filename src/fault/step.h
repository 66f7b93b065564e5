#pragma once
#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "fault/steps.h"

// Crash points for proofs: code that takes a step says so, and a process that was told to ends or
// stands still there. Told nothing, a point costs one load.
namespace hmt::fault {

namespace detail {
inline std::atomic<bool> armed = false;
void passed(std::uint8_t step, Moment moment);
}  // namespace detail

// A name of `steps`; any other does not compile. May be passed by any thread.
class Step {
 public:
  constexpr Step() = default;  // no step: nothing happens there
  consteval Step(const char* name) : number_(number_of(name)) {}

  void asked() const { pass(Moment::asked); }
  void before() const { pass(Moment::before); }
  void sent() const { pass(Moment::sent); }
  void after() const { pass(Moment::after); }

 private:
  static constexpr std::uint8_t none = 255;

  static consteval std::uint8_t number_of(std::string_view name) {
    for (std::uint8_t i = 0; i < steps.size(); ++i) {
      if (steps[i].name == name) return i;
    }
    throw "no such step in fault/steps.h";
  }
  void pass(Moment moment) const {
    if (detail::armed.load(std::memory_order_relaxed) && number_ != none) {
      detail::passed(number_, moment);
    }
  }

  std::uint8_t number_ = none;
};

// What is to happen in this process: "POINT:N:kill" or "POINT:N:stop" when POINT ("claim.before")
// is passed for the N-th time, or "tell:PATH", which adds the name of each point passed to a file.
// Empty: nothing. Call it before other threads run. Errors: invalid (which says what is
// understood).
base::Result<void> arm(std::string_view order);

// All points, one a line, each with the databases that it is passed on.
std::string listed();

}  // namespace hmt::fault
