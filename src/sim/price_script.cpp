#include <algorithm>

#include "sim/prices.h"

namespace hmt::sim {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

// A symbol may hold spaces ("NSE:NIFTY 50"), so the first and the last word frame it.
base::Result<ScriptedPrice> parse_line(std::string_view line) {
  const auto invalid = [](std::string message) {
    return std::unexpected(base::Error{base::ErrorKind::invalid, std::move(message)});
  };
  const auto first = line.find_first_of(" \t");
  const auto last = line.find_last_of(" \t");
  if (first == std::string_view::npos || first == last) {
    return invalid("not <seconds> <EXCHANGE:SYMBOL> <price>");
  }
  // Seconds are written as a price is, in ten-millionths at the finest.
  const auto seconds = base::Price::parse(line.substr(0, first));
  if (!seconds || seconds->raw() < 0) return invalid("the seconds are not a decimal number");
  const auto price = base::Price::parse(line.substr(last + 1));
  if (!price) return invalid("the price is not a decimal number");
  const std::string_view name = trimmed(line.substr(first, last - first));
  if (name.find(':') == std::string_view::npos) return invalid("no exchange before the symbol");
  return ScriptedPrice{base::Duration(seconds->raw() * 100), std::string(name), *price};
}

}  // namespace

base::Result<std::vector<ScriptedPrice>> parse_price_script(std::string_view text) {
  std::vector<ScriptedPrice> out;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == '#') continue;
    auto parsed = parse_line(line);
    if (!parsed) {
      parsed.error().message = "line " + std::to_string(number) + ": " + parsed.error().message;
      return std::unexpected(parsed.error());
    }
    // Lines of one moment stay in their order.
    const auto later = std::ranges::upper_bound(out, parsed->after, {}, &ScriptedPrice::after);
    out.insert(later, *std::move(parsed));
  }
  return out;
}

}  // namespace hmt::sim
