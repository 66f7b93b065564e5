#include <algorithm>
#include <optional>
#include <string>

#include "base/test_fuzz.h"
#include "json/value.h"

// Any text as JSON, against a second reader that goes by the grammar of RFC 8259, letter by letter;
// and what was read is written and read again as itself.
namespace {

using namespace hmt;
using base::test::require;
using json::Value;
using Kind = Value::Kind;

constexpr json::Limits limits;
constexpr std::size_t name_bytes_max = 256;  // of json

void put_character(std::string& out, std::uint32_t code) {
  const auto byte = [&](std::uint32_t value) { out += static_cast<char>(value); };
  if (code < 0x80) return byte(code);
  if (code < 0x800) {
    byte(0xC0 | code >> 6);
  } else if (code < 0x10000) {
    byte(0xE0 | code >> 12);
    byte(0x80 | (code >> 6 & 63));
  } else {
    byte(0xF0 | code >> 18);
    byte(0x80 | (code >> 12 & 63));
    byte(0x80 | (code >> 6 & 63));
  }
  byte(0x80 | (code & 63));
}

class Naive {
 public:
  explicit Naive(std::string_view text) : text_(text) {}

  std::optional<Value> whole() {
    auto out = value(0);
    blanks();
    if (!out || !text_.empty()) return std::nullopt;
    return out;
  }

 private:
  bool take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  void blanks() { text_.remove_prefix(std::min(text_.find_first_not_of(" \t\r\n"), text_.size())); }

  std::optional<Value> value(std::size_t depth) {
    blanks();
    if (take("null")) return Value{};
    if (take("true")) return Value{.kind = Kind::boolean, .boolean = true};
    if (take("false")) return Value{.kind = Kind::boolean};
    if (text_.starts_with('"')) {
      auto text = string();
      if (!text) return std::nullopt;
      return Value{.kind = Kind::string, .text = std::move(*text)};
    }
    if (text_.starts_with('[') || text_.starts_with('{')) {
      if (depth == limits.depth) return std::nullopt;
      return text_.starts_with('[') ? array(depth + 1) : object(depth + 1);
    }
    return number();
  }

  std::optional<Value> array(std::size_t depth) {
    Value out{.kind = Kind::array};
    take("[");
    blanks();
    if (take("]")) return out;
    do {
      auto item = value(depth);
      if (!item) return std::nullopt;
      out.items.push_back(std::move(*item));
      blanks();
    } while (take(","));
    return take("]") ? std::optional(out) : std::nullopt;
  }

  std::optional<Value> object(std::size_t depth) {
    Value out{.kind = Kind::object};
    take("{");
    blanks();
    if (take("}")) return out;
    do {
      blanks();
      auto name = string();
      blanks();
      if (!name || name->size() > name_bytes_max || out.find(*name) || !take(":")) {
        return std::nullopt;
      }
      auto member = value(depth);
      if (!member) return std::nullopt;
      member->name = std::move(*name);
      out.members.push_back(std::move(*member));
      blanks();
    } while (take(","));
    return take("}") ? std::optional(out) : std::nullopt;
  }

  std::size_t digits() {
    const auto count = std::min(text_.find_first_not_of("0123456789"), text_.size());
    text_.remove_prefix(count);
    return count;
  }

  std::optional<Value> number() {
    const auto from = text_;
    take("-");
    if (!take("0") && digits() == 0) return std::nullopt;
    if (take(".") && digits() == 0) return std::nullopt;
    if (take("e") || take("E")) {
      if (!take("+")) take("-");
      if (digits() == 0) return std::nullopt;
    }
    const auto length = from.size() - text_.size();
    if (length > limits.number_characters) return std::nullopt;
    return Value{.kind = Kind::number, .text = std::string(from.substr(0, length))};
  }

  std::optional<std::uint32_t> four_digits() {
    std::uint32_t out = 0;
    for (int i = 0; i < 4; ++i) {
      if (text_.empty()) return std::nullopt;
      const auto at = std::string_view("0123456789abcdef")
                          .find(static_cast<char>(text_.front() >= 'A' && text_.front() <= 'F'
                                                      ? text_.front() + 32
                                                      : text_.front()));
      if (at == std::string_view::npos) return std::nullopt;
      out = out * 16 + static_cast<std::uint32_t>(at);
      text_.remove_prefix(1);
    }
    return out;
  }

