#include "net/http_session.h"

#include <algorithm>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/websocket/rfc6455.hpp>
#include <optional>
#include <utility>

#include "net/gzip.h"
#include "net/last_chunk.h"
#include "net/loop_core.h"
#include "net/web_socket_core.h"

namespace hmt::net {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;

constexpr std::size_t header_lines_max = 100;
// How much of a refused request is read and thrown away, and for how long, so that the refusal is
// not lost to a reset connection.
constexpr std::size_t discarded_bytes_max = 1 << 20;
constexpr auto discard_time = std::chrono::seconds(2);

int status_of(const ErrorCode& error) {
  if (error == http::error::header_limit) return 431;
  if (error == http::error::body_limit) return 413;
  return 400;
}

// Two readers that disagree about where a request ends is how requests are smuggled: only the one
// plain form of each is taken.
bool is_framed_plainly(const http::request<http::string_body>& request) {
  const auto lengths = request.count(http::field::content_length);
  const auto encodings = request.count(http::field::transfer_encoding);
  if (lengths + encodings > 1) return false;
  if (encodings == 0) {
    const auto length = request[http::field::content_length];
    return std::ranges::all_of(length, [](char c) { return c >= '0' && c <= '9'; });
  }
  return request.version() == 11 &&
         beast::iequals(request[http::field::transfer_encoding], "chunked");
}

bool is_acceptable(const http::request<http::string_body>& request) {
  const auto hosts = request.count(http::field::host);
  return is_framed_plainly(request) && hosts <= 1 && (hosts == 1 || request.version() == 10) &&
         !request.target().empty() && request.target().front() == '/';
}

HttpRequest to_request(const http::request<http::string_body>& parsed) {
  HttpRequest out;
  out.method = std::string(parsed.method_string());
  out.target = std::string(parsed.target());
  for (const auto& line : parsed) {
    out.headers.emplace_back(std::string(line.name_string()), std::string(line.value()));
  }
  return out;
}

}  // namespace

struct Session::Parsing {
  http::request_parser<http::string_body> parser;
};

struct Responder::State {
  std::weak_ptr<Session> session;
  bool answered = false;

  ~State() {
    const auto left = take();
    if (left) left->give_up();
  }
  // The session, for the one answer.
  std::shared_ptr<Session> take() {
    return std::exchange(answered, true) ? nullptr : session.lock();
  }
};

void Responder::send(HttpResponse response) {
  const auto session = state_->take();
  if (session) session->respond(std::move(response));
}

void Responder::send_truncated(HttpResponse response, std::size_t bytes) {
  const auto session = state_->take();
  if (session) session->respond(response, std::min(bytes, response.body.size()));
}

void Responder::reset() {
  const auto session = state_->take();
  if (session) session->reset();
}

void Responder::leave_hanging() {
  const auto session = state_->take();
  if (session) session->leave_hanging();
}

WebSocket Responder::accept_web_socket(WebSocketHandlers handlers, WebSocketOptions options) {
  const auto session = state_->take();
  if (!session) return {};
  return session->become_web_socket(std::move(handlers), std::move(options));
}

Session::Session(Loop& loop, const ServerLimits& limits, asio::ip::tcp::socket socket,
                 std::string peer, std::weak_ptr<SessionOwner> owner)
    : loop_(loop),
      limits_(limits),
      stream_(std::make_shared<Stream>(std::move(socket))),
      peer_(std::move(peer)),
      owner_(std::move(owner)),
      timer_(loop.core().io) {}

Session::~Session() = default;

void Session::start(const TlsContext& tls) {
  if (!tls) {
    arm(limits_.idle_timeout);
    return read();
  }
  arm(limits_.header_timeout);
  stream_->shake_hands(tls, {}, [self = shared_from_this()](const std::string& failure) {
    if (self->closed_) return;
    if (!failure.empty()) return self->close();
    self->arm(self->limits_.idle_timeout);
    self->read();
  });
}

void Session::close() {
  if (std::exchange(closed_, true)) return;
  timer_.cancel();
  if (stage_ == Stage::web_socket) {
    web_socket_.drop();
  } else {
    stream_->close();
  }
  if (const auto owner = owner_.lock()) owner->forget(shared_from_this());
}

