#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/attempt.h"

// A trigger as Kite shows a GTT (kite.trade/docs/connect/v3/gtt).
namespace hmt::api {

struct GttView {
  std::int64_t number = 0;
  model::Trigger trigger;
  std::vector<model::Attempt> attempts;    // oldest first
  std::optional<model::Price> last_price;  // as of now; none: not known
  bool taken_by_group = false;             // cancelled because another of its group fired
};

std::string gtt_json(const GttView& view);

}  // namespace hmt::api
