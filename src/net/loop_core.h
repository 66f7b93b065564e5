#pragma once
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <string>

#include "net/loop.h"

namespace boost::asio::ssl {
class context;
}

// The Asio side of a Loop: for the .cpp files of this room only.
namespace hmt::net {

struct Loop::Core {
  struct Timer {
    boost::asio::steady_timer timer;
    agent::Task task;
  };

  boost::asio::io_context io{1};
  std::map<agent::TimerId, Timer> timers;
  agent::TimerId next_timer = 1;
  bool closing = false;  // being destroyed: what still calls in is ignored
  // Reading the system's certificates takes milliseconds, so each store is read once. Key: CA file.
  std::map<std::string, std::shared_ptr<boost::asio::ssl::context>> tls_clients;
};

}  // namespace hmt::net
