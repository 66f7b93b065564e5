#pragma once
#include <array>
#include <functional>
#include <memory>
#include <string>

#include "net/stream.h"

// For the .cpp files of this room only.
namespace hmt::net {

// A client's connection. It always reads, also while nothing is asked, so that a server that closes
// it is noticed before a request is entrusted to it.
class Link : public std::enable_shared_from_this<Link> {
 public:
  Link(Loop& loop, base::Duration opened_at);

  // Calls `on_bytes` after each read; `error` set: there will be no more. Bytes gather in
  // `received`.
  void start_reading();

  void close();
  void reset();
  bool is_usable();

  std::shared_ptr<Stream> stream;
  std::move_only_function<void(ErrorCode)> on_bytes;
  std::string received;
  base::Duration since;  // steady time: opened, or idle since

 private:
  void tell(ErrorCode error);

  std::array<char, 16384> chunk_;
  bool reading_ = false;
};

}  // namespace hmt::net
