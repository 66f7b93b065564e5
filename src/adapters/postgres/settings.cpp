#include "postgres/settings.h"

#include <algorithm>
#include <condition_variable>
#include <libpq-fe.h>
#include <memory>
#include <mutex>
#include <netdb.h>
#include <optional>
#include <sys/socket.h>
#include <thread>

namespace hmt::postgres {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

// What a look-up leaves behind for whoever still waits.
struct Lookup {
  std::mutex mutex;
  std::condition_variable done;
  bool finished = false;
  std::vector<std::string> addresses;
};

std::vector<std::string> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::vector<std::string> out;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return out;
  for (const auto* each = found; each; each = each->ai_next) {
    std::string text(NI_MAXHOST, '\0');
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(),
                      static_cast<socklen_t>(text.size()), nullptr, 0, NI_NUMERICHOST) == 0) {
      text.resize(text.find('\0'));
      out.push_back(text);
    }
  }
  ::freeaddrinfo(found);
  return out;
}

std::vector<std::string> look_up(const std::string& host, Clock::time_point deadline) {
  const auto lookup = std::make_shared<Lookup>();
  // Detached: getaddrinfo cannot be ended, and what it finds late is dropped.
  std::thread([lookup, host] {
    auto found = addresses_of(host);
    const std::scoped_lock lock(lookup->mutex);
    lookup->addresses = std::move(found);
    lookup->finished = true;
    lookup->done.notify_one();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  lookup->done.wait_until(lock, deadline, [&] { return lookup->finished; });
  return lookup->addresses;
}

// A password as it may stand in a URL.
std::string percent_encoded(std::string_view text) {
  static constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) || std::string_view("-._~").contains(c)) {
      out.push_back(c);
    } else {
      out += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return out;
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string out = text;
  for (std::size_t i = 1; i < count; ++i) out += "," + text;
  return out;
}

}  // namespace

Result<Settings> Settings::parse(const std::string& url) {
  const auto refused = fail(ErrorKind::invalid,
                            "this is not a PostgreSQL URL: write "
                            "postgresql://USER:PASSWORD@HOST:5432/DATABASE, and special characters "
                            "of the password as %XX");
  if (!url.starts_with("postgresql://") && !url.starts_with("postgres://")) return refused;
  char* ignored = nullptr;  // it may quote the password
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &ignored);
  PQfreemem(ignored);
  if (!options) return refused;
  Settings out;
  for (const auto* each = options; each->keyword; ++each) {
    if (each->val) out.values_.emplace_back(each->keyword, each->val);
  }
  PQconninfoFree(options);
  for (const auto* secret : {"password", "sslpassword"}) {
    if (const auto text = out.value(secret); !text.empty()) {
      out.secrets_.push_back(text);
      out.secrets_.push_back(percent_encoded(text));
    }
  }
  // A network that swallows everything is found out in seconds, whatever the system's defaults.
  out.set_default("application_name", "hmt");
  out.set_default("keepalives_idle", "5");
  out.set_default("keepalives_interval", "2");
  out.set_default("keepalives_count", "3");
  out.set_default("tcp_user_timeout", "5000");
  // Of several servers the one that takes writes, also to read from: a standby lags behind it.
  out.set_default("target_session_attrs", "primary");
  out.values_.emplace_back("client_encoding", "UTF8");
  const auto host = out.value("host");
  const auto name = out.value("dbname");
  out.place_ = "the database" + (name.empty() ? "" : " " + name) +
               (host.empty() ? " of this machine" : " at " + host);
  return out;
}

std::string Settings::value(std::string_view keyword) const {
  const auto at = std::ranges::find(values_, keyword, &std::pair<std::string, std::string>::first);
  return at == values_.end() ? "" : at->second;
}

void Settings::set_default(const std::string& keyword, const std::string& value) {
  if (this->value(keyword).empty()) values_.emplace_back(keyword, value);
}

std::string Settings::without_secrets(std::string text) const {
  for (const auto& secret : secrets_) {
    for (auto at = text.find(secret); at != std::string::npos; at = text.find(secret, at)) {
      text.replace(at, secret.size(), "***");
      at += 3;
    }
  }
  return text;
}

Result<std::vector<std::pair<std::string, std::string>>> Settings::resolved(
    Clock::time_point deadline) const {
  auto out = values_;
  const auto host = value("host");
  if (host.find('@', 1) != std::string::npos) {
    return fail(ErrorKind::invalid,
                "HMT_DATABASE_URL has an '@' too many: write those of the password as %40");
  }
  const bool is_name = !host.empty() && !host.starts_with('/') && !host.starts_with('@') &&
                       !host.contains(',') && value("hostaddr").empty();
  if (!is_name) return out;
  const auto addresses = look_up(host, deadline);
  if (addresses.empty()) {
    return fail(ErrorKind::unavailable, "no address is known for the database's host " + host);
  }
  std::string list;
  for (const auto& address : addresses) list += (list.empty() ? "" : ",") + address;
  for (auto& [keyword, text] : out) {
    if (keyword == "host") text = repeated(host, addresses.size());
  }
  out.emplace_back("hostaddr", list);
  return out;
}

}  // namespace hmt::postgres
