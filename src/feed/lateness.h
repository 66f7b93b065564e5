#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"

// Whether the packets of a connection fall behind: its bytes wait somewhere on the way, so that it
// is never silent, and each price is older than the one before it. Pure. Lateness is measured
// against the least late packet of the same connection, on the steady clock: so neither the
// exchange's clock nor ours has to be right.
namespace hmt::feed {

struct LatenessRules {
  // Packets say whole seconds, so what is found has grown by up to a second more or less.
  base::Duration growth_max = std::chrono::seconds(4);
  // What waited out a pause comes at once and is over: that is no reason to begin anew.
  base::Duration patience = std::chrono::seconds(1);
};

class Lateness {
 public:
  // A packet that may fire, of the exchange's time (epoch seconds), came at `steady`. Answers by
  // how much the connection has fallen behind, once nothing timely has come for the whole
  // patience. Only packets that are newer than all before count: some repeat an old time.
  std::optional<base::Duration> seen(std::uint32_t exchange_time, base::Duration steady,
                                     const LatenessRules& rules);

 private:
  std::uint32_t newest_ = 0;
  std::optional<base::Duration> least_;
  std::optional<base::Duration> late_since_;  // steady
};

}  // namespace hmt::feed
