#include "model/detail.h"

namespace hmt::model {
namespace {

char* put(char* at, const void* bytes, std::size_t size) {
  std::memcpy(at, bytes, size);
  return at + size;
}

}  // namespace

void Detail::append(std::span<const value_type> items) {
  const auto before = text_.size();
  auto after = before;
  for (const auto& [name, value] : items) after += sizeof(Sizes) + name.size() + value.size();
  text_.resize_and_overwrite(after, [&](char* text, std::size_t) {
    char* at = text + before;
    for (const auto& [name, value] : items) {
      const Sizes sizes{static_cast<std::uint32_t>(name.size()),
                        static_cast<std::uint32_t>(value.size())};
      at = put(at, &sizes, sizeof sizes);
      at = put(at, name.data(), name.size());
      at = put(at, value.data(), value.size());
    }
    return after;  // libstdc++ 12 may offer more room than was asked for
  });
}

}  // namespace hmt::model
