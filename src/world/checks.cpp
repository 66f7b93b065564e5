#include "world/checks.h"

#include <algorithm>
#include <chrono>

#include "oms/order_state.h"

namespace hmt::world {
namespace {

constexpr base::Duration time_to_live = std::chrono::seconds(2);
constexpr std::ptrdiff_t a_second_max = 10;
constexpr std::size_t a_minute_max = 400;

}  // namespace

void Checks::violated(const char* rule, std::string what) {
  if (now_) what += " at " + base::to_rfc3339(now_());
  violations_.push_back({rule, std::move(what)});
}

std::uint64_t Checks::bits_of(const model::OrderTag& tag) const {
  const auto parts = oms::read_tag(key_, scope_, tag);
  return parts ? parts->trigger_bits : 0;
}

void Checks::check_record(const model::OrderTag& tag, const Sender& sender) {
  const auto found = recorded_.find(tag);
  if (found == recorded_.end()) {
    violated("durable", tag + " left before it was on record");
    return;
  }
  const auto& attempt = found->second;
  if (attempt.lease_epoch != sender.newest_epoch)
    violated("lease", tag + " of lease " + std::to_string(attempt.lease_epoch) +
                          " left under lease " + std::to_string(sender.newest_epoch));
  if (attempt.state != model::AttemptState::forwarded || !attempt.forwarded_at)
    violated("durable",
             tag + " left, and the record says that it is " + std::string(word(attempt.state)));
  else if (sender.right && sender.wall - *attempt.forwarded_at > time_to_live)
    violated("late", tag + " left long after it was decided that it may");
}

void Checks::check_rate(const model::OrderTag& tag, base::Duration steady) {
  sent_at_.push_back(steady);
  while (steady - sent_at_.front() >= std::chrono::minutes(1)) sent_at_.pop_front();
  const auto within_a_second = std::ranges::count_if(
      sent_at_, [steady](auto at) { return steady - at < std::chrono::seconds(1); });
  if (within_a_second > a_second_max || sent_at_.size() > a_minute_max)
    violated("rate", tag + " is one too many: " + std::to_string(within_a_second) +
                         " in a second, " + std::to_string(sent_at_.size()) + " in a minute");
}

void Checks::first_byte(const model::OrderRequest& request, const Sender& sender) {
  trace("byte " + request.tag);
  const auto bits = bits_of(request.tag);
  if (bits == 0) violated("I5", "an order left whose tag is not ours: " + request.tag);
  if (stopped_) violated("I4", request.tag + " left after stop was answered");
  if (cancelled_.contains(bits))
    violated("I4", request.tag + " left after its cancel was answered");
  if (!sent_.insert(request.tag).second) violated("I1", request.tag + " left twice");
  check_record(request.tag, sender);
  check_rate(request.tag, sender.steady);
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

void Checks::claim_asked(const model::Claim& claim) {
  if (claim.group && now_) group_fired_[*claim.group] = now_();
}

void Checks::claimed(const model::Claim& claim) {
  claimed_.insert(claim.attempt.tag);
  recorded(claim.attempt);
}

std::optional<base::Instant> Checks::fired_at(model::GroupId group) const {
  const auto fired = group_fired_.find(group);
  return fired == group_fired_.end() ? std::nullopt : std::optional(fired->second);
}

void Checks::recorded(const model::Attempt& attempt) {
  const auto parts = oms::read_tag(key_, scope_, attempt.tag);
  const bool says_it = parts && parts->trigger_bits == oms::tag_bits(attempt.trigger_id) &&
                       parts->fire_mod_32 == attempt.fire_no % 32 &&
                       parts->attempt_mod_32 == attempt.attempt_no % 32;
  if (!says_it) violated("tag", attempt.tag + " is not the tag of its attempt");
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
