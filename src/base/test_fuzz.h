#pragma once
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string_view>

// For fuzz targets: what must hold whatever the input is, and how an input is taken apart.
namespace hmt::base::test {

inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

// An input's first byte, which chooses what is done with the text behind it.
struct Chosen {
  std::uint8_t choice = 0;
  std::string_view text;
};

inline Chosen choose(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return {};
  return {data[0], {reinterpret_cast<const char*>(data) + 1, size - 1}};
}

// Numbers off the front of an input; zeros where it has ended.
class Bytes {
 public:
  explicit Bytes(std::string_view bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  std::string_view rest() const { return bytes_; }

  std::uint64_t take(std::size_t count) {
    std::uint64_t value = 0;
    for (; count > 0; --count) {
      value <<= 8;
      if (bytes_.empty()) continue;
      value |= static_cast<std::uint8_t>(bytes_.front());
      bytes_.remove_prefix(1);
    }
    return value;
  }

 private:
  std::string_view bytes_;
};

}  // namespace hmt::base::test
