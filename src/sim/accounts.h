#pragma once
#include <cstdint>
#include <deque>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sim/config.h"
#include "sim/rate_meter.h"
#include "sim/refusal.h"

namespace hmt::sim {

// One user with one app, and how fast it has been asking.
struct Account {
  Account(AccountConfig from, const RateLimits& limits);

  AccountConfig config;
  std::string access_token;  // empty: nobody is logged in
  base::Instant login_time{};
  std::set<std::string> issued_request_tokens;
  RateMeter orders_second, orders_minute, orders_day, quotes, candles, others;
};

// Who may ask: logins, tokens and their end (kite-protocol 1).
class Accounts {
 public:
  Accounts(const SimConfig& config);

  std::deque<Account>& all() { return accounts_; }
  Account* by_key(std::string_view api_key);  // null: none
  // Errors: conflict (the key is another account's).
  base::Result<void> add(AccountConfig account);

  // "token <api_key>:<access_token>". Errors: TokenException.
  Answer<Account*> authorise(std::string_view authorization);
  bool is_valid(std::string_view api_key, std::string_view access_token);

  std::string issue_request_token(Account& account);
  // Exchanges a request token: an issued one, once, or any text that no login page has issued.
  // An app that is logged in gets its token of the day again. Errors: TokenException,
  // InputException.
  Answer<Account*> log_in(std::string_view api_key, const std::string& request_token,
                          std::string_view checksum, base::Instant now);
  void log_out(Account& account) { account.access_token.clear(); }
  // The day is over, for all or for one; open sockets stay open, as the broker's do.
  void expire_all();
  static void expire(Account& account) { account.access_token.clear(); }

 private:
  std::string new_token(std::string_view purpose);

  std::deque<Account> accounts_;
  RateLimits limits_;  // of each
  std::set<std::string> used_request_tokens_;
  std::uint64_t seed_;
  std::uint64_t tokens_made_ = 0;
};

// "KEY:SECRET:USER_ID", and ":ACCESS_TOKEN" where somebody is logged in already. Errors: invalid.
base::Result<AccountConfig> parse_account(std::string_view text);

std::string sha256_hex(std::string_view text);

}  // namespace hmt::sim
