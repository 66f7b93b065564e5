#pragma once
#include <string_view>

#include "json/value.h"

// Bodies and frames are read by the one strict reader, `json`.
namespace hmt::api {

using JsonValue = json::Value;
using JsonLimits = json::Limits;

inline base::Result<JsonValue> read_json(std::string_view text, JsonLimits limits = {}) {
  return json::read(text, limits);
}

}  // namespace hmt::api
