#include "api/door.h"

#include <algorithm>

#include "api/answer.h"

namespace hmt::api {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return out;
}

bool is_loopback_name(std::string_view name) {
  return name == "127.0.0.1" || name == "localhost" || name == "[::1]";
}

bool is_listed(const std::vector<std::string>& list, const std::string& value) {
  return std::ranges::any_of(list,
                             [&](const std::string& listed) { return lower(listed) == value; });
}

}  // namespace

std::string_view host_name(std::string_view host) {
  if (host.starts_with('[')) return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

std::optional<net::HttpResponse> refuse_host(const Door& door, const net::HttpRequest& request) {
  const auto name = lower(host_name(net::header(request.headers, "Host")));
  if (is_loopback_name(name) || is_listed(door.hosts, name)) return std::nullopt;
  return error_answer(403, "host_not_allowed",
                      "the API does not answer to this host name, only to 127.0.0.1, localhost, "
                      "[::1] and the address that it listens on");
}

std::optional<net::HttpResponse> refuse_origin(const Door& door, const net::HttpRequest& request) {
  const auto origin = lower(net::header(request.headers, "Origin"));
  if (!origin.empty() && is_listed(door.origins, origin)) return std::nullopt;
  // Browsers say this of plain reads too, which bring no Origin: an image, a frame, a link.
  const auto site = lower(net::header(request.headers, "Sec-Fetch-Site"));
  const auto host = lower(net::header(request.headers, "Host"));
  const bool own = origin.empty() || origin == "http://" + host || origin == "https://" + host;
  if (own && site != "cross-site" && site != "same-site") return std::nullopt;
  return error_answer(403, "origin_not_allowed", "requests from pages of other sites are refused");
}

}  // namespace hmt::api
