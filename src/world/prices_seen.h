#pragma once
#include <deque>
#include <map>
#include <optional>
#include <string>

#include "model/attempt.h"
#include "model/tick.h"

// What prices a process was told of, and when it looked at each: a fire stands on one of them.
namespace hmt::world {

enum class Told : std::uint8_t {
  of_now,   // the price of this moment
  again,    // a true one, and of before
  made_up,  // no price that the market ever had
};

class PricesSeen {
 public:
  // The process looks at the packet at `at`, by the clock that never steps.
  void note(const model::Tick& tick, base::Duration at, Told told);

  // The process hears that its connection is lost: what was told before is over.
  void lost(base::Duration at);

  // Empty: the evidence is the last price of now that had been told when it was decided on. Nobody
  // can say when that was of a process whose clock was set (`decided`: nothing); then it is at
  // least a price that was.
  std::string why_not(model::InstrumentToken token, const model::Evidence& evidence,
                      std::optional<base::Duration> decided) const;

 private:
  struct Packet {
    base::Duration at;
    base::Instant received_at;  // by the process's own clock
    model::Price price;
    std::uint32_t exchange_time;
    Told told;
    base::Duration late;  // by how much more than the least late one
  };
  using Packets = std::deque<Packet>;
  std::string against_the_newest(const Packets& packets, const model::Evidence& evidence,
                                 base::Duration decided) const;
  std::string why_over(const Packet& packet, const model::Evidence& evidence,
                       base::Duration decided) const;

  std::map<model::InstrumentToken, Packets> packets_;  // of the day, in the order told
  std::deque<base::Duration> lost_;
  std::optional<base::Duration> least_late_;
};

}  // namespace hmt::world
