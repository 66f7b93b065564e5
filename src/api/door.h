#pragma once
#include <optional>
#include <string>
#include <vector>

#include "net/http_server.h"

// What a web page that the user happens to visit must not be able to do to an engine on the same
// machine.
namespace hmt::api {

struct Door {
  std::vector<std::string> hosts;    // besides 127.0.0.1, localhost and [::1]; without port
  std::vector<std::string> origins;  // besides the engine's own: "http://localhost:5173"
};

// The name of a Host header without its port; an IPv6 address keeps its brackets.
std::string_view host_name(std::string_view host);

// Against DNS rebinding: the request names a host that this engine answers to.
std::optional<net::HttpResponse> refuse_host(const Door& door, const net::HttpRequest& request);

// Against forged requests: what a browser says it comes from is the engine's own page.
std::optional<net::HttpResponse> refuse_origin(const Door& door, const net::HttpRequest& request);

}  // namespace hmt::api
