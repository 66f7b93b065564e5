#pragma once
#include <expected>
#include <string>
#include <utility>

namespace hmt::sim {

// An error as the broker answers it (kite-protocol 4.1).
struct Refusal {
  int http_status = 400;
  std::string error_type = "InputException";
  std::string message;
  std::string data = {};  // JSON; empty: null
  std::string raw = {};   // the exchange's or risk system's own words, for the order book
};

template <class T>
using Answer = std::expected<T, Refusal>;

inline std::unexpected<Refusal> refuse(std::string message, int http_status = 400,
                                       std::string error_type = "InputException") {
  return std::unexpected(Refusal{http_status, std::move(error_type), std::move(message)});
}

}  // namespace hmt::sim
