#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "base/price.h"
#include "base/time.h"
#include "model/words.h"

namespace hmt::model {

using base::Price;

// The ticker's name of an instrument: exchange_token << 8 | segment. Reused after expiry, so it is
// resolved anew each day from exchange and trading symbol.
using InstrumentToken = std::uint32_t;

// A price as the ticker's unsigned integer, at the scale of its segment.
using WirePrice = std::uint32_t;

// Nothing for a segment byte that the protocol does not name.
std::optional<Segment> segment_of(InstrumentToken token);

// How many wire units make one rupee: CDS 10,000,000; BCD 10,000; every other segment 100.
std::uint32_t wire_units_per_rupee(Segment segment);

Price price_from_wire(WirePrice wire, Segment segment);

// The smallest wire price that is >= `price`, and the largest that is <= `price`: a level between
// two wire prices is reached by the first wire price past it. Clamped to what a wire price can
// hold.
WirePrice wire_at_or_above(Price price, Segment segment);
WirePrice wire_at_or_below(Price price, Segment segment);

struct Instrument {
  InstrumentToken token = 0;
  std::uint32_t exchange_token = 0;
  Exchange exchange = Exchange::nse;
  std::string trading_symbol;
  std::string name;
  std::string segment;          // the dump's word: "NSE", "NFO-OPT", "INDICES", …
  std::string instrument_type;  // "EQ", "FUT", "CE", "PE"
  Price tick_size;
  Price last_price;  // not live
  Price strike;
  std::int64_t lot_size = 1;
  std::optional<base::TradingDate> expiry;

  bool is_index() const { return segment == "INDICES"; }
};

}  // namespace hmt::model
