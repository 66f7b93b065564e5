#pragma once
#include <cstdint>
#include <optional>
#include <string_view>

// The market's closed vocabularies and the words for them in tables, API and broker requests. An
// unknown word is an error, never a default.
namespace hmt::model {

enum class Exchange : std::uint8_t { nse, bse, nfo, bfo, cds, bcd, mcx };
enum class Side : std::uint8_t { buy, sell };
enum class Product : std::uint8_t { cnc, nrml, mis, mtf };
enum class OrderType : std::uint8_t { market, limit, stop, stop_market };
enum class Condition : std::uint8_t { single, two_leg };
enum class Direction : std::uint8_t { rising, falling };  // fires at LTP >= level; at LTP <= level
enum class OnUnknown : std::uint8_t {
  park,
  retry
};  // what to do when absence of an order is shown
enum class Purpose : std::uint8_t { entry, exit };  // exits go first when orders have to queue

enum class TriggerStatus : std::uint8_t {
  active,     // armed, or waiting to be
  firing,     // claimed: an order is on its way, or its outcome is not known yet
  triggered,  // the broker registered the order; says nothing about a fill
  failed,     // refused for good
  cancelled,
  expired,
  needs_attention,  // a person has to look: what was checked is in the audit
};

enum class LegState : std::uint8_t { armed, fired, failed, dropped };

// The wire's segment byte: the low byte of an instrument token.
enum class Segment : std::uint8_t {
  nse = 1,
  nfo = 2,
  cds = 3,
  bse = 4,
  bfo = 5,
  bcd = 6,
  mcx = 7,
  mcx_sx = 8,
  indices = 9
};

std::string_view word(Exchange);       // "NSE"
std::string_view word(Side);           // "BUY"
std::string_view word(Product);        // "CNC"
std::string_view word(OrderType);      // "MARKET" "LIMIT" "SL" "SL-M"
std::string_view word(Condition);      // "single" "two-leg"
std::string_view word(Direction);      // ">=" "<="
std::string_view word(OnUnknown);      // "park" "retry"
std::string_view word(Purpose);        // "entry" "exit"
std::string_view word(TriggerStatus);  // "active" …
std::string_view word(LegState);       // "armed" …

// The value whose word this is, letter for letter; nothing for any other text.
template <class Enum>
std::optional<Enum> from_word(std::string_view text);

}  // namespace hmt::model