  bool escape(std::string& out) {
    constexpr std::string_view letters = "\"\\/bfnrt";
    constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
    if (text_.empty()) return false;
    if (const auto at = letters.find(text_.front()); at != std::string_view::npos) {
      out += meanings[at];
      text_.remove_prefix(1);
      return true;
    }
    if (!take("u")) return false;
    auto code = four_digits();
    if (!code || (*code >= 0xDC00 && *code < 0xE000)) return false;
    if (*code >= 0xD800 && *code < 0xDC00) {
      const auto low = take("\\u") ? four_digits() : std::nullopt;
      if (!low || *low < 0xDC00 || *low >= 0xE000) return false;
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    }
    put_character(out, *code);
    return true;
  }

  // One character of UTF-8 as it stands: as the number that it means it is written again the same.
  bool plain(std::string& out) {
    const auto lead = static_cast<std::uint8_t>(text_.front());
    const std::size_t count = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    if (lead < 0x20 || text_.size() < count) return false;
    std::uint32_t code = count == 1 ? lead : lead & (0xFFu >> (count + 1));
    for (std::size_t i = 1; i < count; ++i) {
      code = code << 6 | (static_cast<std::uint8_t>(text_[i]) & 63u);
    }
    if (code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    std::string again;
    put_character(again, code);
    if (!take(again)) return false;
    out += again;
    return true;
  }

  std::optional<std::string> string() {
    if (!take("\"")) return std::nullopt;
    std::string out;
    while (!text_.empty()) {
      if (take("\"")) return out;
      if (!(take("\\") ? escape(out) : plain(out))) return std::nullopt;
    }
    return std::nullopt;
  }

  std::string_view text_;
};

bool same(const Value& a, const Value& b) {
  return a.kind == b.kind && a.boolean == b.boolean && a.text == b.text && a.name == b.name &&
         std::ranges::equal(a.items, b.items, same) &&
         std::ranges::equal(a.members, b.members, same);
}

void put_text(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
      continue;
    }
    out += "\\u00";
    out += "01"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  out += '"';
}

void put(std::string& out, const Value& value) {
  const auto list = [&](const std::vector<Value>& parts, std::string_view ends) {
    out += ends[0];
    for (const auto& part : parts) {
      if (&part != parts.data()) out += ',';
      if (ends[0] == '{') put_text(out, part.name);
      if (ends[0] == '{') out += ':';
      put(out, part);
    }
    out += ends[1];
  };
  switch (value.kind) {
    case Kind::null:
      out += "null";
      break;
    case Kind::boolean:
      out += value.boolean ? "true" : "false";
      break;
    case Kind::number:
      out += value.text;
      break;
    case Kind::string:
      put_text(out, value.text);
      break;
    case Kind::array:
      list(value.items, "[]");
      break;
    case Kind::object:
      list(value.members, "{}");
  }
}

// A power so large that no reader needs to take it.
bool has_vast_power(std::string_view text) {
  for (auto at = text.find_first_of("eE"); at != std::string_view::npos;
       at = text.find_first_of("eE", at + 1)) {
    const auto from = std::min(text.find_first_not_of("+-", at + 1), text.size());
    const auto end = std::min(text.find_first_not_of("0123456789", from), text.size());
    if (end - from >= 9) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (text.size() > 8192) return 0;  // the bounds on counts are out of reach of it
  const auto read = json::read(text);
  const auto expected = Naive(text).whole();
  if (expected && !read && has_vast_power(text)) return 0;
  require(read.has_value() == expected.has_value(), "a text is JSON to one reader alone");
  if (!read) return 0;
  require(same(*read, *expected), "a text has two meanings");
  std::string again;
  put(again, *read);
  const auto reread = json::read(again);
  require(reread && same(*reread, *read), "a written value is read as another");
  return 0;
}
