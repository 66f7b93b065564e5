#include "net/http_server.h"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <unordered_set>
#include <utility>

#include "net/http_session.h"
#include "net/loop_core.h"
#include "net/stream.h"

namespace hmt::net {
namespace {

using asio::ip::tcp;

// Out of file descriptors, say: trying again at once would only burn the processor.
constexpr auto accept_pause = std::chrono::milliseconds(100);

base::Result<tcp::endpoint> parse_endpoint(const std::string& address) {
  const auto colon = address.rfind(':');
  if (colon == std::string::npos) {
    return base::invalid("address", "a listening address is written like 127.0.0.1:8080");
  }
  auto host = address.substr(0, colon);
  if (host == "localhost") host = "127.0.0.1";
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  std::uint16_t port = 0;
  const auto* end = address.data() + address.size();
  const auto [stop, wrong_port] = std::from_chars(address.data() + colon + 1, end, port);
  ErrorCode wrong_host;
  const auto ip = asio::ip::make_address(host, wrong_host);
  if (wrong_host || wrong_port != std::errc() || stop != end) {
    return base::invalid("address", "'" + address + "' is not an IP address and a port");
  }
  return tcp::endpoint(ip, port);
}

}  // namespace

struct HttpServer::State : SessionOwner, std::enable_shared_from_this<State> {
  State(Loop& a_loop, ServerLimits some_limits, HttpHandler a_handler)
      : loop(a_loop),
        limits(some_limits),
        handler(std::move(a_handler)),
        acceptor(a_loop.core().io),
        pause(a_loop.core().io) {}

  void accept_next();
  void welcome(tcp::socket socket);
  void close_all();

  void handle(Incoming incoming, Responder responder) override {
    if (!stopped) handler(std::move(incoming), std::move(responder));
  }
  HttpResponse refusal(int status) override {
    return refuse ? refuse(status) : HttpResponse{status, {}, {}};
  }
  void forget(const std::shared_ptr<Session>& session) override { sessions.erase(session); }

  Loop& loop;
  ServerLimits limits;
  HttpHandler handler;
  std::function<HttpResponse(int)> refuse;
  tcp::acceptor acceptor;
  asio::steady_timer pause;
  TlsContext tls;
  std::unordered_set<std::shared_ptr<Session>> sessions;
  bool stopped = false;
};

void HttpServer::State::accept_next() {
  acceptor.async_accept([weak = weak_from_this()](ErrorCode error, tcp::socket socket) {
    const auto self = weak.lock();
    if (!self || !self->acceptor.is_open()) return;
    if (!error) {
      self->welcome(std::move(socket));
      return self->accept_next();
    }
    self->pause.expires_after(accept_pause);
    self->pause.async_wait([weak](ErrorCode cancelled) {
      const auto again = weak.lock();
      if (!cancelled && again && again->acceptor.is_open()) again->accept_next();
    });
  });
}

void HttpServer::State::welcome(tcp::socket socket) {
  if (sessions.size() >= limits.connections_max) return;  // `socket` closes
  ErrorCode gone;
  const auto peer = socket.remote_endpoint(gone);
  if (gone) return;
  socket.set_option(tcp::no_delay(true), gone);
  auto session = std::make_shared<Session>(loop, limits, std::move(socket),
                                           peer.address().to_string(), weak_from_this());
  sessions.insert(session);
  session->start(tls);
}

void HttpServer::State::close_all() {
  const auto all = std::exchange(sessions, {});
  for (const auto& session : all) session->close();
}

HttpServer::HttpServer(Loop& loop, ServerLimits limits, HttpHandler handler)
    : state_(std::make_shared<State>(loop, limits, std::move(handler))) {}

HttpServer::~HttpServer() {
  stop_accepting();
  state_->stopped = true;
  close_all();
}

base::Result<void> HttpServer::use_tls(const std::string& certificate_file,
                                       const std::string& key_file) {
  auto context = server_tls(certificate_file, key_file);
  if (!context) return std::unexpected(std::move(context).error());
  state_->tls = std::move(*context);
  return {};
}

void HttpServer::refuse_with(std::function<HttpResponse(int status)> refuse) {
  state_->refuse = std::move(refuse);
}

base::Result<std::string> HttpServer::listen(const std::string& address) {
  const auto endpoint = parse_endpoint(address);
  if (!endpoint) return std::unexpected(endpoint.error());
  auto& acceptor = state_->acceptor;
  ErrorCode error;
  acceptor.open(endpoint->protocol(), error);
  if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor.bind(*endpoint, error);
  if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
  const auto bound = error ? tcp::endpoint() : acceptor.local_endpoint(error);
  if (error) {
    ErrorCode ignored;
    acceptor.close(ignored);
    return base::fail(base::ErrorKind::unavailable,
                      "cannot listen on " + address + ": " + error.message());
  }
  state_->accept_next();
  const auto ip = bound.address().to_string();
  return (bound.address().is_v6() ? '[' + ip + ']' : ip) + ':' + std::to_string(bound.port());
}

void HttpServer::stop_accepting() {
  ErrorCode ignored;
  state_->acceptor.close(ignored);
  state_->pause.cancel();
}

void HttpServer::close_all() {
  state_->close_all();
}

}  // namespace hmt::net
