#pragma once
#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "net/http.h"

// A second reader of HTTP/1.1 messages, slow and written from RFC 9112 alone: what the server and
// the client make of a message is held against it. It knows one plain form of everything.
namespace hmt::net::test {

struct NaiveMessage {
  std::string first_line;
  Headers headers;
  std::string body;
  std::size_t end = 0;  // of the message, in what was read
};

class NaiveReader {
 public:
  NaiveReader(std::string_view text, std::size_t at) : text_(text), at_(at) {}

  // Nothing where this reader sees no whole message. `body_to_end`: without a length the rest is
  // the body, as in answers.
  std::optional<NaiveMessage> message(bool to_head, bool body_to_end) {
    NaiveMessage out;
    const auto first = line();
    if (!first || !take_headers(out.headers)) return std::nullopt;
    out.first_line = *first;
    if (!to_head && !take_body(out, body_to_end)) return std::nullopt;
    out.end = at_;
    return out;
  }

 private:
  std::optional<std::string> line() {
    const auto end = text_.find("\r\n", at_);
    if (end == std::string_view::npos) return std::nullopt;
    std::string out(text_.substr(at_, end - at_));
    at_ = end + 2;
    return out;
  }

  static std::string trimmed(std::string_view value) {
    const auto first = value.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return std::string(value.substr(first, value.find_last_not_of(" \t") - first + 1));
  }

  bool take_headers(Headers& headers) {
    for (;;) {
      const auto next = line();
      if (!next) return false;
      if (next->empty()) return true;
      if (next->front() == ' ' || next->front() == '\t') {  // the line before goes on
        if (headers.empty()) return false;
        headers.back().second = trimmed(headers.back().second + ' ' + trimmed(*next));
        continue;
      }
      const auto colon = next->find(':');
      if (colon == std::string::npos) return false;
      headers.emplace_back(next->substr(0, colon), trimmed(next->substr(colon + 1)));
    }
  }

  // By the last coding alone (RFC 9112, 6.3).
  static bool is_chunked(std::string_view encoding) {
    auto last = trimmed(encoding.substr(encoding.rfind(',') + 1));  // npos + 1 is 0
    std::ranges::transform(last, last.begin(), [](unsigned char c) { return std::tolower(c); });
    return last == "chunked";
  }

  bool take_body(NaiveMessage& out, bool body_to_end) {
    const auto encoding = header(out.headers, "Transfer-Encoding");
    if (is_chunked(encoding)) return take_chunks(out);
    const auto length = header(out.headers, "Content-Length");
    if (length.empty() || !encoding.empty()) {
      if (body_to_end) out.body = text_.substr(std::exchange(at_, text_.size()));
      return true;
    }
    if (length.size() > 9 || length.find_first_not_of("0123456789") != std::string_view::npos) {
      return false;
    }
    return take(std::stoul(std::string(length)), out.body);
  }

  bool take(std::size_t count, std::string& into) {
    if (text_.size() - at_ < count) return false;
    into += text_.substr(at_, count);
    at_ += count;
    return true;
  }

  bool take_chunks(NaiveMessage& out) {
    for (;;) {
      const auto size_line = line();
      if (!size_line) return false;
      const auto digits = size_line->substr(0, size_line->find_first_of("; \t"));
      if (digits.empty() || digits.size() > 8 ||
          digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
        return false;
      }
      const auto size = std::stoul(digits, nullptr, 16);
      Headers trailer;
      if (size == 0) return take_headers(trailer);
      std::string end;
      if (!take(size, out.body) || !take(2, end) || end != "\r\n") return false;
    }
  }

  std::string_view text_;
  std::size_t at_;
};

// Headers without their order, since readers may group those of one name, and with each stretch of
// blanks as one.
inline Headers comparable(Headers headers) {
  for (auto& [name, value] : headers) {
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
    std::ranges::replace(value, '\t', ' ');
    const auto again =
        std::ranges::unique(value, [](char a, char b) { return a == ' ' && b == ' '; });
    value.erase(again.begin(), again.end());
  }
  std::ranges::sort(headers);
  return headers;
}

}  // namespace hmt::net::test
