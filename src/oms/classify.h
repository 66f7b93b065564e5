#pragma once
#include <cstdint>
#include <string_view>

#include "model/order.h"

// What an answer to POST /orders proves. The table is data (classify.cpp), read from the top; what
// no row knows is unknown. Sources: kite-protocol 4.1–4.4, reliability 2.8.
namespace hmt::oms {

enum class Verdict : std::uint8_t {
  placed,      // the broker has registered it and says under which id
  refused,     // refused for good: the same order would be refused again
  not_placed,  // proven not placed, and may be sent again
  blocked,  // not placed, and nothing will be until a person acts: session, permission, registered
            // address
  unknown,  // may have been placed
};

std::string_view word(Verdict);

struct Classified {
  Verdict verdict = Verdict::unknown;
  bool cool_down = false;  // the broker is limiting us: the whole account waits
  std::string_view why;    // the row that decided, in a few words, for the audit
};

Classified classify(const model::PlaceAnswer& answer);

}  // namespace hmt::oms
