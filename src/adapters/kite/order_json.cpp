#include "kite/order_json.h"

#include <algorithm>

#include "base/time.h"

namespace hmt::kite {
namespace {

// The shape of our tags (oms/tag.h): whether one is really ours, its key decides elsewhere.
bool looks_like_ours(std::string_view tag) {
  return tag.size() == 20 && tag.front() == 'T' && std::ranges::all_of(tag, [](char c) {
           return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
         });
}

// What an order object says, before it is judged.
struct RawOrder {
  model::BrokerOrder order;
  std::string tag;
  std::string tag_like_ours;
  std::string account_id;
  std::string placed_by;
  std::string message_raw;
  bool foreign = false;
  bool bad_quantity = false;
};

void read_quantity(ondemand::value& value, model::Quantity& into, RawOrder& raw) {
  if (is_type(value, ondemand::json_type::null)) return;
  const auto number = integer_of(value);
  if (number) {
    into = *number;
  } else {
    raw.bad_quantity = true;
  }
}

template <class Enum>
void read_word(ondemand::value& value, Enum& into, RawOrder& raw) {
  const auto text = text_of(value);
  if (text.empty()) return;
  const auto known = model::from_word<Enum>(text);
  if (known) {
    into = *known;
  } else {
    raw.foreign = true;
  }
}

void read_tags(ondemand::value& value, RawOrder& raw) {
  ondemand::array tags;
  if (value.get_array().get(tags) != simdjson::SUCCESS) return;
  for (auto entry : tags) {
    ondemand::value tag;
    if (entry.get(tag) != simdjson::SUCCESS) return;
    auto text = text_of(tag);
    if (raw.tag_like_ours.empty() && looks_like_ours(text)) raw.tag_like_ours = std::move(text);
  }
}

bool read_quantities(std::string_view key, ondemand::value& value, RawOrder& raw) {
  auto& order = raw.order;
  if (key == "quantity") {
    read_quantity(value, order.quantity, raw);
  } else if (key == "filled_quantity") {
    read_quantity(value, order.filled_quantity, raw);
  } else if (key == "pending_quantity") {
    read_quantity(value, order.pending_quantity, raw);
  } else if (key == "cancelled_quantity") {
    read_quantity(value, order.cancelled_quantity, raw);
  } else if (key == "average_price") {
    order.average_price = price_of(value);
  } else {
    return false;
  }
  return true;
}

void read_words(std::string_view key, ondemand::value& value, RawOrder& raw) {
  auto& order = raw.order;
  if (key == "order_id") {
    order.order_id = order_id_of(value);
  } else if (key == "tag") {
    raw.tag = text_of(value);
  } else if (key == "tags") {
    read_tags(value, raw);
  } else if (key == "status") {
    order.status = words_of(value);
  } else if (key == "status_message") {
    order.status_message = words_of(value);
  } else if (key == "status_message_raw") {
    raw.message_raw = words_of(value);
  } else if (key == "account_id" || key == "user_id") {
    if (raw.account_id.empty()) raw.account_id = text_of(value);
  } else if (key == "placed_by") {
    raw.placed_by = text_of(value);
  } else if (key == "exchange") {
    read_word(value, order.exchange, raw);
  } else if (key == "tradingsymbol") {
    order.trading_symbol = text_of(value);
  } else if (key == "transaction_type") {
    read_word(value, order.side, raw);
  } else if (key == "product") {
    read_word(value, order.product, raw);
  } else if (key == "order_timestamp") {
    if (const auto at = base::parse_broker_time(text_of(value))) order.order_time = *at;
  }
}

}  // namespace

OrderRow read_order(ondemand::object object, model::BrokerOrder& order) {
  RawOrder raw;
  each_field(object, [&](std::string_view key, ondemand::value& value) {
    if (!read_quantities(key, value, raw)) read_words(key, value, raw);
  });
  order = std::move(raw.order);
  const bool ours = looks_like_ours(raw.tag) || !raw.tag_like_ours.empty();
  const bool first = looks_like_ours(raw.tag) || raw.tag_like_ours.empty();
  order.tag =
      model::OrderTag::from_text(first ? raw.tag : raw.tag_like_ours).value_or(model::OrderTag());
  order.account = raw.account_id.empty() ? std::move(raw.placed_by) : std::move(raw.account_id);
  if (order.status_message.empty()) order.status_message = std::move(raw.message_raw);
  if (order.average_price == base::Price{}) order.average_price.reset();
  if (order.order_id.empty() || raw.bad_quantity) return OrderRow::malformed;
  return raw.foreign && !ours ? OrderRow::foreign : OrderRow::read;
}

}  // namespace hmt::kite
