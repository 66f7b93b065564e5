#pragma once
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace hmt::model {

// What a line of the trail says besides: ordered names and values, without secrets. A name may come
// twice. They stand behind one another in one text, for each fire makes nine of them; what is read
// of it holds until the next `add`.
class Detail {
  struct Sizes {
    std::uint32_t name = 0;
    std::uint32_t value = 0;
  };

 public:
  using value_type = std::pair<std::string_view, std::string_view>;

  class const_iterator {
   public:
    using value_type = Detail::value_type;
    using difference_type = std::ptrdiff_t;

    const_iterator() = default;
    value_type operator*() const {
      const auto [name, value] = sizes();
      const char* text = at_ + sizeof(Sizes);
      return {{text, name}, {text + name, value}};
    }
    const_iterator& operator++() {
      at_ += sizeof(Sizes) + sizes().name + sizes().value;
      return *this;
    }
    const_iterator operator++(int) {
      const auto before = *this;
      ++*this;
      return before;
    }
    bool operator==(const const_iterator&) const = default;

   private:
    friend Detail;
    explicit const_iterator(const char* at) : at_(at) {}
    Sizes sizes() const {
      Sizes sizes;
      std::memcpy(&sizes, at_, sizeof sizes);
      return sizes;
    }

    const char* at_ = nullptr;
  };
  using iterator = const_iterator;

  Detail() = default;
  Detail(std::initializer_list<value_type> items) { append({items.begin(), items.size()}); }

  void add(std::string_view name, std::string_view value) {
    const value_type item{name, value};
    append({&item, 1});
  }

  bool empty() const { return text_.empty(); }
  const_iterator begin() const { return const_iterator(text_.data()); }
  const_iterator end() const { return const_iterator(text_.data() + text_.size()); }

  // The value of the first of that name; empty text when there is none.
  std::string_view value_of(std::string_view name) const {
    const auto found = std::ranges::find(*this, name, &value_type::first);
    return found == end() ? std::string_view() : (*found).second;
  }

  bool operator==(const Detail&) const = default;

 private:
  // All at once: the text then grows once.
  void append(std::span<const value_type> items);

  std::string text_;
};

}  // namespace hmt::model
