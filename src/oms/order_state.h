#pragma once
#include <cstdint>
#include <string_view>

#include "model/attempt.h"
#include "model/order.h"

// The life of an order at the broker (kite-protocol 3.7), and how news of it, in any order and any
// number, become one truth: filled quantity never falls, a terminal state never regresses, an
// unknown status is "working".
namespace hmt::oms {

enum class Phase : std::uint8_t { working, complete, cancelled, rejected };

Phase phase_of(std::string_view status);
inline bool is_terminal(Phase phase) {
  return phase != Phase::working;
}

// How far along a status is, for choosing between two working ones; unknown words rank just above
// "registered".
int rank_of(std::string_view status);

struct Merged {
  bool changed = false;        // the attempt now tells something else than before
  bool contradiction = false;  // the news denies what was known (another terminal state, fewer
                               // fills): read the book again
};

// Folds one piece of news into what is known of the attempt's order. Idempotent and, for any set of
// news that do not contradict each other, independent of their order. Touches order_id,
// order_status, filled_quantity, average_price and message only.
Merged merge(model::Attempt& attempt, const model::BrokerOrder& news, model::OrderSource source);

}  // namespace hmt::oms
