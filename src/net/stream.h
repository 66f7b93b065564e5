#pragma once
#include <array>
#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/role.hpp>
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"
#include "net/loop.h"

namespace boost::asio::ssl {
class context;
}

// For the .cpp files of this room only.
namespace hmt::net {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;
using TlsContext = std::shared_ptr<asio::ssl::context>;

// One TCP connection, with TLS or without: which is decided at run time, so that Beast's templates
// are compiled once. Satisfies Beast's AsyncStream. Held by shared pointers: an operation under way
// keeps it, because TLS touches it once more when the operation ends.
class Stream : public std::enable_shared_from_this<Stream> {
 public:
  using executor_type = asio::ip::tcp::socket::executor_type;
  using Handler = std::move_only_function<void(ErrorCode, std::size_t)>;
  static constexpr std::size_t buffers_max = 16;

  explicit Stream(asio::ip::tcp::socket socket);
  ~Stream();
  Stream(const Stream&) = delete;

  executor_type get_executor() { return socket_.get_executor(); }
  asio::ip::tcp::socket& socket() { return socket_; }
  bool is_tls() const { return tls_ != nullptr; }
  bool is_closed() const { return closed_; }

  // `host` empty: the server's side. Otherwise the peer must prove that it is `host`.
  // `done` gets the reason of a failure, empty on success.
  void shake_hands(const TlsContext& context, const std::string& host,
                   std::move_only_function<void(std::string)> done);

  void close();  // final; pending operations end with an error
  void reset();  // as `close`, and what was not yet sent is thrown away (RST)

  // False when the peer is known to be gone, or a plain peer spoke out of turn. Costs one poll.
  bool is_quiet_and_open();

  // As much as can be had without waiting, at most what fits; 0: nothing now, or an error that the
  // next read will tell. REQUIRES: no read and no write under way.
  std::size_t read_now(asio::mutable_buffer into);

  // Makes the next reads start with these bytes.
  void unread(std::string bytes) { unread_ = std::move(bytes); }

  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const Buffers& into) {
          read_some(gather<asio::mutable_buffer>(into), std::move(handler));
        },
        token, buffers);
  }

  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return asio::async_initiate<Token, void(ErrorCode, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          write_some(gather<asio::const_buffer>(from), std::move(handler));
        },
        token, buffers);
  }

 private:
  struct Tls;
  template <class Buffer>
  using Buffers = std::array<Buffer, buffers_max>;

  template <class Buffer, class Sequence>
  static Buffers<Buffer> gather(const Sequence& sequence) {
    Buffers<Buffer> out{};
    std::size_t count = 0;
    const auto end = asio::buffer_sequence_end(sequence);
    for (auto at = asio::buffer_sequence_begin(sequence); at != end && count < out.size(); ++at) {
      const Buffer buffer(*at);
      if (buffer.size() != 0) out[count++] = buffer;
    }
    return out;
  }

  Handler keeping_this(Handler handler);
  void read_some(const Buffers<asio::mutable_buffer>& into, Handler handler);
  void write_some(const Buffers<asio::const_buffer>& from, Handler handler);

  asio::ip::tcp::socket socket_;
  std::unique_ptr<Tls> tls_;
  std::string unread_;
  bool closed_ = false;
};

// Beast finds these by name when a WebSocket ends: the close frames have been exchanged.
template <class Handler>
void async_teardown(boost::beast::role_type, Stream& stream, Handler&& handler) {
  ErrorCode ignored;
  stream.socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  asio::post(stream.get_executor(),
             [handler = std::forward<Handler>(handler)]() mutable { handler(ErrorCode()); });
}
inline void beast_close_socket(Stream& stream) {
  stream.close();
}

// TLS 1.2 or newer, the peer's certificate verified. Errors: unavailable.
base::Result<TlsContext> client_tls(Loop& loop, const std::string& ca_file);
// Errors: invalid.
base::Result<TlsContext> server_tls(const std::string& certificate_file,
                                    const std::string& key_file);

// Resolves, connects and, for TLS, shakes hands. `done` gets the reason of a failure, empty on
// success; never inside this call. The caller bounds the time, by closing the stream.
void open_stream(Loop& loop, std::shared_ptr<Stream> stream, const Origin& origin,
                 const std::string& ca_file, std::move_only_function<void(std::string)> done);

// "host" or "host:port" as the Host header wants it.
std::string host_header(const Origin& origin);

// The last moment at which a byte given to this socket could have left this machine, when nothing
// more is going to: asks the kernel. Never before `written_at`, never after `now`.
base::Instant last_byte_left(asio::ip::tcp::socket& socket, base::Instant written_at,
                             base::Instant now);

}  // namespace hmt::net
