#pragma once
#include <arpa/inet.h>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "net/test_frames.h"

// For benchmarks: a ticker on 127.0.0.1 that shakes hands by TLS and WebSocket with one client and
// then sends the same frames over and over, on a thread of its own, as fast as they are taken.
namespace hmt::runtime::bench {

using Bytes = std::vector<std::uint8_t>;

template <auto release>
struct Release {
  void operator()(auto* held) const { release(held); }
};
using TlsContext = std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>>;
using TlsSession = std::unique_ptr<SSL, Release<SSL_free>>;

class Socket {
 public:
  explicit Socket(int number = ::socket(AF_INET, SOCK_STREAM, 0)) : number_(number) {}
  ~Socket() {
    if (number_ >= 0) ::close(number_);
  }
  Socket(const Socket&) = delete;
  int number() const { return number_; }
  void end() { ::shutdown(number_, SHUT_RDWR); }

 private:
  int number_;
};

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

// Up to the empty line that ends a head; empty when the peer has gone.
inline std::string read_head(SSL* session) {
  std::string out;
  while (!out.ends_with("\r\n\r\n")) {
    char byte = 0;
    if (SSL_read(session, &byte, 1) != 1) return {};
    out += byte;
  }
  return out;
}

inline bool write_all(SSL* session, std::string_view bytes) {
  return SSL_write(session, bytes.data(), static_cast<int>(bytes.size())) ==
         static_cast<int>(bytes.size());
}

inline std::string binary_frame(const Bytes& message) {
  const std::string payload(message.begin(), message.end());
  return net::test::frame(0x82, payload);
}

class Ticker {
 public:
  Ticker(const std::string& certificate_file, const std::string& key_file,
         const std::vector<Bytes>& messages)
      : context_(SSL_CTX_new(TLS_server_method())) {
    SSL_CTX_use_certificate_chain_file(context_.get(), certificate_file.c_str());
    SSL_CTX_use_PrivateKey_file(context_.get(), key_file.c_str(), SSL_FILETYPE_PEM);
    for (const auto& message : messages) frames_.push_back(binary_frame(message));
    auto any = loopback(0);
    ::bind(door_.number(), reinterpret_cast<sockaddr*>(&any), sizeof any);
    ::listen(door_.number(), 1);
    thread_ = std::thread([this] { serve(); });
  }
  ~Ticker() {
    ended_ = true;
    door_.end();
    thread_.join();
  }

  std::uint16_t port() const {
    sockaddr_in name{};
    socklen_t size = sizeof name;
    ::getsockname(door_.number(), reinterpret_cast<sockaddr*>(&name), &size);
    return ntohs(name.sin_port);
  }

  // Goes out once, after what is on its way already.
  void send_once(const Bytes& message) {
    once_ = binary_frame(message);
    has_once_ = true;
  }

 private:
  void serve() {
    const Socket peer(::accept(door_.number(), nullptr, nullptr));
    const TlsSession session(SSL_new(context_.get()));
    SSL_set_fd(session.get(), peer.number());
    if (SSL_accept(session.get()) != 1) return;
    const auto request = read_head(session.get());
    if (request.empty() || !write_all(session.get(), net::test::handshake_accepted(request)))
      return;
    for (std::size_t i = 0; !ended_; ++i) {
      if (has_once_.exchange(false) && !write_all(session.get(), once_)) return;
      if (!write_all(session.get(), frames_[i % frames_.size()])) return;
    }
  }

  TlsContext context_;
  Socket door_;
  std::vector<std::string> frames_;
  std::string once_;
  std::atomic<bool> has_once_ = false;
  std::atomic<bool> ended_ = false;
  std::thread thread_;
};

}  // namespace hmt::runtime::bench
