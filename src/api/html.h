#pragma once
#include <string>
#include <string_view>

#include "net/http.h"

// The few pages that people see in a browser without our screens: no script, nothing from
// elsewhere.
namespace hmt::api {

std::string html_escape(std::string_view text);

// `body` is HTML; what is not ours in it has been escaped. `refresh_seconds` 0: never.
net::HttpResponse html_page(int status, std::string_view body, int refresh_seconds = 0);

}  // namespace hmt::api
