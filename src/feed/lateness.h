#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"

// How late packets come. Pure. Lateness is measured against the least late packet, on the steady
// clock: so neither the exchange's clock nor ours has to be right.
namespace hmt::feed {

struct LatenessRules {
  // A packet that is later by more is memory, not the market, as FreshnessRules::cached_age_max.
  base::Duration late_max = std::chrono::seconds(15);
  // Packets say whole seconds, so what is found has grown by up to a second more or less.
  base::Duration growth_max = std::chrono::seconds(4);
  // What waited out a pause comes at once and is over: that is no reason to begin anew.
  base::Duration patience = std::chrono::seconds(1);
};

// Of all connections: a new one that is as late as the one before it has not caught up.
class LeastLate {
 public:
  // By how much a packet of the exchange's time (epoch seconds), which came at `steady`, is later
  // than the least late one so far.
  base::Duration behind(std::uint32_t exchange_time, base::Duration steady);

 private:
  // How far two clocks that nobody sets drift apart: a second in three hours.
  static constexpr int drift_part = 10'000;
  std::optional<base::Duration> least_;
  base::Duration noted_at_{};
};

// Whether the packets of a connection fall behind: its bytes wait somewhere on the way, so that it
// is never silent, and each price is older than the one before it.
class Lateness {
 public:
  // A packet that is fresh or late came at `steady`, `behind` by as much. Answers by how much the
  // connection has fallen behind, once nothing timely has come for the whole patience. Only
  // packets that are newer than all before count: some repeat an old time.
  std::optional<base::Duration> seen(std::uint32_t exchange_time, base::Duration steady,
                                     base::Duration behind, const LatenessRules& rules);

 private:
  std::uint32_t newest_ = 0;
  std::optional<base::Duration> least_;
  std::optional<base::Duration> late_since_;  // steady
};

}  // namespace hmt::feed
