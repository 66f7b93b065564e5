#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

// The scripted ways in which the simulated broker goes wrong. README.md tells what each does.
namespace hmt::sim {

enum class FaultKind : std::uint8_t {
  // Placing an order.
  accept_then_timeout,
  accept_then_reset,
  late_acceptance,
  timeout_400,
  timeout_400_not_placed,
  rate_429,
  error_5xx_html,
  truncated_body,
  reject_after_accept,
  refuse_400,
  token_403,
  // Reading the order book.
  book_5xx,
  book_stale,
  book_timeout,
  // The ticker.
  silent,
  drop,
  lose_updates,
  double_updates,
  reorder_updates,
  stale_cached,
  connect_403,
  connect_429,
};

enum class FaultTarget : std::uint8_t {
  placement,
  book,
  ticker_now,
  order_update,
  cached,
  connect
};

std::string_view word(FaultKind kind);
std::optional<FaultKind> fault_kind(std::string_view word);
FaultTarget target_of(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::accept_then_timeout;
  std::uint32_t count = 1;          // how often it happens before it is used up
  base::Duration delay{};           // late_acceptance, silent, stale_cached: how long; 0: its own
  std::uint32_t per_hundred = 100;  // chance that it happens when it could
  std::string message = {};         // refuse_400, reject_after_accept: the broker's words
  std::string error_type = {};      // refuse_400
  int http_status = 0;              // error_5xx_html, book_5xx; 0: 502
  std::optional<bool> placed = {};  // error_5xx_html, truncated_body: whether the order exists
  std::string answer = {};          // late_acceptance: "reset", "hang", "timeout_400", "error_5xx"
};

// A list of faults that are still to happen. For each target the first in the list comes first.
class Faults {
 public:
  explicit Faults(std::uint64_t seed) : random_(seed) {}

  void set(std::vector<Fault> faults) { faults_ = std::move(faults); }
  void add(Fault fault) { faults_.push_back(std::move(fault)); }
  const std::vector<Fault>& pending() const { return faults_; }

  // The fault that now happens to `target`, counted off; nothing when all goes well.
  std::optional<Fault> take(FaultTarget target);

 private:
  std::vector<Fault> faults_;
  std::uint64_t random_;
};

}  // namespace hmt::sim
