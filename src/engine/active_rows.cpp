#include "engine/active_rows.h"

#include "oms/tag.h"

namespace hmt::engine {

ActiveRows::Row ActiveRows::packed(const model::Trigger& trigger) {
  const auto& one = trigger.leg_1;
  const auto two = trigger.leg_2.value_or(model::Leg{});
  Row row;
  row.id = trigger.id;
  row.tag_bits = oms::tag_bits(trigger.id);
  row.sequence = next_sequence_++;
  row.created_at = trigger.created_at;
  row.updated_at = trigger.updated_at;
  row.expires_at = trigger.expires_at.value_or(base::Instant{});
  row.trigger_price = {one.trigger_price, two.trigger_price};
  row.order_price = {one.order_price.value_or(base::Price{}),
                     two.order_price.value_or(base::Price{})};
  row.quantity = {static_cast<std::int32_t>(one.quantity), static_cast<std::int32_t>(two.quantity)};
  row.version = static_cast<std::int32_t>(trigger.version);
  row.fire_no = trigger.fire_no;
  row.token = trigger.instrument_token;
  row.owner = owners_.take({trigger.user_id, trigger.broker_connection_id});
  row.symbol = symbols_.take(trigger.trading_symbol);
  row.exchange = trigger.exchange;
  row.condition = trigger.condition;
  row.side = trigger.side;
  row.on_unknown = trigger.on_unknown;
  row.has_direction = trigger.direction.has_value();
  row.direction = trigger.direction.value_or(model::Direction::rising);
  row.has_purpose = trigger.purpose.has_value();
  row.purpose = trigger.purpose.value_or(model::Purpose::entry);
  row.product_1 = one.product;
  row.product_2 = two.product;
  row.state_1 = one.state;
  row.state_2 = two.state;
  row.is_limit_1 = one.order_price.has_value();
  row.is_limit_2 = two.order_price.has_value();
  row.has_leg_2 = trigger.leg_2.has_value();
  row.expires = trigger.expires_at.has_value();
  return row;
}

void ActiveRows::unpack(const Row& row, model::Trigger& trigger) const {
  const auto leg = [&row](std::size_t place, model::Product product, bool is_limit,
                          model::LegState state) {
    return model::Leg{
        .product = product,
        .trigger_price = row.trigger_price[place],
        .order_price = is_limit ? std::optional(row.order_price[place]) : std::nullopt,
        .quantity = row.quantity[place],
        .state = state};
  };
  trigger.id = row.id;
  trigger.user_id = owners_[row.owner].user;
  trigger.broker_connection_id = owners_[row.owner].connection;
  if (row.grouped) trigger.parent_id = groups_[row.group].id;
  trigger.trading_symbol = symbols_[row.symbol];
  trigger.exchange = row.exchange;
  trigger.instrument_token = row.token;
  trigger.condition = row.condition;
  trigger.side = row.side;
  if (row.has_direction) trigger.direction = row.direction;
  trigger.leg_1 = leg(0, row.product_1, row.is_limit_1, row.state_1);
  if (row.has_leg_2) trigger.leg_2 = leg(1, row.product_2, row.is_limit_2, row.state_2);
  trigger.on_unknown = row.on_unknown;
  if (row.has_purpose) trigger.purpose = row.purpose;
  trigger.version = row.version;
  trigger.fire_no = row.fire_no;
  trigger.created_at = row.created_at;
  trigger.updated_at = row.updated_at;
  if (row.expires) trigger.expires_at = row.expires_at;
}

ActiveRows::Number ActiveRows::find_by_tag_bits(std::uint64_t bits) const {
  Number found = none;
  rows_.each([&](Number row) {
    if (rows_[row].tag_bits == bits) found = row;
  });
  return found;
}

ActiveRows::Number ActiveRows::put(const model::Trigger& trigger) {
  const auto number = rows_.insert(packed(trigger));
  auto& row = rows_[number];
  if (trigger.parent_id) join(*trigger.parent_id, number);
  if (row.expires) expiries_.emplace(std::pair(row.expires_at, row.sequence), number);
  model::Trigger fitted;
  unpack(row, fitted);
  if (fitted != trigger) {
    row.unusual = true;
    unusual_.emplace(number, trigger);
  }
  return number;
}

void ActiveRows::erase(Number number) {
  const auto& row = rows_[number];
  if (row.grouped) leave(number);
  if (row.expires) expiries_.erase({row.expires_at, row.sequence});
  if (row.unusual) unusual_.erase(number);
  owners_.give_back(row.owner);
  symbols_.give_back(row.symbol);
  rows_.erase(number);
}

void ActiveRows::read(Number row, model::Trigger& into) const {
  if (rows_[row].unusual) {
    into = unusual_.at(row);
  } else {
    unpack(rows_[row], into);
  }
}

std::int64_t ActiveRows::version(Number row) const {
  return rows_[row].unusual ? unusual_.at(row).version : rows_[row].version;
}

std::int32_t ActiveRows::fire_no(Number row) const {
  return rows_[row].unusual ? unusual_.at(row).fire_no : rows_[row].fire_no;
}

std::optional<model::GroupId> ActiveRows::group(Number row) const {
  if (!rows_[row].grouped) return std::nullopt;
  return groups_[rows_[row].group].id;
}

std::optional<base::Instant> ActiveRows::next_expiry() const {
  if (expiries_.empty()) return std::nullopt;
  return expiries_.begin()->first.first;
}

ActiveRows::Number ActiveRows::group_numbered(model::GroupId group) {
  const auto known = groups_.find(group);
  if (known != none) return known;
  return groups_.insert({.id = group, .first = none, .last = none, .winner = {}});
}

void ActiveRows::drop_if_idle(Number group) {
  if (groups_[group].first == none && !groups_[group].winner) groups_.erase(group);
}

void ActiveRows::win(model::GroupId group, model::TriggerId winner) {
  groups_[group_numbered(group)].winner = winner;
}

void ActiveRows::forget_winner(model::GroupId group) {
  const auto known = groups_.find(group);
  if (known == none) return;
  groups_[known].winner.reset();
  drop_if_idle(known);
}

std::optional<model::TriggerId> ActiveRows::winner_of(model::GroupId group) const {
  const auto known = groups_.find(group);
  return known == none ? std::nullopt : groups_[known].winner;
}

void ActiveRows::join(model::GroupId id, Number number) {
  const auto group_number = group_numbered(id);
  auto& group = groups_[group_number];
  auto& row = rows_[number];
  row.grouped = true;
  row.group = group_number;
  (group.last == none ? group.first : rows_[group.last].next_of_group) = number;
  group.last = number;
}

void ActiveRows::leave(Number number) {
  auto& row = rows_[number];
  auto& group = groups_[row.group];
  Number before = none;
  for (auto at = group.first; at != number; at = rows_[at].next_of_group) before = at;
  (before == none ? group.first : rows_[before].next_of_group) = row.next_of_group;
  if (group.last == number) group.last = before;
  drop_if_idle(row.group);
}

}  // namespace hmt::engine
