#include "base/test_fuzz.h"
#include "kite/naive_order.h"
#include "kite/text.h"

// Any text frame of the ticker. Where a second JSON reader takes it too, both see the same kind and
// the same order.
namespace {

using namespace hmt;
using namespace hmt::kite;
using base::test::require;

TextKind naive_kind(const json::Value& frame, model::BrokerOrder& order) {
  if (!frame.is(test::Kind::object)) return TextKind::malformed;
  const auto type = test::naive_text(frame, "type");
  if (type.empty()) return TextKind::malformed;
  if (type == "message") return TextKind::message;
  if (type == "error") return TextKind::error;
  if (type != "order") return TextKind::unknown;
  const auto* data = frame.find("data");
  if (!data) return TextKind::malformed;
  const auto row = test::naive_order(*data, order);
  return row == test::Row::read      ? TextKind::order
         : row == test::Row::foreign ? TextKind::unknown
                                     : TextKind::malformed;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto frame = read_text_frame(text);
  require(frame.kind != TextKind::order || !frame.order.order_id.empty(), "an order of no id");
  const auto json = test::naive_json(text);
  if (!json) return 0;
  model::BrokerOrder order;
  const auto kind = naive_kind(*json, order);
  require(kind == frame.kind, "two readers see two kinds of frame");
  require(kind != TextKind::order || test::same_order(order, frame.order), "one order is two");
  require(kind != TextKind::message || frame.text == test::naive_text(*json, "data"),
          "a message has two texts");
  return 0;
}
