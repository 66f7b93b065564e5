#pragma once
#include <cstdint>

// For benchmarks: numbers without a pattern, the same in every run and on every machine. The
// programs of bench/node make the same, so that both sides of a comparison see one market.
namespace hmt::base::bench {

inline std::uint32_t mixed(std::uint32_t number) {
  auto bits = (number ^ number >> 16) * 0x85EBCA6B;
  bits = (bits ^ bits >> 13) * 0xC2B2AE35;
  return bits ^ bits >> 16;
}

}  // namespace hmt::base::bench
