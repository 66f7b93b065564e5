#pragma once
#include <cstdint>

#include "base/time.h"
#include "model/instrument.h"

namespace hmt::model {

// Whether a packet's last traded price may fire a trigger, and if not, why not.
enum class Freshness : std::uint8_t {
  fresh,
  no_time,  // LTP and quote packets carry no time, so nothing shows that they are not hours old
  cached,   // the last-known packet that follows a subscription, older than allowed
  out_of_session,  // its last trade is not of the session that is open now
  out_of_order,    // older than one already seen
  no_price,        // zero
  late,            // it lay on the way, or with us, for too long: memory, not the market
};

// One packet of the ticker, decoded. Prices are wire integers at the scale of the token's segment.
// Source: kite-protocol 2.6. Absent fields are 0; times are epoch seconds, 0 = absent.
struct Tick {
  InstrumentToken token = 0;
  WirePrice last = 0;
  std::uint32_t volume = 0;
  WirePrice open = 0;
  WirePrice high = 0;
  WirePrice low = 0;
  WirePrice close = 0;  // of the previous day
  std::uint32_t last_trade_time = 0;
  std::uint32_t exchange_time = 0;
  std::uint32_t connection_epoch =
      0;  // counts connections of the feed: ticks of two epochs have a gap between them
  Freshness freshness = Freshness::no_time;
  bool first_of_epoch =
      false;  // the first packet of its token on this connection: what came before was not seen
  base::Instant received_at{};
};

}  // namespace hmt::model
