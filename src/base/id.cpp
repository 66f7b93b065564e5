#include "base/id.h"

namespace hmt::base {
namespace {

constexpr std::uint8_t no_digit = 0xFF;

constexpr auto hex_values = [] {
  std::array<std::uint8_t, 256> out{};
  out.fill(no_digit);
  for (std::size_t i = 0; i < 10; ++i) out['0' + i] = static_cast<std::uint8_t>(i);
  for (std::size_t i = 0; i < 6; ++i) {
    out['a' + i] = out['A' + i] = static_cast<std::uint8_t>(10 + i);
  }
  return out;
}();

// Where the two digits of each byte stand in the text.
constexpr std::array<std::uint8_t, 16> digit_places = {0,  2,  4,  6,  9,  11, 14, 16,
                                                       19, 21, 24, 26, 28, 30, 32, 34};

bool is_dash_place(std::size_t i) {
  return i == 8 || i == 13 || i == 18 || i == 23;
}

// Made only when it is wanted: a million ids are read at a start.
std::unexpected<Error> no_uuid() {
  return fail(ErrorKind::invalid, "an id is a UUID such as 6f1d2c3b-0a49-4e58-9c77-0123456789ab");
}

}  // namespace

Result<Uuid> Uuid::parse(std::string_view text) {
  if (text.size() != 36) return no_uuid();
  if (text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-') return no_uuid();
  const auto value_at = [text](std::size_t place) {
    return hex_values[static_cast<unsigned char>(text[place])];
  };
  Uuid out;
  std::uint8_t seen = 0;  // of all digits; of one that is none more than four bits
  for (std::size_t i = 0; i < out.bytes.size(); ++i) {
    const auto high = value_at(digit_places[i]);
    const auto low = value_at(digit_places[i] + 1U);
    seen |= high | low;
    out.bytes[i] = static_cast<std::uint8_t>(high << 4 | (low & 0x0F));
  }
  if (seen > 0x0F) return no_uuid();
  return out;
}

Uuid Uuid::from_random(const std::array<std::uint8_t, 16>& random) {
  Uuid out{random};
  out.bytes[6] = static_cast<std::uint8_t>((out.bytes[6] & 0x0F) | 0x40);
  out.bytes[8] = static_cast<std::uint8_t>((out.bytes[8] & 0x3F) | 0x80);
  return out;
}

std::string Uuid::text() const {
  static constexpr char hex[] = "0123456789abcdef";
  std::string out;
  out.reserve(36);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (is_dash_place(out.size())) out.push_back('-');
    out.push_back(hex[bytes[i] >> 4]);
    out.push_back(hex[bytes[i] & 0x0F]);
  }
  return out;
}

}  // namespace hmt::base
