#include "base/short_text.h"

#include <charconv>

namespace hmt::base {

ShortText<20> digits_of(std::int64_t number) {
  return ShortText<20>([number](char* at) { return std::to_chars(at, at + 20, number).ptr; });
}

std::string joined(std::initializer_list<std::string_view> parts) {
  std::size_t whole = 0;
  for (const auto part : parts) whole += part.size();
  std::string out;
  out.resize_and_overwrite(whole, [&](char* at, std::size_t) {
    for (const auto part : parts) at += part.copy(at, part.size());
    return whole;  // libstdc++ 12 may offer more room than was asked for
  });
  return out;
}

}  // namespace hmt::base
