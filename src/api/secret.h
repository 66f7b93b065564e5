#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/id.h"

// Randomness and digests, from libsodium.
namespace hmt::api {

// 256 random bits as 64 hexadecimal digits.
std::string random_token();
base::Uuid random_uuid();

// How long it takes says nothing about where the two differ.
bool equal_in_constant_time(std::string_view a, std::string_view b);

using Sha256 = std::array<std::uint8_t, 32>;
Sha256 sha256(std::string_view bytes);
std::string sha256_hex(std::string_view bytes);
std::string sha256_base64(std::string_view bytes);

}  // namespace hmt::api
