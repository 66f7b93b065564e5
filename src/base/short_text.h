#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <string>
#include <string_view>

// Texts on their way into others, which cost no memory of their own.
namespace hmt::base {

// What `put(char* at)` writes: no more than `room` characters, and it says where they end.
template <std::size_t room>
class ShortText {
 public:
  template <class Put>
  explicit ShortText(const Put& put)
      : size_(static_cast<std::size_t>(put(characters_.data()) - characters_.data())) {}

  operator std::string_view() const { return {characters_.data(), size_}; }

 private:
  std::array<char, room> characters_;
  std::size_t size_;
};

ShortText<20> digits_of(std::int64_t number);

// Writes `part` at `at`, and says where it ends.
inline char* put_text(char* at, std::string_view part) {
  std::memcpy(at, part.data(), part.size());
  return at + part.size();
}

std::string joined(std::initializer_list<std::string_view> parts);

}  // namespace hmt::base
