#pragma once
#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/instrument.h"

// The broker's instrument dump, generated once a day. Pure. Source: kite-protocol 6.
namespace hmt::kite {

struct InstrumentDump {
  std::vector<model::Instrument> instruments;
  std::size_t foreign = 0;    // rows of exchanges or segments that are not ours
  std::size_t malformed = 0;  // rows that break the format
};

// Reads about 100,000 rows, quoted fields included. A dump is all or nothing: with another header,
// fewer than `rows_min` good rows, or more than one malformed row in a hundred it is refused, and
// the caller keeps the one it has. Errors: corrupt.
base::Result<InstrumentDump> parse_instruments(std::string_view csv, std::size_t rows_min);

}  // namespace hmt::kite
