#pragma once
#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <netinet/in.h>
#include <poll.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include "net/loop.h"

// For tests: a loop that runs until something is true, and peers that know nothing of HTTP, on
// blocking sockets and threads of their own.
namespace hmt::net::test {

using namespace std::chrono_literals;

class TestLoop {
 public:
  operator Loop&() { return loop_; }

  // Runs the loop until `done` says so; false when that takes longer than `limit`.
  bool run_until(const std::function<bool()>& done, base::Duration limit = 20s) {
    const auto deadline = loop_.steady() + limit;
    bool in_time = true;
    std::function<void()> look = [&] {
      in_time = loop_.steady() <= deadline;
      if (done() || !in_time) return loop_.stop();
      loop_.after(1ms, [&] { look(); });
    };
    loop_.post([&] { look(); });
    loop_.run();
    return in_time;
  }

  void run_for(base::Duration time) {
    loop_.after(time, [this] { loop_.stop(); });
    loop_.run();
  }

  // Runs the loop while `peer` does blocking work on another thread.
  template <class Work>
  auto with_peer(Work peer) {
    auto result = std::async(std::launch::async, std::move(peer));
    run_until([&] { return result.wait_for(0s) == std::future_status::ready; });
    return result.get();
  }

 private:
  Loop loop_;
};

class RawSocket {
 public:
  explicit RawSocket(int descriptor) : descriptor_(descriptor) {
    // No test waits for ever.
    const timeval patience{10, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }
  RawSocket(RawSocket&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  ~RawSocket() { close(); }

  static RawSocket connect(std::uint16_t port) {
    RawSocket out(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(out.descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address)) {
      out.close();
    }
    return out;
  }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // What one read gives; empty at the end, after a reset or after ten seconds.
  std::string receive() {
    char chunk[4096];
    const auto got = ::recv(descriptor_, chunk, sizeof chunk, 0);
    was_reset_ = got < 0 && errno == ECONNRESET;
    return got > 0 ? std::string(chunk, static_cast<std::size_t>(got)) : std::string();
  }
  std::string receive_until(std::string_view mark) {
    std::string out;
    for (auto more = receive(); !more.empty(); more = receive()) {
      const auto seen = out.size() - std::min(out.size(), mark.size());
      out += more;
      if (out.find(mark, seen) != std::string::npos) break;
    }
    return out;
  }
  std::string receive_all() {
    std::string out;
    for (auto more = receive(); !more.empty(); more = receive()) out += more;
    return out;
  }
  bool was_reset() const { return was_reset_; }
  void finish_sending() { ::shutdown(descriptor_, SHUT_WR); }
  void close() {
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  }
  // Throws unsent bytes away and tells the peer so (RST).
  void reset() {
    const linger at_once{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
  }

 private:
  int descriptor_;
  bool was_reset_ = false;
};

// Accepts connections on a free port and gives each, on a thread of its own, to `script` with its
// number: 1 is the first.
class RawServer {
 public:
  using Script = std::function<void(RawSocket&, int)>;
  explicit RawServer(Script script, int backlog = 16) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size);
    ::listen(listener_, backlog);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    if (script_) acceptor_ = std::jthread([this](const std::stop_token& stop) { serve(stop); });
  }
  ~RawServer() {
    acceptor_ = {};
    peers_.clear();
    ::close(listener_);
  }

  std::uint16_t port() const { return port_; }
  int accepted() const { return accepted_; }

 private:
  void serve(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      pollfd ready{listener_, POLLIN, 0};
      if (::poll(&ready, 1, 5) <= 0) continue;
      const int nth = ++accepted_;
      peers_.emplace_back(
          [this, nth, peer = RawSocket(::accept(listener_, nullptr, nullptr))]() mutable {
            script_(peer, nth);
          });
    }
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<int> accepted_ = 0;
  std::vector<std::jthread> peers_;
  std::jthread acceptor_;
};

// A port on which nothing listens.
inline std::uint16_t closed_port() {
  const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(probe, reinterpret_cast<const sockaddr*>(&address), size);
  ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(probe);
  return ntohs(address.sin_port);
}

}  // namespace hmt::net::test
