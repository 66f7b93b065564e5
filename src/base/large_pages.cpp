#include "base/large_pages.h"

#include <cstdlib>
#include <sys/mman.h>  // tidy-ok: a hint about memory is no I/O

#include "base/ensure.h"

namespace hmt::base {

void* take_large_pages(std::size_t bytes) {
  void* pages = std::aligned_alloc(large_page, bytes);
  ensure(pages != nullptr, "there is memory");
  ::madvise(pages, bytes, MADV_HUGEPAGE);
  return pages;
}

void give_large_pages_back(void* pages) {
  std::free(pages);
}

}  // namespace hmt::base
