#pragma once
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "json/value.h"
#include "model/order.h"

// A second reader of orders, over another JSON reader: what the fast one is tested against.
namespace hmt::kite::test {

using Kind = json::Value::Kind;

enum class Row { read, foreign, malformed };

// Numbers beyond 64 bits, or beyond a binary floating point number, the fast reader refuses with
// all that is around them.
inline bool is_vast(const json::Value& value) {
  if (value.is(Kind::number)) {
    const auto& text = value.text;
    if (text.find_first_of(".eE") != std::string::npos) {
      return !std::isfinite(std::strtod(text.c_str(), nullptr));
    }
    errno = 0;
    text.starts_with('-') ? void(std::strtoll(text.c_str(), nullptr, 10))
                          : void(std::strtoull(text.c_str(), nullptr, 10));
    return errno == ERANGE;
  }
  return std::ranges::any_of(value.items, is_vast) || std::ranges::any_of(value.members, is_vast);
}

// The text as the second reader sees it, where both can.
inline std::optional<json::Value> naive_json(std::string_view text) {
  auto read = json::read(text);
  if (!read || is_vast(*read)) return std::nullopt;
  return std::move(*read);
}

inline std::string naive_text(const json::Value& object, std::string_view name) {
  const auto* value = object.find(name);
  if (!value || !(value->is(Kind::string) || value->is(Kind::number))) return {};
  return value->text;
}

inline bool is_order_id(const std::string& text) {
  return !text.empty() && text.size() <= 100 && text.find('\0') == std::string::npos;
}

inline std::string naive_words(const json::Value& object, std::string_view name) {
  auto text = naive_text(object, name);
  while (text.size() > 500) {
    do {
      const auto last = static_cast<unsigned char>(text.back());
      text.pop_back();
      if (last < 0x80 || last >= 0xC0) break;
    } while (!text.empty());
  }
  for (auto& c : text) c = c == '\0' ? ' ' : c;
  return text;
}

// Nothing when it is not a whole number, or one too large.
inline std::optional<std::int64_t> naive_quantity(const json::Value& object,
                                                  std::string_view name) {
  const auto* value = object.find(name);
  if (!value || value->is(Kind::null)) return 0;
  auto text = naive_text(object, name);
  const auto point = text.find('.');
  if (point != std::string::npos) {
    if (point + 1 == text.size() || text.find_first_not_of('0', point + 1) != std::string::npos) {
      return std::nullopt;
    }
    text.resize(point);
  }
  const auto digits = text.substr(text.starts_with('-') ? 1 : 0);
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string::npos) {
    return std::nullopt;
  }
  try {
    return std::stoll(text);
  } catch (const std::out_of_range&) {
    return std::nullopt;
  }
}

template <class Enum>
bool is_foreign(const json::Value& object, std::string_view name) {
  const auto text = naive_text(object, name);
  return !text.empty() && !model::from_word<Enum>(text);
}

inline bool is_like_ours(std::string_view tag) {
  return tag.size() == 20 && tag[0] == 'T' &&
         tag.find_first_not_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == std::string_view::npos;
}

inline bool has_our_tag(const json::Value& object) {
  if (is_like_ours(naive_text(object, "tag"))) return true;
  const auto* tags = object.find("tags");
  if (!tags || !tags->is(Kind::array)) return false;
  for (const auto& tag : tags->items) {
    if ((tag.is(Kind::string) || tag.is(Kind::number)) && is_like_ours(tag.text)) return true;
  }
  return false;
}

// The fields by which an order is recognised and counted.
inline Row naive_order(const json::Value& object, model::BrokerOrder& out) {
  if (!object.is(Kind::object)) return Row::malformed;
  const auto quantity = naive_quantity(object, "quantity");
  const auto filled = naive_quantity(object, "filled_quantity");
  const auto pending = naive_quantity(object, "pending_quantity");
  const auto cancelled = naive_quantity(object, "cancelled_quantity");
  out.order_id = naive_text(object, "order_id");
  if (!is_order_id(out.order_id) || !quantity || !filled || !pending || !cancelled)
    return Row::malformed;
  out.quantity = *quantity;
  out.filled_quantity = *filled;
  out.pending_quantity = *pending;
  out.cancelled_quantity = *cancelled;
  out.status = naive_words(object, "status");
  out.trading_symbol = naive_text(object, "tradingsymbol");
  const bool foreign = is_foreign<model::Exchange>(object, "exchange") ||
                       is_foreign<model::Side>(object, "transaction_type") ||
                       is_foreign<model::Product>(object, "product");
  return foreign && !has_our_tag(object) ? Row::foreign : Row::read;
}

inline bool same_order(const model::BrokerOrder& a, const model::BrokerOrder& b) {
  return a.order_id == b.order_id && a.status == b.status && a.trading_symbol == b.trading_symbol &&
         a.quantity == b.quantity && a.filled_quantity == b.filled_quantity &&
         a.pending_quantity == b.pending_quantity && a.cancelled_quantity == b.cancelled_quantity;
}

}  // namespace hmt::kite::test
