#include "net/http.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

namespace hmt::net {
namespace {

using base::ErrorKind;

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool same_name(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

// 0 to `max` in decimal, without sign or spaces.
std::optional<unsigned> number(std::string_view text, unsigned max) {
  unsigned value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (text.empty() || error != std::errc() || stop != end || value > max) return std::nullopt;
  return value;
}

// All four numbers are looked at: "127.0.0.1.example.com" is a name somewhere else.
bool is_ipv4_loopback(std::string_view host) {
  for (int part = 0; part < 4; ++part) {
    const auto dot = part < 3 ? host.find('.') : host.size();
    if (dot == std::string_view::npos || dot > 3) return false;
    const auto value = number(host.substr(0, dot), 255);
    if (!value || (part == 0 && *value != 127)) return false;
    host.remove_prefix(std::min(dot + 1, host.size()));
  }
  return true;
}

std::optional<int> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (lower(c) >= 'a' && lower(c) <= 'f') return lower(c) - 'a' + 10;
  return std::nullopt;
}

bool host_is_well_formed(std::string_view host, bool bracketed) {
  if (host.empty() || host.size() > 253) return false;
  return std::ranges::all_of(host, [bracketed](char c) {
    if (bracketed) return hex_digit(c).has_value() || c == ':' || c == '.';
    return is_alphanumeric(c) || c == '-' || c == '.' || c == '_';
  });
}

// Sets host and port out of "host", "host:port" or "[ipv6]:port".
base::Result<void> take_authority(std::string_view authority, Origin& out) {
  const bool bracketed = authority.starts_with('[');
  std::string_view host = authority;
  std::string_view rest;
  if (bracketed) {
    const auto end = authority.find(']');
    if (end == std::string_view::npos) return base::invalid("url", "the URL lacks a ']'");
    host = authority.substr(1, end - 1);
    rest = authority.substr(end + 1);
  } else if (const auto colon = authority.find(':'); colon != std::string_view::npos) {
    host = authority.substr(0, colon);
    rest = authority.substr(colon);
  }
  if (!host_is_well_formed(host, bracketed)) {
    return base::invalid("url", "the URL has no valid host");
  }
  out.host = host;
  if (rest.empty()) return {};
  const auto port = rest.starts_with(':') ? number(rest.substr(1), 65535) : std::nullopt;
  if (!port || *port == 0) return base::invalid("url", "the URL's port is not 1 to 65535");
  out.port = static_cast<std::uint16_t>(*port);
  return {};
}

}  // namespace

std::string_view header(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) return value;
  }
  return {};
}

bool Origin::is_loopback() const {
  return same_name(host, "localhost") || host == "::1" || is_ipv4_loopback(host);
}

base::Result<Origin> parse_origin(std::string_view url) {
  Origin out;
  const auto scheme_end = url.find("://");
  const auto scheme = url.substr(0, std::min(scheme_end, url.size()));
  out.tls = same_name(scheme, "https") || same_name(scheme, "wss");
  if (scheme_end == std::string_view::npos ||
      !(out.tls || same_name(scheme, "http") || same_name(scheme, "ws"))) {
    return base::invalid("url", "a URL starts with https://, wss://, http:// or ws://");
  }
  auto rest = url.substr(scheme_end + 3);
  if (rest.find_first_of("?#@\\") != std::string_view::npos) {
    return base::invalid("url", "the URL may not have a user, a query or a fragment");
  }
  const auto slash = std::min(rest.find('/'), rest.size());
  out.port = out.tls ? 443 : 80;
  if (const auto taken = take_authority(rest.substr(0, slash), out); !taken) {
    return std::unexpected(taken.error());
  }
  auto path = rest.substr(slash);
  while (path.ends_with('/')) path.remove_suffix(1);
  if (std::ranges::any_of(path, [](char c) { return c <= ' ' || c > '~'; })) {
    return base::invalid("url", "the URL's path has a character that must be percent-encoded");
  }
  out.path = path;
  if (!out.tls && !out.is_loopback()) {
    return base::invalid("url", "https or wss is required for " + out.host +
                                    "; plain http and ws are for this machine only");
  }
  return out;
}

std::string percent_encode(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (is_alphanumeric(c) || c == '-' || c == '.' || c == '_' || c == '~') {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += '%';
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

base::Result<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '+' && plus_is_space) {
      out += ' ';
    } else if (text[at] != '%') {
      out += text[at];
    } else {
      const auto high = at + 2 < text.size() ? hex_digit(text[at + 1]) : std::nullopt;
      const auto low = at + 2 < text.size() ? hex_digit(text[at + 2]) : std::nullopt;
      if (!high || !low) {
        return base::fail(ErrorKind::invalid, "a '%' is not followed by two hexadecimal digits");
      }
      out += static_cast<char>(*high * 16 + *low);
      at += 2;
    }
  }
  return out;
}

base::Result<std::vector<std::pair<std::string, std::string>>> parse_form(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  while (!text.empty()) {
    const auto end = std::min(text.find('&'), text.size());
    const auto field = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (field.empty()) continue;
    const auto equals = std::min(field.find('='), field.size());
    auto name = percent_decode(field.substr(0, equals), true);
    if (!name) return std::unexpected(std::move(name).error());
    auto value = percent_decode(field.substr(std::min(equals + 1, field.size())), true);
    if (!value) return std::unexpected(std::move(value).error());
    out.emplace_back(std::move(*name), std::move(*value));
  }
  return out;
}

std::string to_form(const std::vector<std::pair<std::string, std::string>>& fields) {
  std::string out;
  for (const auto& [name, value] : fields) {
    if (!out.empty()) out += '&';
    out += percent_encode(name) + '=' + percent_encode(value);
  }
  return out;
}

}  // namespace hmt::net
