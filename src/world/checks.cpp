#include "world/checks.h"

#include <algorithm>

#include "oms/order_state.h"

namespace hmt::world {

void Checks::violated(const char* rule, std::string what) {
  if (now_) what += " at " + base::to_rfc3339(now_());
  violations_.push_back({rule, std::move(what)});
}

std::uint64_t Checks::bits_of(const model::OrderTag& tag) const {
  const auto parts = oms::read_tag(key_, scope_, tag);
  return parts ? parts->trigger_bits : 0;
}

void Checks::first_byte(const model::OrderRequest& request) {
  trace("byte " + request.tag);
  const auto bits = bits_of(request.tag);
  if (bits == 0) violated("I5", "an order left whose tag is not ours: " + request.tag);
  if (stopped_) violated("I4", request.tag + " left after stop was answered");
  if (cancelled_.contains(bits))
    violated("I4", request.tag + " left after its cancel was answered");
  if (!sent_.insert(request.tag).second) violated("I1", request.tag + " left twice");
  const auto versions = versions_.find(bits);
  if (versions == versions_.end()) return;
  const bool is_of_one = std::ranges::any_of(versions->second, [&](const auto& version) {
    return std::ranges::find(version.prices, request.price) != version.prices.end();
  });
  if (!is_of_one) violated("edit", request.tag + " is of a trigger that was edited since");
}

std::uint64_t Checks::row_asked(const model::Trigger& row) {
  Version version{.number = ++last_version_, .prices = {row.leg_1.order_price}};
  if (row.leg_2) version.prices.push_back(row.leg_2->order_price);
  versions_[oms::tag_bits(row.id)].push_back(std::move(version));
  return last_version_;
}

void Checks::row_answered(const model::Trigger& row, std::uint64_t number) {
  std::erase_if(versions_[oms::tag_bits(row.id)],
                [number](const auto& version) { return version.number < number; });
}

void Checks::accepted(const model::OrderRequest& request) {
  trace("accepted " + request.tag);
  const auto parts = oms::read_tag(key_, scope_, request.tag);
  if (!parts) return;
  const auto orders = ++accepted_[{parts->trigger_bits, parts->fire_mod_32}];
  if (orders > 1)
    violated("I1",
             "the broker has " + std::to_string(orders) + " orders of one fire: " + request.tag);
}

void Checks::recorded(const model::Attempt& attempt) {
  auto& last = recorded_[attempt.tag];
  const bool same_order = last.order_id == attempt.order_id && !last.order_id.empty();
  const bool ended = oms::is_terminal(oms::phase_of(last.order_status));
  const bool lives_again = ended && !oms::is_terminal(oms::phase_of(attempt.order_status));
  if (same_order && (lives_again || attempt.filled_quantity < last.filled_quantity))
    violated("I5", attempt.tag + " was " + last.order_status + ", and is recorded as " +
                       attempt.order_status);
  last = attempt;
}

void Checks::trace(std::string_view text) {
  for (const char c : text) {
    trace_ = (trace_ ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  }
}

}  // namespace hmt::world
