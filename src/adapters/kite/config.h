#pragma once
#include <mutex>
#include <string>

#include "base/time.h"
#include "net/http.h"

namespace hmt::kite {

struct KiteConfig {
  std::string api_key;
  std::string api_secret;    // a secret
  std::string access_token;  // a secret; may come later, by use_session
  net::Origin rest;          // https://api.kite.trade
  net::Origin ticker;        // wss://ws.kite.trade
  // Where people log in; a simulator has a page of its own.
  std::string login_page = "https://kite.zerodha.com/connect/login";
  std::string ca_file;  // PEM; empty: the system's store

  base::Duration connect_timeout = std::chrono::seconds(2);
  // Long, because an answer that comes after we hung up leaves an order unknown.
  base::Duration order_timeout = std::chrono::seconds(30);
  base::Duration read_timeout = std::chrono::seconds(10);
  base::Duration handshake_timeout = std::chrono::seconds(7);
  base::Duration quote_pause = std::chrono::seconds(1);  // the broker's limit: 1 request a second
  // A dump of fewer instruments is taken for cut short. 0: 10,000 from a broker, 1 from a loopback
  // address, where simulators live.
  std::size_t instrument_rows_min = 0;
};

// The session's token, which orders and prices share although they may run on two threads. A
// session of another app brings that app's key with it.
class AccessToken {
 public:
  explicit AccessToken(std::string token) : token_(std::move(token)) {}

  void use(std::string api_key, std::string token) {
    const std::lock_guard lock(mutex_);
    api_key_ = std::move(api_key);
    token_ = std::move(token);
  }
  std::string api_key_or(const std::string& own) const {
    const std::lock_guard lock(mutex_);
    return api_key_.empty() ? own : api_key_;
  }

  std::string get() const {
    const std::lock_guard lock(mutex_);
    return token_;
  }
  void set(std::string token) {
    const std::lock_guard lock(mutex_);
    token_ = std::move(token);
  }

 private:
  mutable std::mutex mutex_;
  std::string api_key_;  // empty: the app's own
  std::string token_;
};

}  // namespace hmt::kite
