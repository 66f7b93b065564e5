#pragma once
#include <array>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <string>

#include "net/http_server.h"
#include "net/http_wire.h"
#include "net/stream.h"

// For the .cpp files of this room only.
namespace hmt::net {

class Session;

class SessionOwner {
 public:
  virtual ~SessionOwner() = default;
  virtual void handle(Incoming incoming, Responder responder) = 0;
  // What a peer is told whose request never reaches the handler, or is not answered by it.
  virtual HttpResponse refusal(int status) = 0;
  virtual void forget(const std::shared_ptr<Session>& session) = 0;
};

// One connection to the server: requests one after the other, until it is closed, reset or becomes
// a WebSocket. At most one read and one write are under way.
class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(Loop& loop, const ServerLimits& limits, asio::ip::tcp::socket socket, std::string peer,
          std::weak_ptr<SessionOwner> owner);
  ~Session();

  void start(const TlsContext& tls);
  void close();
  void reset();

  // Of a Responder; with `body_bytes` fewer of the body are sent than promised.
  void respond(HttpResponse response);
  void respond(const HttpResponse& response, std::size_t body_bytes);
  void leave_hanging();
  void give_up();  // nobody answered the request
  WebSocket become_web_socket(WebSocketHandlers handlers, WebSocketOptions options);

 private:
  enum class Stage : std::uint8_t {
    idle,        // between requests
    head,        // a request has begun
    body,        // its head is complete and acceptable
    handling,    // the handler has it
    answering,   // the answer is being written
    hanging,     // no answer is ever to come
    discarding,  // the last answer is out: what still comes in is thrown away
    web_socket,
  };
  struct Parsing;

  void arm(base::Duration limit);
  void on_timeout();
  void read();
  void on_read(ErrorCode error, std::size_t count);
  void proceed();
  bool begin_request();
  bool feed();
  bool accept_head();
  void dispatch();
  HttpResponse refusal(int status) const;
  void refuse(int status);
  void answer(const HttpResponse& response, std::size_t body_bytes, AfterAnswer after);
  void write();
  void on_written(ErrorCode error, std::size_t count);
  void discard_the_rest();

  Loop& loop_;
  ServerLimits limits_;
  std::shared_ptr<Stream> stream_;
  std::string peer_;
  std::weak_ptr<SessionOwner> owner_;
  asio::steady_timer timer_;
  std::unique_ptr<Parsing> parsing_;
  HttpRequest request_;
  WebSocket web_socket_;

  std::array<char, 8192> chunk_;
  std::string received_;  // and not yet parsed
  std::string output_;
  std::size_t written_ = 0;
  std::size_t discarded_ = 0;
  std::size_t head_bytes_ = 0;  // of the request that is read
  Stage stage_ = Stage::idle;
  AfterAnswer after_ = AfterAnswer::keep;
  bool wants_web_socket_ = false;
  bool reading_ = false;
  bool writing_ = false;
  bool peer_finished_ = false;
  bool closed_ = false;
};

}  // namespace hmt::net
