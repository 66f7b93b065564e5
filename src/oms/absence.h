#pragma once
#include <cstdint>

#include "base/time.h"

// When may an order that got no clear answer be called absent? Only when the order book, read clean
// several times across a window longer than the longest delay ever seen (83 s; the window is twice
// that), never showed its tag.
namespace hmt::oms {

struct AbsenceRule {
  base::Duration window = std::chrono::seconds(180);  // from the last moment a byte could have left
  base::Duration spacing = std::chrono::seconds(
      30);  // readings closer than this to the last counted one are not evidence
  int readings_min = 3;
};

class AbsenceProof {
 public:
  AbsenceProof() = default;
  AbsenceProof(AbsenceRule rule, base::Instant last_byte_at);

  // A clean reading of the whole book that did not show the tag. `started_at` is when the reading
  // was asked for.
  void add_reading(base::Instant started_at);

  // The wall clock was set: what has passed, and what is still to pass, stays as long as it was.
  void clock_stepped(base::Duration by);

  // Shown: enough readings, spaced, and the last of them after the window.
  bool shown() const;
  int readings() const { return readings_; }
  base::Instant last_byte_at() const { return last_byte_at_; }

 private:
  AbsenceRule rule_;
  base::Instant last_byte_at_{};
  base::Instant last_counted_{};
  int readings_ = 0;
  bool after_window_ = false;
};

}  // namespace hmt::oms
