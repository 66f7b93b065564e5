#include "ui/pages.h"

#include <algorithm>

#include "base/ensure.h"

namespace hmt::ui {

const Asset* Pages::find(std::string_view path) const {
  const auto found = std::ranges::lower_bound(assets, path, {}, &Asset::path);
  return found != assets.end() && found->path == path ? &*found : nullptr;
}

const Asset& Pages::document() const {
  const auto* found = find(document_path);
  base::ensure(found != nullptr, "a build of the screens has its document");
  return *found;
}

}  // namespace hmt::ui
