#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "model/order.h"

// The ticker's text frames (kite-protocol 2.8). Pure; any text is safe.
namespace hmt::kite {

enum class TextKind : std::uint8_t {
  order,      // `order` is set
  message,    // a notice of the broker, for people: `text`
  error,      // `text`
  unknown,    // a type that we do not know, or an order of a kind that is never ours
  malformed,  // not a JSON object with a type, or an order without its id
};

struct TextFrame {
  TextKind kind = TextKind::malformed;
  model::BrokerOrder order;
  std::string text;
};

TextFrame read_text_frame(std::string_view frame);

}  // namespace hmt::kite
