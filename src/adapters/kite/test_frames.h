#pragma once
#include <cstdint>
#include <random>
#include <span>
#include <vector>

// For tests and benchmarks: binary frames of the ticker, whole and broken.
namespace hmt::kite::test {

using Bytes = std::vector<std::uint8_t>;

// Most significant byte first.
inline void append(Bytes& to, std::uint32_t value, int width) {
  for (int i = width - 1; i >= 0; --i) to.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

inline Bytes frame_of(const std::vector<Bytes>& packets) {
  Bytes frame;
  append(frame, static_cast<std::uint32_t>(packets.size()), 2);
  for (const auto& packet : packets) {
    append(frame, static_cast<std::uint32_t>(packet.size()), 2);
    frame.insert(frame.end(), packet.begin(), packet.end());
  }
  return frame;
}

// Packets of some of these lengths and any content; now and then cut, or with one byte changed.
inline Bytes random_frame(std::mt19937& random, std::span<const std::size_t> lengths) {
  std::vector<Bytes> packets(random() % 6);
  for (auto& packet : packets) {
    packet.resize(lengths[random() % lengths.size()]);
    for (auto& byte : packet) byte = static_cast<std::uint8_t>(random());
  }
  auto frame = frame_of(packets);
  if (random() % 3 == 0) frame.resize(random() % (frame.size() + 1));
  if (random() % 3 == 0 && !frame.empty()) {
    frame[random() % frame.size()] = static_cast<std::uint8_t>(random());
  }
  return frame;
}

}  // namespace hmt::kite::test
