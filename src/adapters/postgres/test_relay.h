#pragma once
#include <arpa/inet.h>
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <mutex>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

// A relay between libpq and the server that knows where their messages end, so that the link can be
// cut before each of them, in both directions.
namespace hmt::postgres {

class Relay {
 public:
  // Stands before the server at 127.0.0.1:`port`.
  explicit Relay(std::uint16_t port) : server_port_(port) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    auto address = loopback(0);
    EXPECT_EQ(::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::listen(listener_, 16), 0);
    socklen_t size = sizeof address;
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    acceptor_ = std::thread([this] { accept_all(); });
  }
  ~Relay() {
    stopping_ = true;
    acceptor_.join();
    for (auto& each : pairs_) each.join();
    ::close(listener_);
  }
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  std::uint16_t port() const { return port_; }
  // From now on: the `count`-th message is not passed on, and its connection is cut.
  void cut_before(int count) {
    countdown_ = count;
    was_cut_ = false;
  }
  void pass_all() { countdown_ = 0; }
  bool was_cut() const { return was_cut_; }
  // Nothing passes any more, and nobody is told: a network that swallows everything.
  void swallow(bool swallowing) { swallowing_ = swallowing; }

 private:
  struct Side {
    int from = -1;
    int to = -1;
    std::string kept{};      // of a message that is not whole yet
    bool has_types = false;  // a message begins with its type; the client's first has none
  };

  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    out.sin_port = htons(port);
    return out;
  }

  void accept_all() {
    while (!stopping_) {
      pollfd one{listener_, POLLIN, 0};
      if (::poll(&one, 1, 20) <= 0) continue;
      const int client = ::accept(listener_, nullptr, nullptr);
      if (client < 0) continue;
      const int server = ::socket(AF_INET, SOCK_STREAM, 0);
      auto address = loopback(server_port_);
      const int at_once = 1;
      for (const int each : {client, server}) {
        ::setsockopt(each, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof at_once);
      }
      EXPECT_EQ(::connect(server, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
      pairs_.emplace_back([this, client, server] { relay(client, server); });
    }
  }

  void relay(int client, int server) {
    Side up{.from = client, .to = server, .has_types = false};
    Side down{.from = server, .to = client, .has_types = true};
    while (!stopping_) {
      pollfd both[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
      if (::poll(both, 2, 20) <= 0 || swallowing_) {
        if (swallowing_) ::usleep(1000);
        continue;
      }
      if (both[0].revents != 0 && !pass(up)) break;
      if (both[1].revents != 0 && !pass(down)) break;
    }
    ::close(client);
    ::close(server);
  }

  bool pass(Side& side) {
    char buffer[65536];
    const auto got = ::recv(side.from, buffer, sizeof buffer, 0);
    if (got <= 0) return false;
    side.kept.append(buffer, static_cast<std::size_t>(got));
    while (true) {
      const auto size = message_size(side);
      if (size == 0 || side.kept.size() < size) return true;
      if (countdown_ > 0 && --countdown_ == 0) {
        was_cut_ = true;
        return false;
      }
      const auto sent = ::send(side.to, side.kept.data(), size, MSG_NOSIGNAL);
      if (sent != static_cast<ssize_t>(size)) return false;
      side.kept.erase(0, size);
      side.has_types = true;
    }
  }

  // 0: not known yet.
  static std::size_t message_size(const Side& side) {
    const std::size_t type = side.has_types ? 1 : 0;
    if (side.kept.size() < type + 4) return 0;
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      size = size << 8 | static_cast<unsigned char>(side.kept[type + i]);
    }
    return size + type;
  }

  const std::uint16_t server_port_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> swallowing_ = false;
  std::atomic<int> countdown_ = 0;
  std::atomic<bool> was_cut_ = false;
  std::thread acceptor_;
  std::vector<std::thread> pairs_;
};

}  // namespace hmt::postgres
