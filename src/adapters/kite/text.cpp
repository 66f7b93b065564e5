#include "kite/text.h"

#include "kite/order_json.h"

namespace hmt::kite {
namespace {

TextKind read_order_update(ondemand::object& root, model::BrokerOrder& order) {
  const auto data = as_object(member(root, "data"));
  if (!data) return TextKind::malformed;
  switch (read_order(*data, order)) {
    case OrderRow::read:
      return TextKind::order;
    case OrderRow::foreign:
      return TextKind::unknown;
    case OrderRow::malformed:
      return TextKind::malformed;
  }
  return TextKind::malformed;
}

}  // namespace

TextFrame read_text_frame(std::string_view frame) {
  TextFrame out;
  with_object(frame, [&](ondemand::object& root) {
    const auto type = text_of(member(root, "type"));
    if (type.empty()) return;
    if (type == "order") {
      out.kind = read_order_update(root, out.order);
    } else if (type == "message" || type == "error") {
      out.kind = type == "error" ? TextKind::error : TextKind::message;
      out.text = text_of(member(root, "data"));
    } else {
      out.kind = TextKind::unknown;
    }
  });
  return out;
}

}  // namespace hmt::kite
