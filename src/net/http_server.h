#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "net/http.h"
#include "net/loop.h"
#include "net/web_socket.h"

// An HTTP/1.1 server with WebSocket upgrades, for our API and for the simulated broker. It bounds
// everything a stranger can send: sizes, counts and times. Thread rule: its loop's thread.
namespace hmt::net {

struct ServerLimits {
  std::size_t connections_max = 2048;       // past it new ones are closed
  std::size_t header_bytes_max = 16 << 10;  // past it 431
  std::size_t body_bytes_max = 64 << 10;    // past it 413
  std::size_t gzip_from_bytes = 0;  // text this large is compressed for those who take it; 0: never
  base::Duration header_timeout = std::chrono::seconds(10);
  base::Duration idle_timeout = std::chrono::seconds(60);
};

// Answers one request, once; may be kept and used later, from the loop's thread. Dropped without an
// answer: 500.
class Responder {
 public:
  struct State;
  explicit Responder(std::shared_ptr<State> state) : state_(std::move(state)) {}

  void send(HttpResponse response);

  // For simulated faults: the head promises the whole body and only `bytes` of it follow; or the
  // connection is reset at once; or nothing is ever answered.
  void send_truncated(HttpResponse response, std::size_t bytes);
  void reset();
  void leave_hanging();

  // A request that asks for a WebSocket. REQUIRES: Incoming::wants_web_socket.
  WebSocket accept_web_socket(WebSocketHandlers handlers, WebSocketOptions options);

 private:
  std::shared_ptr<State> state_;
};

struct Incoming {
  HttpRequest request;
  std::string peer;  // address without port
  bool wants_web_socket = false;
};

using HttpHandler = std::move_only_function<void(Incoming, Responder)>;

class HttpServer {
 public:
  HttpServer(Loop& loop, ServerLimits limits, HttpHandler handler);
  ~HttpServer();

  // Before `listen`: serve HTTPS and WSS with this PEM certificate (with its chain) and key.
  // Errors: invalid.
  base::Result<void> use_tls(const std::string& certificate_file, const std::string& key_file);

  // Before `listen`: how the server's own refusals (400, 408, 413, 431, 500) look; without it they
  // have no body.
  void refuse_with(std::function<HttpResponse(int status)> refuse);

  // "127.0.0.1:8080"; port 0 picks a free one. Returns the address with the port that it got.
  // Errors: invalid, unavailable.
  base::Result<std::string> listen(const std::string& address);
  void stop_accepting();
  void close_all();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hmt::net
