#include "app/toml_text.h"

#include <algorithm>
#include <string>

namespace hmt::app {
namespace {

constexpr std::string_view line_ends = "\n\r\v\f";

bool may_begin_key(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-\"']").contains(c);
}

std::size_t after_blanks(std::string_view line, std::size_t from) {
  return std::min(line.find_first_not_of(" \t", from), line.size());
}

// "[" with anything behind it but a name.
bool is_broken_header(std::string_view line) {
  const auto open = after_blanks(line, 0);
  if (!line.substr(open).starts_with('[')) return false;
  auto name = after_blanks(line, open + 1);
  if (name < line.size() && line[name] == '[') name = after_blanks(line, name + 1);
  return name == line.size() || !may_begin_key(line[name]);
}

// Where the text that begins at `from` ends, its last quote included: in its line, or anywhere if
// it begins with three quotes.
std::size_t end_of_text(std::string_view toml, std::size_t from) {
  const char quote = toml[from];
  const std::string three(3, quote);
  const bool many_lines = toml.substr(from).starts_with(three);
  for (auto at = from + (many_lines ? 3 : 1); at < toml.size(); ++at) {
    if (!many_lines && line_ends.contains(toml[at])) return at;
    if (toml[at] == '\\' && quote == '"') {
      ++at;
    } else if (!many_lines && toml[at] == quote) {
      return at + 1;
    } else if (toml.substr(at).starts_with(three)) {
      return std::min(toml.find_first_not_of(quote, at), toml.size());
    }
  }
  return toml.size();
}

// A quote begins a text only where a name or a value may stand; anywhere else it is a mistake.
bool begins_text(std::string_view toml, std::size_t at) {
  if (toml[at] != '"' && toml[at] != '\'') return false;
  const auto before = toml.substr(0, at).find_last_not_of(" \t");
  return before == std::string_view::npos || line_ends.contains(toml[before]) ||
         std::string_view("=,.[{").contains(toml[before]);
}

// Without comments, and without what texts say: what is left is ASCII, and rules itself by lines.
std::string skeleton(std::string_view toml) {
  std::string out(toml);
  for (std::size_t at = 0; at < toml.size();) {
    const bool comment = toml[at] == '#';
    if (!comment && !begins_text(toml, at)) {
      ++at;
      continue;
    }
    const auto end =
        comment ? std::min(toml.find_first_of(line_ends, at), toml.size()) : end_of_text(toml, at);
    for (auto i = at + 1; i < end; ++i) {
      if (!line_ends.contains(toml[i])) out[i] = comment ? '#' : 'x';
    }
    at = end;
  }
  return out;
}

// Beyond ASCII; or of inline tables, which nothing here is made of.
bool is_foreign(char c) {
  return (c & 0x80) != 0 || c == '{' || c == '}';
}

// What the library (toml++ 3.3) takes for granted and stops the process over, or worse: that a name
// follows "[", that no "}" stands where a value is due, and that some characters beyond ASCII stand
// nowhere but in texts and comments.
// 0: there is no such line.
std::size_t dangerous_line(std::string_view toml) {
  if (toml.starts_with("\xEF\xBB\xBF")) toml.remove_prefix(3);
  const auto bare = skeleton(toml);
  std::string_view rest = bare;
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const auto end = std::min(rest.find_first_of(line_ends), rest.size());
    const auto line = rest.substr(0, end);
    if (std::ranges::any_of(line, is_foreign) || is_broken_header(line)) return number;
    // "\r\n" is one end.
    rest.remove_prefix(std::min(end + (rest.substr(end).starts_with("\r\n") ? 2 : 1), rest.size()));
  }
  return 0;
}

std::unexpected<base::Error> wrong(std::string_view what, std::size_t line) {
  return base::fail(base::ErrorKind::invalid,
                    std::string(what) + " in line " + std::to_string(line));
}

}  // namespace

base::Result<toml::table> parse_toml(std::string_view text) {
  if (const auto line = dangerous_line(text); line > 0) {
    return wrong("a table is written like [NAME], and text stands in quotes: something is amiss",
                 line);
  }
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return wrong(error.description(), error.source().begin.line);
  }
}

}  // namespace hmt::app
