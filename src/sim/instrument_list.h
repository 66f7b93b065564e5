#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "model/instrument.h"

// The instruments that the simulated broker trades, and the dump in which it publishes them. Prices
// are plausible and invented; tokens of equities and indices are the exchanges' own.
namespace hmt::sim {

// Some tens of NSE and BSE equities, indices, and futures and options of NFO, BFO, CDS, BCD and MCX
// that expire after `today`.
std::vector<model::Instrument> standard_instruments(base::TradingDate today);

// The standard ones, followed by invented equities and options up to `count` rows.
std::vector<model::Instrument> generated_instruments(base::TradingDate today, std::size_t count);

// The CSV dump (kite-protocol 6), of all exchanges or of one: "NSE".
std::string instruments_csv(const std::vector<model::Instrument>& instruments,
                            std::string_view exchange = {});

}  // namespace hmt::sim
