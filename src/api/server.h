#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/auth.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "runtime/desk.h"
#include "store/store.h"
#include "ui/pages.h"

// The HTTP and WebSocket face of the engine (contract 3; openapi.json is its reference).
namespace hmt::api {

// Where users change a password for a token: a GoTrue endpoint, and its publishable key.
struct PasswordSignIn {
  std::string url;     // without a slash at its end
  std::string key;     // anybody may know it
  std::string origin;  // of `url`: "https://project.supabase.co"
};

struct ApiConfig {
  std::string admin_token;  // single-user mode; not used with an `authenticator`
  std::string version;
  std::string build;
  // Host names, without port, to answer to besides 127.0.0.1, localhost, [::1] and the one that is
  // listened on.
  std::vector<std::string> allowed_hosts;
  // Pages of other sites that may write, such as a development server: "http://localhost:5173".
  std::vector<std::string> allowed_origins;
  std::function<std::string()> metrics_text;     // Prometheus text 0.0.4
  std::unique_ptr<Authenticator> authenticator;  // of users' JWTs; none: the admin token
  const ui::Pages* pages = nullptr;              // the screens; none: a plain status page
  std::optional<PasswordSignIn> password;        // none: tokens are pasted
  std::size_t connections_max = net::ServerLimits{}.connections_max;
};

// Thread rule: the loop's thread, or before the loop runs; the reader is used there alone, and the
// desk must answer there. The desk outlives the server.
class Server {
 public:
  Server(net::Loop& loop, runtime::Desk& desk, std::unique_ptr<store::Reader> reader,
         ApiConfig config);
  ~Server();

  // "127.0.0.1:8080"; port 0 picks a free one. Returns the address with the port that it got.
  // Errors: invalid, unavailable.
  base::Result<std::string> listen(const std::string& address);

  void stop_accepting();
  void close_all();  // streams end with 1001

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace hmt::api
