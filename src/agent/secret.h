#pragma once
#include <string.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace hmt::agent {

// A token, key or password. It cannot be printed by mistake, and its memory is wiped when it goes.
// On the heap even when short: a moved-from std::string would keep its characters.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : bytes_(value.begin(), value.end()) {
    explicit_bzero(value.data(), value.size());
  }
  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept = default;
  Secret& operator=(Secret other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~Secret() {
    if (!bytes_.empty()) explicit_bzero(bytes_.data(), bytes_.size());
  }

  // Valid as long as this object, unchanged. Each use is a place to look at in a review.
  std::string_view reveal() const { return {bytes_.data(), bytes_.size()}; }
  bool empty() const { return bytes_.empty(); }

 private:
  std::vector<char> bytes_;
};

}  // namespace hmt::agent
