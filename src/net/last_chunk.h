#pragma once
#include <cstddef>

namespace hmt::net {

// A chunked body ends in five bytes at the least, "0 CRLF CRLF": fewer complete nothing. Beast
// asserts on four of them (1.81, basic_parser: n >= 5), so they wait for the others. For the .cpp
// files of this room only.
template <class Parser>
bool is_short_of_a_last_chunk(const Parser& parser, std::size_t received) {
  constexpr std::size_t last_chunk_bytes_min = 5;
  return parser.is_header_done() && parser.chunked() && received < last_chunk_bytes_min;
}

}  // namespace hmt::net
