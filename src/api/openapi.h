#pragma once
#include <string_view>

namespace hmt::api {

// The OpenAPI 3.1 document, as served.
std::string_view openapi_json();

}  // namespace hmt::api
