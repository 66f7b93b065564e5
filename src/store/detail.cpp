#include "store/detail.h"

#include <array>
#include <cstdio>

namespace hmt::store {
namespace {

void append_quoted(std::string& out, std::string_view text) {
  out.push_back('"');
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out.push_back('\\');
      out.push_back(c);
    } else if (static_cast<unsigned char>(c) < 0x20) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x",
                    static_cast<unsigned>(static_cast<unsigned char>(c)));
      out += escape.data();
    } else {
      out.push_back(c);
    }
  }
  out.push_back('"');
}

// What append_quoted and the databases' own functions write, and nothing more.
class Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<model::Detail> object() {
    model::Detail out;
    if (!take('{')) return std::nullopt;
    if (take('}')) return at_end(out);
    do {
      auto name = string();
      if (!name || !take(':')) return std::nullopt;
      auto value = string();
      if (!value) return std::nullopt;
      out.add(*name, *value);
    } while (take(','));
    if (!take('}')) return std::nullopt;
    return at_end(out);
  }

 private:
  std::optional<model::Detail> at_end(model::Detail& out) {
    if (!rest_.empty()) return std::nullopt;
    return std::move(out);
  }

  bool take(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }

  std::optional<std::string> string() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!rest_.empty()) {
      const char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c != '\\') {
        out.push_back(c);
      } else if (!escape(out)) {
        return std::nullopt;
      }
    }
    return std::nullopt;
  }

  bool escape(std::string& out) {
    if (rest_.empty()) return false;
    const char c = rest_.front();
    rest_.remove_prefix(1);
    static constexpr std::string_view letters = "\"\\/bfnrt";
    static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (const auto at = letters.find(c); at != std::string_view::npos) {
      out.push_back(meanings[at]);
      return true;
    }
    return c == 'u' && control(out);
  }

  bool control(std::string& out) {
    if (rest_.size() < 4) return false;
    unsigned value = 0;
    for (const char c : rest_.substr(0, 4)) {
      const auto digit = std::string_view("0123456789abcdef").find(c);
      if (digit == std::string_view::npos) return false;
      value = value * 16 + static_cast<unsigned>(digit);
    }
    if (value >= 0x20) return false;
    rest_.remove_prefix(4);
    out.push_back(static_cast<char>(value));
    return true;
  }

  std::string_view rest_;
};

}  // namespace

std::string detail_text(const model::Detail& detail) {
  std::string out = "{";
  for (const auto& [name, value] : detail) {
    if (out.size() > 1) out.push_back(',');
    append_quoted(out, name);
    out.push_back(':');
    append_quoted(out, value);
  }
  out.push_back('}');
  return out;
}

model::Detail read_detail(std::string_view text) {
  if (auto read = Parser(text).object()) return std::move(*read);
  return {{"detail", std::string(text)}};
}

}  // namespace hmt::store
