#pragma once
#include <cstddef>
#include <new>

namespace hmt::base {

inline constexpr std::size_t large_page = std::size_t{2} << 20;

// Memory that the system may back with its large pages; small ones serve as well. `bytes` is a
// multiple of `large_page`. Not having any is a bug's end.
void* take_large_pages(std::size_t bytes);
void give_large_pages_back(void* pages);

// An allocator for tables that may hold millions: what fills more than half a large page lies on
// large pages. To fill them takes one page fault in place of 512, and who looks at a random place
// of them waits for the thing alone, not for the address of its page first.
template <class T>
struct LargePages {
  using value_type = T;

  LargePages() = default;
  template <class U>
  LargePages(const LargePages<U>&) {}

  T* allocate(std::size_t count) {
    const auto bytes = count * sizeof(T);
    if (!is_large(count)) return static_cast<T*>(::operator new(bytes));
    return static_cast<T*>(take_large_pages((bytes + large_page - 1) / large_page * large_page));
  }
  void deallocate(T* at, std::size_t count) {
    is_large(count) ? give_large_pages_back(at) : ::operator delete(at);
  }
  bool operator==(const LargePages&) const = default;

 private:
  static bool is_large(std::size_t count) { return count * sizeof(T) > large_page / 2; }
};

}  // namespace hmt::base
