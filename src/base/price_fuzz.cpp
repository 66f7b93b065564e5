#include <algorithm>
#include <optional>
#include <string>

#include "base/price.h"
#include "base/test_fuzz.h"

// Any text as a price, against a second reading on paper: write the digits down, move the point,
// cut behind the seventh decimal.
namespace {

using hmt::base::Price;
using hmt::base::test::require;

std::string take_digits(std::string_view& text) {
  const auto count = std::min(text.find_first_not_of("0123456789"), text.size());
  std::string out(text.substr(0, count));
  text.remove_prefix(count);
  return out;
}

bool take(std::string_view& text, std::string_view any_of) {
  if (text.empty() || !any_of.contains(text.front())) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int> take_power(std::string_view& text) {
  const bool below = text.starts_with('-');
  take(text, "+-");
  auto digits = take_digits(text);
  if (digits.empty()) return std::nullopt;
  digits.erase(0, std::min(digits.find_first_not_of('0'), digits.size()));
  if (digits.size() > 2) return std::nullopt;
  const int power = digits.empty() ? 0 : std::stoi(digits);
  if (power > 30) return std::nullopt;
  return below ? -power : power;
}

std::optional<std::int64_t> on_paper(std::string_view text, bool loose) {
  if (text.size() > 40) return std::nullopt;
  const bool negative = take(text, "-");
  auto whole = take_digits(text);
  std::string fraction;
  if (whole.empty()) return std::nullopt;
  if (take(text, ".")) {
    fraction = take_digits(text);
    if (fraction.empty()) return std::nullopt;
  }
  int power = 0;
  if (loose && take(text, "eE")) {
    const auto read = take_power(text);
    if (!read) return std::nullopt;
    power = *read;
  }
  if (!text.empty()) return std::nullopt;
  for (; power > 0; --power) {
    fraction += '0';
    whole += fraction.front();
    fraction.erase(0, 1);
  }
  for (; power < 0; ++power) {
    whole.insert(0, 1, '0');
    fraction.insert(0, 1, whole.back());
    whole.pop_back();
  }
  fraction.resize(std::max<std::size_t>(fraction.size(), 8), '0');
  if (!loose && fraction.find_first_not_of('0', 7) != std::string::npos) return std::nullopt;
  whole.erase(0, whole.find_first_not_of('0'));
  if (whole.size() > 10) return std::nullopt;
  const auto rupees = whole.empty() ? 0 : std::stoll(whole);
  const auto raw = rupees * Price::one_rupee + std::stoll(fraction.substr(0, 7)) +
                   (loose && fraction[7] >= '5' ? 1 : 0);
  if (raw > Price::rupees_max * Price::one_rupee) return std::nullopt;
  return negative ? -raw : raw;
}

void same(const hmt::base::Result<Price>& read, std::optional<std::int64_t> expected) {
  require(read.has_value() == expected.has_value(), "a price is taken by one reading alone");
  require(!read || read->raw() == *expected, "a price has two values");
}

void fuzz_text(std::string_view text) {
  same(Price::parse(text), on_paper(text, false));
  same(Price::parse_rounded(text), on_paper(text, true));
}

void fuzz_value(std::uint64_t number) {
  constexpr auto bound = Price::rupees_max * Price::one_rupee;
  const auto price = Price::from_raw(static_cast<std::int64_t>(number) % (bound + 1));
  const auto text = price.text();
  require(Price::parse(text) == price, "a written price is read as another");
  const auto decimals = text.size() - text.find('.') - 1;
  require(decimals >= 2 && (decimals == 2 || text.back() != '0'), "a price is not written shortly");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = hmt::base::test::choose(data, size);
  if (choice == 0) {
    fuzz_value(hmt::base::test::Bytes(text).take(8));
  } else {
    fuzz_text(text);
  }
  return 0;
}