void Session::reset() {
  if (closed_) return;
  stream_->reset();
  close();
}

void Session::arm(base::Duration limit) {
  timer_.expires_after(limit);
  timer_.async_wait([weak = weak_from_this()](ErrorCode error) {
    const auto self = weak.lock();
    if (!error && self && !self->closed_) self->on_timeout();
  });
}

void Session::on_timeout() {
  // Cancelled too late, by a request that reached the handler in the same turn.
  if (stage_ == Stage::handling || stage_ == Stage::hanging || stage_ == Stage::web_socket) return;
  if (stage_ == Stage::head || stage_ == Stage::body) return refuse(408);
  close();
}

void Session::read() {
  if (reading_ || closed_) return;
  reading_ = true;
  stream_->async_read_some(asio::buffer(chunk_),
                           [self = shared_from_this()](ErrorCode error, std::size_t count) {
                             self->reading_ = false;
                             if (!self->closed_) self->on_read(error, count);
                           });
}

void Session::on_read(ErrorCode error, std::size_t count) {
  if (error) {
    // A peer may finish sending and still wait for its answer; any other end is the end.
    if (error != asio::error::eof) return close();
    peer_finished_ = true;
  }
  if (stage_ == Stage::hanging) return peer_finished_ ? close() : read();
  if (stage_ == Stage::discarding) {
    discarded_ += count;
    if (peer_finished_ || discarded_ > discarded_bytes_max) return close();
    return read();
  }
  received_.append(chunk_.data(), count);
  // What comes early, while a request is answered, waits its turn.
  if (stage_ == Stage::idle || stage_ == Stage::head || stage_ == Stage::body) proceed();
}

// Goes on with what was received, until it needs more or a request is complete.
void Session::proceed() {
  if (stage_ == Stage::idle && !begin_request()) return;
  if (!feed()) return;
  if (stage_ == Stage::head) {
    if (parsing_->parser.is_header_done()) {
      if (!accept_head()) return;
      if (!feed()) return;
    }
  }
  if (stage_ == Stage::body && parsing_->parser.is_done()) return dispatch();
  if (peer_finished_) return close();
  read();
}

bool Session::begin_request() {
  // Some clients end a body with a line too many.
  received_.erase(0, std::min(received_.find_first_not_of("\r\n"), received_.size()));
  if (received_.empty()) {
    if (peer_finished_) {
      close();
    } else {
      read();
    }
    return false;
  }
  parsing_ = std::make_unique<Parsing>();
  parsing_->parser.header_limit(static_cast<std::uint32_t>(limits_.header_bytes_max));
  parsing_->parser.body_limit(limits_.body_bytes_max);
  stage_ = Stage::head;
  head_bytes_ = 0;
  arm(limits_.header_timeout);
  return true;
}

// Gives the parser all that it will take at this stage. False: the request was refused.
bool Session::feed() {
  auto& parser = parsing_->parser;
  parser.eager(stage_ == Stage::body);
  const auto is_finished = [&] {
    return stage_ == Stage::head ? parser.is_header_done() : parser.is_done();
  };
  while (!received_.empty() && !is_finished()) {
    if (is_short_of_a_last_chunk(parser, received_.size())) break;
    ErrorCode error;
    const auto taken = parser.put(asio::buffer(received_), error);
    received_.erase(0, taken);
    if (stage_ == Stage::head) head_bytes_ += taken;
    if (error == http::error::need_more) break;
    if (error) {
      refuse(status_of(error));
      return false;
    }
  }
  return true;
}

bool Session::accept_head() {
  const auto& head = parsing_->parser.get();
  if (!is_acceptable(head)) {
    refuse(400);
    return false;
  }
  // The parser's own limit depends on how the bytes were cut on their way.
  if (head_bytes_ > limits_.header_bytes_max ||
      std::distance(head.begin(), head.end()) > static_cast<std::ptrdiff_t>(header_lines_max)) {
    refuse(431);
    return false;
  }
  // Taken now, so that the trailer of a chunked body cannot pose as a header.
  request_ = to_request(head);
  wants_web_socket_ = beast::websocket::is_upgrade(head);
  after_ = parsing_->parser.keep_alive() ? AfterAnswer::keep : AfterAnswer::close;
  stage_ = Stage::body;
  arm(limits_.idle_timeout);
  if (beast::iequals(head[http::field::expect], "100-continue") && received_.empty()) {
    output_ += "HTTP/1.1 100 Continue\r\n\r\n";
    write();
  }
  return true;
}

