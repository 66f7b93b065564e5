#pragma once
#include <functional>
#include <memory>
#include <string>

#include "net/http.h"
#include "net/loop.h"

// An HTTP client for one origin that never repeats a request by itself, follows no redirect, and
// uses no proxy. Thread rule: its loop's thread. Limits: ClientOptions; what is past them fails
// with `exhausted`.
namespace hmt::net {

struct ClientOptions {
  base::Duration connect_timeout = std::chrono::seconds(2);
  base::Duration total_timeout = std::chrono::seconds(30);
  std::size_t body_bytes_max = 64 << 20;
  std::size_t connections_max = 4;    // of `get`, kept alive and reused
  std::size_t spare_connections = 1;  // of `send_once`: opened ahead, each used once
  base::Duration spare_age_max = std::chrono::seconds(20);
  std::string ca_file = {};  // PEM; empty: the system's store. Certificates are always verified.
};

// How far a request got, for one whose repetition would cost money.
enum class Reach : std::uint8_t {
  answered,  // `response` is whole
  not_sent,  // no byte of the request was given to the connection
  broken,    // bytes may have left; no whole answer
};

struct HttpOutcome {
  Reach reach = Reach::not_sent;
  HttpResponse response;
  std::string error;        // why not answered, in words; never a URL with its query
  base::Instant sent_at{};  // the last moment a byte of the request could have left
};

using HttpDone = std::move_only_function<void(HttpOutcome)>;

class HttpClient {
 public:
  HttpClient(Loop& loop, Origin origin, ClientOptions options);
  ~HttpClient();  // outstanding requests end with `broken` or `not_sent`, on the loop, before it
                  // returns

  // Requests without effect (GET): on a kept connection when there is one. A reused connection that
  // dies before the first byte of an answer makes the outcome `broken`; the caller decides about
  // asking again.
  void get(HttpRequest request, HttpDone done);

  // Requests with an effect: on a connection that has carried no request before and will carry no
  // other. `last_check` runs immediately before the first byte is written, which is within this
  // call when a spare connection is at hand; false means `not_sent`. `done` never runs within it.
  void send_once(HttpRequest request, std::move_only_function<bool()> last_check, HttpDone done);

  // Opens the spare connections now, so that the first `send_once` need not wait for a handshake,
  // and keeps them fresh.
  void keep_spares_warm();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace hmt::net
