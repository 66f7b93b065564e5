#include "kite/full_packet.h"

#include <bit>
#include <cstring>

// The compiler makes a copy for each of these and the right one is chosen when the program is
// loaded: what every x86-64 has lacks the instruction that turns many words around at once. Other
// machines have it always.
#if defined(__x86_64__) && defined(__linux__)
#define HMT_FOR_EACH_X86_64 \
  __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define HMT_FOR_EACH_X86_64
#endif

namespace hmt::kite {
namespace {

constexpr std::size_t length_bytes = 2;
constexpr std::size_t words = 46;
static_assert(sizeof(FullPacket) == 4 * words);

// As many words as the widest machines take at once; others take them in parts.
constexpr std::size_t words_at_once = 16;
using Words = std::uint32_t __attribute__((vector_size(4 * words_at_once)));

// Of a level's third word the second half is padding.
constexpr bool is_half_used(std::size_t word) {
  constexpr std::size_t depth_begins = 16;
  return word >= depth_begins && (word - depth_begins) % 3 == 2;
}

constexpr auto padding_bits = [] {
  std::array<std::uint32_t, words> bits{};
  for (std::size_t word = 0; word < words; ++word) bits[word] = is_half_used(word) ? 16 : 0;
  return bits;
}();

template <std::size_t First>
inline void turn_around(const std::uint8_t* wire, FullPacket& packet) {
  Words word;
  std::memcpy(&word, wire + 4 * First, sizeof word);
  if constexpr (std::endian::native == std::endian::little) {
    word = word >> 24 | (word >> 8 & 0xFF00) | (word << 8 & 0xFF0000) | word << 24;
  }
  Words padding;
  std::memcpy(&padding, padding_bits.data() + First, sizeof padding);
  word >>= padding;
  std::memcpy(reinterpret_cast<std::uint8_t*>(&packet) + 4 * First, &word, sizeof word);
}

inline std::size_t number_at(const std::uint8_t* bytes) {
  return static_cast<std::size_t>(bytes[0] << 8 | bytes[1]);
}

// The last words are taken twice rather than one by one.
inline void decode(const std::uint8_t* wire, FullPacket& packet) {
  turn_around<0>(wire, packet);
  turn_around<words_at_once>(wire, packet);
  turn_around<words - words_at_once>(wire, packet);
}

}  // namespace

HMT_FOR_EACH_X86_64
FrameReport decode_full_packets(std::span<const std::uint8_t> frame,
                                std::span<FullPacket> packets) {
  FrameReport report;
  if (frame.size() < length_bytes) {
    report.heartbeat = true;
    return report;
  }
  const auto promised = number_at(frame.data());
  const auto* at = frame.data() + length_bytes;
  const auto* const end = frame.data() + frame.size();
  auto* out = packets.data();
  auto* const out_end = out + packets.size();
  for (std::size_t i = 0; i < promised; ++i) {
    const auto left = static_cast<std::size_t>(end - at);
    if (left < length_bytes || left - length_bytes < number_at(at)) {
      report.truncated = true;
      break;
    }
    const auto length = number_at(at);
    at += length_bytes;
    if (length == sizeof(FullPacket) && out != out_end) {
      decode(at, *out++);
      at += sizeof(FullPacket);  // not `length`: the next packet need not wait for it to be read
    } else {
      ++report.skipped;
      at += length;
    }
  }
  report.decoded = static_cast<std::size_t>(out - packets.data());
  return report;
}

}  // namespace hmt::kite
