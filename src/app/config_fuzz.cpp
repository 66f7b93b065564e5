#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "app/config.h"
#include "base/test_fuzz.h"
#include "identity/publishable.h"
#include "json/value.h"

// Any settings: lines NAME=VALUE, and behind a line of dashes a TOML file. What is taken keeps the
// bounds that protect an account, and what is told to be wrong repeats no secret.
namespace {

using namespace hmt;
using namespace hmt::app;
using base::test::require;

constexpr std::string_view mark = "Zq9.Zq9";
const std::set<std::string, std::less<>> secret_settings = {
    "HMT_ADMIN_TOKEN",   "HMT_SECRET_KEY",      "HMT_SECRET_KEY_BEFORE",    "KITE_API_SECRET",
    "KITE_ACCESS_TOKEN", "SUPABASE_JWT_SECRET", "SUPABASE_SERVICE_ROLE_KEY"};

std::string_view take_line(std::string_view& text) {
  const auto end = std::min(text.find('\n'), text.size());
  const auto line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

void look_at(const Config& config) {
  const bool simulator = config.kite.rest.is_loopback();
  require(simulator || (config.rate.per_second <= 10 && config.rate.per_minute <= 400 &&
                        config.rate.per_day <= 5000),
          "more orders than a broker takes");
  require(simulator || config.absence.window >= std::chrono::seconds(180),
          "absence is shown too soon");
  require(config.rate.per_second > 0 && config.absence.window > base::Duration{}, "no limits");
  require(config.max_retries >= 0 && config.max_retries <= 10, "retries without end");
  require(config.database_path.empty() != config.database_url.empty(), "two databases, or none");
  require(config.kite.rest.tls || simulator, "tokens would travel in the clear");
  require(!identity::is_secret_key(config.users.sign_in_key), "a secret key is shown to all");
  for (const auto& host : config.public_hosts) {
    const bool plain = std::ranges::none_of(
        host, [](char c) { return c <= ' ' || c > '~' || (c >= 'A' && c <= 'Z') || c == '/'; });
    require(plain && !host.empty(), "a host that no browser says");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  auto [choice, text] = base::test::choose(data, size);
  std::map<std::string, std::string> lines;
  while (!text.empty()) {
    const auto line = take_line(text);
    if (line == "---") break;
    const auto equals = line.find('=');
    if (equals == 0 || equals == std::string_view::npos) continue;
    const std::string name(line.substr(0, equals));
    lines[name] = std::string(line.substr(equals + 1));
    if ((choice & 2) != 0 && secret_settings.contains(name)) lines[name] += mark;
  }
  const Environment environment = [&lines](const std::string& name) -> std::optional<std::string> {
    const auto found = lines.find(name);
    return found == lines.end() ? std::nullopt : std::optional(found->second);
  };
  const auto file = text.empty() ? std::nullopt : std::optional(std::string(text));
  const auto read = read_config(environment, file, (choice & 1) != 0);
  for (const auto& wrong : read.wrong) {
    require(!wrong.message.contains(mark), "a secret is told");
    require(!wrong.setting.empty() && !wrong.message.empty(), "a mistake without words");
  }
  if (read.wrong.empty()) look_at(read.config);
  const auto secrets = secrets_of(read.config);
  require(std::ranges::find(secrets, std::string()) == secrets.end(), "nothing is a secret");
  return 0;
}
