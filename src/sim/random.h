#pragma once
#include <cstdint>

namespace hmt::sim {

// splitmix64: a full-period generator whose whole state is one number (public domain, S. Vigna).
inline std::uint64_t next_random(std::uint64_t& state) {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

}  // namespace hmt::sim
