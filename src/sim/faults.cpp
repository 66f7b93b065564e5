#include "sim/faults.h"

#include <array>

#include "sim/random.h"

namespace hmt::sim {
namespace {

struct Row {
  FaultKind kind;
  std::string_view word;
  FaultTarget target;
};

using enum FaultKind;
using enum FaultTarget;

constexpr std::array rows = {
    Row{accept_then_timeout, "accept_then_timeout", placement},
    Row{accept_then_reset, "accept_then_reset", placement},
    Row{late_acceptance, "late_acceptance", placement},
    Row{timeout_400, "timeout_400", placement},
    Row{timeout_400_not_placed, "timeout_400_not_placed", placement},
    Row{rate_429, "rate_429", placement},
    Row{error_5xx_html, "error_5xx_html", placement},
    Row{truncated_body, "truncated_body", placement},
    Row{reject_after_accept, "reject_after_accept", placement},
    Row{refuse_400, "refuse_400", placement},
    Row{token_403, "token_403", placement},
    Row{book_5xx, "book_5xx", book},
    Row{book_stale, "book_stale", book},
    Row{book_timeout, "book_timeout", book},
    Row{silent, "silent", ticker_now},
    Row{drop, "drop", ticker_now},
    Row{lose_updates, "lose_updates", order_update},
    Row{double_updates, "double_updates", order_update},
    Row{reorder_updates, "reorder_updates", order_update},
    Row{stale_cached, "stale_cached", cached},
    Row{connect_403, "connect_403", FaultTarget::connect},
    Row{connect_429, "connect_429", FaultTarget::connect},
};

}  // namespace

std::string_view word(FaultKind kind) {
  for (const Row& row : rows) {
    if (row.kind == kind) return row.word;
  }
  return {};
}

std::optional<FaultKind> fault_kind(std::string_view word) {
  for (const Row& row : rows) {
    if (row.word == word) return row.kind;
  }
  return std::nullopt;
}

FaultTarget target_of(FaultKind kind) {
  for (const Row& row : rows) {
    if (row.kind == kind) return row.target;
  }
  return FaultTarget::placement;
}

std::optional<Fault> Faults::take(FaultTarget target) {
  for (auto fault = faults_.begin(); fault != faults_.end(); ++fault) {
    if (target_of(fault->kind) != target || fault->count == 0) continue;
    if (next_random(random_) % 100 >= fault->per_hundred) continue;
    Fault taken = *fault;
    if (--fault->count == 0) faults_.erase(fault);
    return taken;
  }
  return std::nullopt;
}

}  // namespace hmt::sim
