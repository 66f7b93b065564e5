#pragma once
#include <string>
#include <string_view>

#include "net/http.h"

// How messages look on the wire. For the .cpp files of this room only.
namespace hmt::net {

enum class AfterAnswer : std::uint8_t { keep, close };

// True when nothing in it could end a line or a word early and so become another message.
bool is_sendable(std::string_view target, const Headers& headers);

// Head and body. Host, Connection and the length are ours to say. REQUIRES: is_sendable.
std::string request_on_wire(const HttpRequest& request, std::string_view path_prefix,
                            std::string_view host, AfterAnswer after);

// What would break the format in a header becomes a space.
std::string response_head(const HttpResponse& response, AfterAnswer after);
// `to_head`: the request was a HEAD, so the body is described and not sent.
bool has_body(const HttpResponse& response, bool to_head);

}  // namespace hmt::net
