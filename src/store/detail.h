#pragma once
#include <string>
#include <string_view>

#include "model/attempt.h"

// An audit row's detail as backends keep it: a flat JSON object of texts, in order, so that a
// database's own JSON functions read it too.
namespace hmt::store {

std::string detail_text(const model::Detail& detail);
// Text that is no such object becomes one value named "detail".
model::Detail read_detail(std::string_view text);

}  // namespace hmt::store
