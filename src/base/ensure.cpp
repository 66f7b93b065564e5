#include "base/ensure.h"

#include <cstdio>
#include <cstdlib>

namespace hmt::base {

void stop_on_bug(std::string_view what, const std::source_location& where) {
  std::fprintf(stderr, "bug: %.*s (%s:%u)\n", static_cast<int>(what.size()), what.data(),
               where.file_name(), where.line());
  std::abort();
}

}  // namespace hmt::base
