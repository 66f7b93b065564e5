#pragma once
#include <array>
#include <openssl/evp.h>
#include <string>
#include <string_view>

// For tests and benchmarks: a WebSocket server's bytes, made by hand.
namespace hmt::net::test {

// An unmasked frame; its first byte says what kind it is and whether its message ends here.
inline std::string frame(unsigned first_byte, std::string_view payload) {
  std::string out(1, static_cast<char>(first_byte));
  const auto size = payload.size();
  const int wide = size < 126 ? 0 : size < 65'536 ? 2 : 8;
  out += static_cast<char>(wide == 0 ? size : wide == 2 ? 126 : 127);
  for (int i = wide - 1; i >= 0; --i) out += static_cast<char>(size >> (8 * i));
  return out.append(payload);
}

// The answer that accepts the handshake whose head this is.
inline std::string handshake_accepted(const std::string& head) {
  constexpr std::string_view name = "Sec-WebSocket-Key: ";
  const auto begin = head.find(name) + name.size();
  const auto key =
      head.substr(begin, head.find("\r\n", begin) - begin) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash{};
  unsigned size = 0;
  EVP_Digest(key.data(), key.size(), hash.data(), &size, EVP_sha1(), nullptr);
  std::array<unsigned char, 64> text{};
  EVP_EncodeBlock(text.data(), hash.data(), static_cast<int>(size));
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Accept: " +
         std::string(reinterpret_cast<const char*>(text.data())) + "\r\n\r\n";
}

}  // namespace hmt::net::test