void Session::dispatch() {
  const auto owner = owner_.lock();
  if (!owner) return close();
  timer_.cancel();
  stage_ = Stage::handling;
  request_.body = std::move(parsing_->parser.get().body());
  // To notice a peer that leaves; a WebSocket does its own reading.
  if (!wants_web_socket_ && received_.empty() && !peer_finished_) read();
  auto state = std::make_shared<Responder::State>();
  state->session = weak_from_this();
  const bool wanted = wants_web_socket_;
  // The method stays here: it decides about the answer's body.
  Incoming incoming{request_, peer_, wanted};
  owner->handle(std::move(incoming), Responder(std::move(state)));
}

void Session::respond(HttpResponse response) {
  if (closed_ || stage_ != Stage::handling) return;
  if (limits_.gzip_from_bytes > 0) {
    compress_for(header(request_.headers, "Accept-Encoding"), limits_.gzip_from_bytes, response);
  }
  answer(response, response.body.size(), after_);
}

void Session::respond(const HttpResponse& response, std::size_t body_bytes) {
  if (closed_ || stage_ != Stage::handling) return;
  answer(response, body_bytes, after_);
}

void Session::leave_hanging() {
  if (closed_ || stage_ != Stage::handling) return;
  stage_ = Stage::hanging;
  if (peer_finished_) return close();
  read();
}

WebSocket Session::become_web_socket(WebSocketHandlers handlers, WebSocketOptions options) {
  if (closed_ || stage_ != Stage::handling || !wants_web_socket_) return {};
  stage_ = Stage::web_socket;
  stream_->unread(std::exchange(received_, {}));
  // Weak: the socket and this session would otherwise keep each other for ever.
  web_socket_ = accept_on_stream(loop_, stream_, request_, std::move(handlers), std::move(options),
                                 [weak = weak_from_this()] {
                                   if (const auto self = weak.lock()) self->close();
                                 });
  return web_socket_;
}

HttpResponse Session::refusal(int status) const {
  const auto owner = owner_.lock();
  return owner ? owner->refusal(status) : HttpResponse{status, {}, {}};
}

void Session::give_up() {
  const auto response = refusal(500);
  respond(response, response.body.size());
}

void Session::refuse(int status) {
  request_.method.clear();
  const auto response = refusal(status);
  answer(response, response.body.size(), AfterAnswer::close);
}

void Session::answer(const HttpResponse& response, std::size_t body_bytes, AfterAnswer after) {
  const bool whole = body_bytes >= response.body.size();
  after_ = whole ? after : AfterAnswer::close;
  stage_ = Stage::answering;
  output_ += response_head(response, after_);
  if (has_body(response, request_.method == "HEAD")) output_.append(response.body, 0, body_bytes);
  write();
}

void Session::write() {
  if (writing_ || closed_) return;
  writing_ = true;
  if (stage_ == Stage::answering) arm(limits_.idle_timeout);
  stream_->async_write_some(
      asio::const_buffer(output_.data() + written_, output_.size() - written_),
      [self = shared_from_this()](ErrorCode error, std::size_t count) {
        self->writing_ = false;
        if (!self->closed_) self->on_written(error, count);
      });
}

void Session::on_written(ErrorCode error, std::size_t count) {
  if (error) return close();
  written_ += count;
  if (written_ < output_.size()) return write();
  output_.clear();
  written_ = 0;
  if (stage_ != Stage::answering) return;
  if (after_ == AfterAnswer::close || peer_finished_) return discard_the_rest();
  stage_ = Stage::idle;
  arm(limits_.idle_timeout);
  proceed();
}

void Session::discard_the_rest() {
  stage_ = Stage::discarding;
  ErrorCode ignored;
  stream_->socket().shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
  if (peer_finished_) return close();
  arm(discard_time);
  read();
}

}  // namespace hmt::net
