#pragma once
#include <boost/asio/ip/tcp.hpp>
#include <fcntl.h>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

#include "net/loop_core.h"

// For fuzz targets: a connection without a network, whose far end is in the same thread. Nothing
// waits, so that an input always leads the same way, thousands of times a second.
namespace hmt::net::test {

class Pair {
 public:
  explicit Pair(Loop& loop) : loop_(loop) {
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) != 0) std::abort();
    near_ = ends[0];
    far_ = ends[1];
  }
  Pair(const Pair&) = delete;
  ~Pair() {
    if (near_ >= 0) ::close(near_);
    ::close(far_);
  }

  // Gives the near end away, as if it were a TCP connection.
  void become(boost::asio::ip::tcp::socket& socket) {
    socket.assign(boost::asio::ip::tcp::v4(), std::exchange(near_, -1));
  }

  // Lets the loop do all that it can without waiting.
  void settle() {
    auto& io = loop_.core().io;
    do {
      io.restart();
    } while (io.poll() > 0);
    take();
  }

  // `step` bytes at a time, the loop running between them; then the far end has said it all.
  void say(std::string_view bytes, std::size_t step) {
    settle();
    while (!bytes.empty()) {
      const auto part = bytes.substr(0, step);
      bytes.remove_prefix(part.size());
      if (::send(far_, part.data(), part.size(), MSG_NOSIGNAL) < 0) break;  // closed to us
      settle();
    }
    ::shutdown(far_, SHUT_WR);
    settle();
  }

  // What the far end has been told.
  const std::string& heard() const { return heard_; }

 private:
  void take() {
    char chunk[4096];
    for (;;) {
      const auto count = ::recv(far_, chunk, sizeof chunk, 0);
      if (count <= 0) return;
      heard_.append(chunk, static_cast<std::size_t>(count));
      // Room was made: what waits to be written can go on.
      loop_.core().io.restart();
      loop_.core().io.poll();
    }
  }

  Loop& loop_;
  int near_ = -1;
  int far_ = -1;
  std::string heard_;
};

}  // namespace hmt::net::test
