#include "sim/accounts.h"

#include <sodium.h>

namespace hmt::sim {
namespace {

std::unexpected<Refusal> wrong_token() {
  return refuse("Incorrect `api_key` or `access_token`.", 403, "TokenException");
}

}  // namespace

std::string sha256_hex(std::string_view text) {
  unsigned char digest[crypto_hash_sha256_BYTES];
  crypto_hash_sha256(digest, reinterpret_cast<const unsigned char*>(text.data()), text.size());
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const unsigned char byte : digest) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

Account::Account(AccountConfig from, const RateLimits& limits)
    : config(std::move(from)),
      access_token(config.access_token),
      orders_second(limits.orders_per_second, std::chrono::seconds(1)),
      orders_minute(limits.orders_per_minute, std::chrono::minutes(1)),
      orders_day(limits.orders_per_day, std::chrono::hours(24)),
      quotes(limits.quotes_per_second, std::chrono::seconds(1)),
      candles(limits.candles_per_second, std::chrono::seconds(1)),
      others(limits.others_per_second, std::chrono::seconds(1)) {}

base::Result<AccountConfig> parse_account(std::string_view text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ':') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  const bool named =
      parts[0].size() > 0 && parts.size() >= 3 && parts[1].size() > 0 && parts[2].size() > 0;
  if (!named || parts.size() > 4) {
    return base::invalid("account", "expected KEY:SECRET:USER_ID or KEY:SECRET:USER_ID:TOKEN");
  }
  AccountConfig out;
  out.api_key = parts[0];
  out.api_secret = parts[1];
  out.user_id = parts[2];
  out.user_name = "Trader " + parts[2];
  out.access_token = parts.size() == 4 ? parts[3] : "";
  return out;
}

Accounts::Accounts(const SimConfig& config) : limits_(config.limits), seed_(config.seed) {
  for (const AccountConfig& account : config.accounts) {
    accounts_.emplace_back(account, config.limits);
  }
  if (accounts_.empty()) accounts_.emplace_back(AccountConfig{}, config.limits);
}

base::Result<void> Accounts::add(AccountConfig account) {
  if (by_key(account.api_key)) {
    return std::unexpected(
        base::Error{base::ErrorKind::conflict, "`" + account.api_key + "` is another account's"});
  }
  accounts_.emplace_back(std::move(account), limits_);
  return {};
}

Account* Accounts::by_key(std::string_view api_key) {
  for (Account& account : accounts_) {
    if (account.config.api_key == api_key) return &account;
  }
  return nullptr;
}

bool Accounts::is_valid(std::string_view api_key, std::string_view access_token) {
  const Account* account = by_key(api_key);
  return account && !account->access_token.empty() && account->access_token == access_token;
}

Answer<Account*> Accounts::authorise(std::string_view authorization) {
  constexpr std::string_view scheme = "token ";
  const auto colon = authorization.find(':');
  if (!authorization.starts_with(scheme) || colon == std::string_view::npos) return wrong_token();
  const std::string_view key = authorization.substr(scheme.size(), colon - scheme.size());
  if (!is_valid(key, authorization.substr(colon + 1))) return wrong_token();
  return by_key(key);
}

std::string Accounts::new_token(std::string_view purpose) {
  const std::string number = std::to_string(seed_) + '-' + std::to_string(++tokens_made_);
  return sha256_hex(number + std::string(purpose)).substr(0, 32);
}

std::string Accounts::issue_request_token(Account& account) {
  std::string token = new_token("request");
  account.issued_request_tokens.insert(token);
  return token;
}

Answer<Account*> Accounts::log_in(std::string_view api_key, const std::string& request_token,
                                  std::string_view checksum, base::Instant now) {
  Account* account = by_key(api_key);
  if (!account) return refuse("Invalid `api_key`.", 403, "TokenException");
  const std::string expected =
      sha256_hex(std::string(api_key) + request_token + account->config.api_secret);
  if (checksum != expected) return refuse("Invalid `checksum`.", 403, "TokenException");
  if (request_token.empty() || used_request_tokens_.contains(request_token)) {
    return refuse("Token is invalid or has expired.", 403, "TokenException");
  }
  if (account->issued_request_tokens.erase(request_token) > 0) {
    used_request_tokens_.insert(request_token);
  }
  if (account->access_token.empty()) account->access_token = new_token("access");
  account->login_time = now;
  return account;
}

void Accounts::expire_all() {
  for (Account& account : accounts_) account.access_token.clear();
}

}  // namespace hmt::sim
