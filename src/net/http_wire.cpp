#include "net/http_wire.h"

#include <algorithm>
#include <boost/beast/http/message.hpp>

namespace hmt::net {
namespace {

bool is_token_character(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         marks.contains(c);
}

bool is_token(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_token_character);
}

bool breaks_a_line(char c) {
  return c == '\r' || c == '\n' || c == '\0';
}

bool is_named(std::string_view name, std::initializer_list<std::string_view> any_of) {
  return std::ranges::any_of(any_of, [name](std::string_view known) {
    return std::ranges::equal(name, known, {}, [](char c) {
      return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    });
  });
}

// What only the side that frames the message can know.
bool is_framing(std::string_view name) {
  return is_named(name, {"host", "connection", "content-length", "transfer-encoding"});
}

void add_line(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

}  // namespace

bool is_sendable(std::string_view target, const Headers& headers) {
  if (!target.starts_with('/') ||
      std::ranges::any_of(target, [](char c) { return c <= ' ' || c == 127; })) {
    return false;
  }
  return std::ranges::all_of(headers, [](const auto& line) {
    return is_token(line.first) && std::ranges::none_of(line.second, breaks_a_line);
  });
}

std::string request_on_wire(const HttpRequest& request, std::string_view path_prefix,
                            std::string_view host, AfterAnswer after) {
  std::string out;
  out.reserve(512 + request.body.size());
  out += request.method;
  out += ' ';
  out += path_prefix;
  out += request.target;
  out += " HTTP/1.1\r\n";
  add_line(out, "Host", host);
  for (const auto& [name, value] : request.headers) {
    if (!is_framing(name)) add_line(out, name, value);
  }
  if (after == AfterAnswer::close) add_line(out, "Connection", "close");
  if (!request.body.empty() || is_named(request.method, {"post", "put", "patch"})) {
    add_line(out, "Content-Length", std::to_string(request.body.size()));
  }
  out += "\r\n";
  out += request.body;
  return out;
}

std::string response_head(const HttpResponse& response, AfterAnswer after) {
  const auto status = static_cast<unsigned>(response.status);
  std::string out = "HTTP/1.1 " + std::to_string(status) + ' ';
  const auto reason =
      boost::beast::http::obsolete_reason(boost::beast::http::int_to_status(status));
  out.append(reason.data(), reason.size());
  out += "\r\n";
  for (const auto& [name, value] : response.headers) {
    if (is_framing(name) || !is_token(name)) continue;
    auto clean = value;
    std::ranges::replace_if(clean, breaks_a_line, ' ');
    add_line(out, name, clean);
  }
  if (has_body(response, false)) {
    add_line(out, "Content-Length", std::to_string(response.body.size()));
  }
  add_line(out, "Connection", after == AfterAnswer::keep ? "keep-alive" : "close");
  out += "\r\n";
  return out;
}

bool has_body(const HttpResponse& response, bool to_head) {
  return !to_head && response.status >= 200 && response.status != 204 && response.status != 304;
}

}  // namespace hmt::net
