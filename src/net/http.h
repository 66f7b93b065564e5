#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "fault/step.h"

// HTTP/1.1 in plain types: what both the client and the server speak.
namespace hmt::net {

using Headers = std::vector<std::pair<std::string, std::string>>;

// The first header of that name, in any case; empty when there is none.
std::string_view header(const Headers& headers, std::string_view name);

struct HttpRequest {
  std::string method = "GET";
  std::string target = "/";  // path and query as sent: percent-encoded
  Headers headers;
  std::string body;
  fault::Step step{};  // what a client's request is, for proofs
};

struct HttpResponse {
  int status = 200;
  Headers headers;
  std::string body;
};

struct Origin {
  bool tls = false;
  std::string host;  // as in the URL; an IPv6 address without its brackets
  std::uint16_t port = 0;
  std::string path;  // prefix without a trailing slash: "" or "/oms"
  bool is_loopback() const;
};

// http, https, ws and wss URLs without user, query or fragment. Plain http and ws are for loopback
// hosts only: prices, orders and tokens do not travel in the clear. Errors: invalid.
base::Result<Origin> parse_origin(std::string_view url);

std::string percent_encode(std::string_view text);  // RFC 3986 unreserved stay
base::Result<std::string> percent_decode(std::string_view text, bool plus_is_space);

// "a=1&b=2" of a query or a form body, decoded, in order. Errors: invalid.
base::Result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text);
std::string to_form(const std::vector<std::pair<std::string, std::string>>& fields);

}  // namespace hmt::net
