#pragma once
#include <optional>
#include <string>

#include "net/http.h"
#include "ui/pages.h"

// How the screens are served: the document under every address that is theirs, its files beside it.
namespace hmt::api {

// `connect_to`: an origin besides our own that the screens may talk to; empty: none. Nothing when
// the request is not for the screens.
std::optional<net::HttpResponse> answer_page(const ui::Pages& pages,
                                             const net::HttpRequest& request,
                                             const std::string& connect_to);

}  // namespace hmt::api
