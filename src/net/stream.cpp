#include "net/stream.h"

#include <algorithm>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <linux/sockios.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <utility>

#include "net/loop_core.h"

namespace hmt::net {
namespace {

namespace ssl = asio::ssl;
using asio::ip::tcp;

bool is_address(const std::string& host) {
  ErrorCode error;
  asio::ip::make_address(host, error);
  return !error;
}

// Makes the handshake fail unless the certificate is for `host`.
bool expect_host(SSL* session, const std::string& host) {
  SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  if (is_address(host)) {
    return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host.c_str()) == 1;
  }
  return SSL_set_tlsext_host_name(session, host.c_str()) == 1 &&
         SSL_set1_host(session, host.c_str()) == 1;
}

std::string handshake_failure(SSL* session, const ErrorCode& error) {
  const auto verified = SSL_get_verify_result(session);
  if (verified != X509_V_OK) {
    return std::string("the TLS certificate is not accepted: ") +
           X509_verify_cert_error_string(verified);
  }
  return "the TLS handshake failed: " + error.message();
}

void require_modern_tls(ssl::context& context) {
  SSL_CTX_set_min_proto_version(context.native_handle(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.native_handle(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
}

// The way to one open connection: addresses one after the other, then TLS.
struct Opening : std::enable_shared_from_this<Opening> {
  Opening(Loop& a_loop, std::shared_ptr<Stream> a_stream)
      : loop(a_loop), stream(std::move(a_stream)), resolver(a_loop.core().io) {}

  void start() {
    ErrorCode not_numeric;
    const auto address = asio::ip::make_address(origin.host, not_numeric);
    if (!not_numeric) {
      addresses = {tcp::endpoint(address, origin.port)};
    } else if (origin.is_loopback()) {
      // By hand: no name server may send what is for this machine elsewhere.
      addresses = {tcp::endpoint(asio::ip::address_v4::loopback(), origin.port),
                   tcp::endpoint(asio::ip::address_v6::loopback(), origin.port)};
    } else {
      return resolve();
    }
    loop.post([self = shared_from_this()] { self->connect_next("no address"); });
  }

  void resolve() {
    resolver.async_resolve(origin.host, std::to_string(origin.port), tcp::resolver::numeric_service,
                           [self = shared_from_this()](const ErrorCode& error, auto results) {
                             for (const auto& entry : results) {
                               self->addresses.push_back(entry.endpoint());
                             }
                             self->connect_next("the name cannot be resolved: " + error.message());
                           });
  }

  void connect_next(std::string last_failure) {
    if (stream->is_closed()) return done("given up");
    if (next == addresses.size()) return done(std::move(last_failure));
    ErrorCode ignored;
    stream->socket().close(ignored);
    stream->socket().async_connect(
        addresses[next++], [self = shared_from_this()](const ErrorCode& error) {
          if (error) return self->connect_next("cannot connect: " + error.message());
          self->connected();
        });
  }

  void connected() {
    if (stream->is_closed()) return done("given up");
    ErrorCode ignored;
    stream->socket().set_option(tcp::no_delay(true), ignored);
    if (!origin.tls) return done({});
    const auto context = client_tls(loop, ca_file);
    if (!context) return done(context.error().message);
    stream->shake_hands(*context, origin.host, [self = shared_from_this()](std::string failure) {
      if (failure.empty() && self->stream->is_closed()) failure = "given up";
      self->done(std::move(failure));
    });
  }

  Loop& loop;
  std::shared_ptr<Stream> stream;
  Origin origin;
  std::string ca_file;
  std::move_only_function<void(std::string)> done;
  tcp::resolver resolver;
  std::vector<tcp::endpoint> addresses;
  std::size_t next = 0;
};

}  // namespace

struct Stream::Tls {
  Tls(tcp::socket& socket, ssl::context& context) : stream(socket, context) {}
  ssl::stream<tcp::socket&> stream;
};

Stream::Stream(tcp::socket socket) : socket_(std::move(socket)) {}

Stream::~Stream() = default;

void Stream::shake_hands(const TlsContext& context, const std::string& host,
                         std::move_only_function<void(std::string)> done) {
  tls_ = std::make_unique<Tls>(socket_, *context);
  auto* session = tls_->stream.native_handle();
  if (!host.empty() && !expect_host(session, host)) {
    return asio::post(socket_.get_executor(), [done = std::move(done)]() mutable {
      done("the TLS library does not take this host name");
    });
  }
  tls_->stream.async_handshake(
      host.empty() ? ssl::stream_base::server : ssl::stream_base::client,
      [self = shared_from_this(), session, done = std::move(done)](const ErrorCode& error) mutable {
        done(error ? handshake_failure(session, error) : std::string());
      });
}

void Stream::close() {
  closed_ = true;
  ErrorCode ignored;
  socket_.close(ignored);
}

void Stream::reset() {
  ErrorCode ignored;
  socket_.set_option(asio::socket_base::linger(true, 0), ignored);
  close();
}

bool Stream::is_quiet_and_open() {
  if (closed_ || !socket_.is_open()) return false;
  pollfd state{socket_.native_handle(), POLLIN | POLLRDHUP, 0};
  if (::poll(&state, 1, 0) < 0) return false;
  if ((state.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0) return false;
  // A TLS server may send session tickets whenever it likes; a plain one has nothing to say yet.
  return is_tls() || (state.revents & POLLIN) == 0;
}

Stream::Handler Stream::keeping_this(Handler handler) {
  return [self = shared_from_this(), handler = std::move(handler)](
             ErrorCode error, std::size_t count) mutable { handler(error, count); };
}

void Stream::read_some(const Buffers<asio::mutable_buffer>& into, Handler handler) {
  if (!unread_.empty()) {
    const auto count = asio::buffer_copy(into, asio::buffer(unread_));
    unread_.erase(0, count);
    return asio::post(get_executor(), [count, handler = std::move(handler)]() mutable {
      handler(ErrorCode(), count);
    });
  }
  if (tls_) {
    tls_->stream.async_read_some(into, keeping_this(std::move(handler)));
  } else {
    socket_.async_read_some(into, std::move(handler));
  }
}

std::size_t Stream::read_now(asio::mutable_buffer into) {
  if (closed_ || !unread_.empty()) return 0;
  ErrorCode error;
  if (!socket_.non_blocking()) socket_.non_blocking(true, error);
  if (error) return 0;
  return tls_ ? tls_->stream.read_some(into, error) : socket_.read_some(into, error);
}

void Stream::write_some(const Buffers<asio::const_buffer>& from, Handler handler) {
  if (tls_) {
    tls_->stream.async_write_some(from, keeping_this(std::move(handler)));
  } else {
    socket_.async_write_some(from, std::move(handler));
  }
}

base::Result<TlsContext> client_tls(Loop& loop, const std::string& ca_file) {
  auto& known = loop.core().tls_clients[ca_file];
  if (known) return known;
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  require_modern_tls(*context);
  ErrorCode error;
  if (ca_file.empty()) {
    context->set_default_verify_paths(error);
  } else {
    context->load_verify_file(ca_file, error);
  }
  if (!error) context->set_verify_mode(ssl::verify_peer, error);
  if (error) {
    return base::fail(base::ErrorKind::unavailable,
                      "the CA certificates cannot be read: " + error.message());
  }
  known = context;
  return context;
}

base::Result<TlsContext> server_tls(const std::string& certificate_file,
                                    const std::string& key_file) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
  require_modern_tls(*context);
  ErrorCode error;
  context->use_certificate_chain_file(certificate_file, error);
  if (error) {
    return base::invalid("tls_certificate",
                         "the TLS certificate cannot be read: " + error.message());
  }
  context->use_private_key_file(key_file, ssl::context::pem, error);
  if (error) return base::invalid("tls_key", "the TLS key cannot be read: " + error.message());
  return context;
}

void open_stream(Loop& loop, std::shared_ptr<Stream> stream, const Origin& origin,
                 const std::string& ca_file, std::move_only_function<void(std::string)> done) {
  auto opening = std::make_shared<Opening>(loop, std::move(stream));
  opening->origin = origin;
  opening->ca_file = ca_file;
  opening->done = std::move(done);
  opening->start();
}

std::string host_header(const Origin& origin) {
  const bool is_ipv6 = origin.host.contains(':');
  auto out = is_ipv6 ? '[' + origin.host + ']' : origin.host;
  if (origin.port != (origin.tls ? 443 : 80)) out += ':' + std::to_string(origin.port);
  return out;
}

base::Instant last_byte_left(tcp::socket& socket, base::Instant written_at, base::Instant now) {
  if (!socket.is_open()) return now;
  int unacknowledged = 0;
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::ioctl(socket.native_handle(), SIOCOUTQ, &unacknowledged) != 0 || unacknowledged != 0 ||
      ::getsockopt(socket.native_handle(), IPPROTO_TCP, TCP_INFO, &info, &size) != 0) {
    return now;
  }
  const auto last_sent = now - std::chrono::milliseconds(info.tcpi_last_data_sent);
  return std::min(std::max(written_at, last_sent), now);
}

}  // namespace hmt::net
