#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "net/stream.h"

// For the .cpp files of this room only.
namespace hmt::net {

// The bytes of a WebSocket client's connection, under Beast, with a short way for what a ticker
// sends thousands of times a minute: binary messages of one whole frame are taken from here, as
// they lie, before Beast sees them. Everything else (text, fragments, control frames, what breaks
// the protocol) is Beast's. So that neither misses what the other has, Beast is never given a byte
// beyond the head of the handshake or the frame that it is reading. A server's connection is passed
// through as it is.
class FrameByFrame {
 public:
  using executor_type = Stream::executor_type;
  using Handler = Stream::Handler;
  enum class Role : std::uint8_t { client, server };

  FrameByFrame(Stream& stream, Role role) : stream_(stream), role_(role) {}
  FrameByFrame(const FrameByFrame&) = delete;

  executor_type get_executor() { return stream_.get_executor(); }
  Stream& stream() { return stream_; }
  bool has_short_way() const { return role_ == Role::client; }

  // The handshake succeeded: what comes from here on is frames.
  void begin_frames() { frames_began_ = true; }

  // What stands at the front, where a frame begins. REQUIRES: has_short_way, no read of Beast's.
  enum class Front : std::uint8_t { message, part_of_message, something_else };
  Front front(std::size_t message_bytes_max) const;
  std::span<const std::uint8_t> message() const;  // REQUIRES: front() is `message`
  void take_message();                            // the same
  // Whether more bytes came, without waiting. REQUIRES: no read and no write under way.
  bool get_now();
  // Gets more bytes; then `done`, unless a read of Beast's has come meanwhile and gets them.
  void get_more(std::move_only_function<void(ErrorCode)> done);

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          if (!has_short_way()) return stream_.async_read_some(into, std::move(handler));
          read_some(first_of(into), std::move(handler));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return stream_.async_write_some(buffers, std::forward<Token>(token));
  }

 private:
  struct Reader {
    asio::mutable_buffer into;
    Handler handler;
  };
  // A read under way; a read of Beast's may join it.
  struct Getting {
    std::optional<Reader> reader;
    std::move_only_function<void(ErrorCode)> done;
  };
  struct Header {
    std::size_t bytes = 0;
    std::size_t payload_bytes = 0;
    bool is_whole_binary = false;  // one unmasked frame, and nothing odd about it
  };

  template <class Buffers>
  static asio::mutable_buffer first_of(const Buffers& buffers) {
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto at = asio::buffer_sequence_begin(buffers); at != end; ++at) {
      if (asio::mutable_buffer(*at).size() > 0) return *at;
    }
    return {};
  }

  std::span<const std::uint8_t> waiting() const {
    return std::span(buffer_).subspan(begin_, end_ - begin_);
  }
  std::optional<Header> header() const;
  std::optional<std::size_t> give_to_beast(asio::mutable_buffer into);
  std::size_t give_of_answer(std::uint8_t* into, std::size_t most);
  std::size_t give_of_frame(std::uint8_t* into, std::size_t most);
  void read_some(asio::mutable_buffer into, Handler handler);
  void get(std::shared_ptr<Getting> getting);
  void got(ErrorCode error, Getting& getting);
  void make_room();

  Stream& stream_;
  const Role role_;
  std::vector<std::uint8_t> buffer_;  // [begin_, end_) was not taken yet
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::size_t head_matched_ = 0;  // bytes of the empty line that ends the handshake's head
  bool frames_began_ = false;
  std::size_t left_of_frame_ = 0;  // of the one that Beast is reading
  std::weak_ptr<Getting> getting_;
};

template <class Handler>
void async_teardown(boost::beast::role_type role, FrameByFrame& frames, Handler&& handler) {
  async_teardown(role, frames.stream(), std::forward<Handler>(handler));
}
inline void beast_close_socket(FrameByFrame& frames) {
  frames.stream().close();
}

}  // namespace hmt::net
