#pragma once
#include <memory>

#include "model/catalogue.h"
#include "runtime/desk.h"

namespace hmt::api {

// Before they are loaded no instrument is known, and nothing can be said of one.
// Errors: unavailable.
inline base::Result<std::shared_ptr<const model::Catalogue>> instruments_of_today(
    const runtime::Desk& desk) {
  auto catalogue = desk.catalogue();
  if (catalogue && catalogue->size() > 0) return catalogue;
  return base::fail(base::ErrorKind::unavailable, "The day's instruments are not loaded yet");
}

}  // namespace hmt::api
