#include "app/brokers.h"

#include "agent/log.h"
#include "app/keys.h"
#include "kite/login.h"
#include "kite/rest.h"
#include "vault/rows.h"

namespace hmt::app {
namespace {

using agent::Secret;
using base::Result;
using model::BrokerConnection;
using vault::Field;

Field field_named(const std::string& name) {
  if (name == "api_key") return Field::api_key;
  return name == "api_secret" ? Field::api_secret : Field::access_token;
}

struct Keys {
  std::string api_key;
  std::string api_secret;
  std::string access_token;  // empty: no session
};

class Brokers {
 public:
  Brokers(const Config& config, net::Loop& orders, std::shared_ptr<const vault::Vault> vault)
      : config_(config), orders_(orders), vault_(std::move(vault)), since_(orders.now()) {}

  Result<Keys> keys(const BrokerConnection& row) const {
    if (row.id == model::ConnectionId{}) return own_keys(row);
    auto api_key = vault::get(*vault_, row, Field::api_key);
    if (!api_key) return std::unexpected(api_key.error());
    auto api_secret = vault::get(*vault_, row, Field::api_secret);
    if (!api_secret) return std::unexpected(api_secret.error());
    auto token = vault::get(*vault_, row, Field::access_token);
    if (!token) return std::unexpected(token.error());
    return hidden({std::string(api_key->reveal()), std::string(api_secret->reveal()),
                   std::string(token->reveal())});
  }

  Result<std::unique_ptr<broker::OrderGateway>> open(const BrokerConnection& row) const {
    auto keys = this->keys(row);
    if (!keys) return std::unexpected(keys.error());
    if (keys->api_key.empty()) {
      return base::fail(base::ErrorKind::refused, "The connection has no api key: enter it first");
    }
    auto kite = kite_config(config_);
    kite.api_key = std::move(keys->api_key);
    kite.api_secret = std::move(keys->api_secret);
    kite.access_token.clear();
    return std::make_unique<kite::RestGateway>(
        orders_, std::move(kite), std::make_shared<kite::AccessToken>(keys->access_token));
  }

  Result<Secret> session(const BrokerConnection& row) const {
    auto keys = this->keys(row);
    if (!keys) return std::unexpected(keys.error());
    return Secret(std::move(keys->access_token));
  }

  std::string seal(const BrokerConnection& row, const std::string& field,
                   const Secret& secret) const {
    hide(std::string(secret.reveal()));
    return vault_->seal(secret, vault::place_of(row, field_named(field)));
  }

  Result<bool> renew(BrokerConnection& row) const { return vault::renew(*vault_, row); }

  Result<std::string> login_url(const BrokerConnection& row, const std::string& state) const {
    auto keys = this->keys(row);
    if (!keys) return std::unexpected(keys.error());
    if (keys->api_key.empty() || keys->api_secret.empty()) {
      return base::fail(base::ErrorKind::refused,
                        "The connection has no api key and secret: enter them first");
    }
    return kite::login_url(config_.kite.login_page, keys->api_key, state);
  }

 private:
  // At the start what the environment says is the newest; a login since then is newer.
  Result<Keys> own_keys(const BrokerConnection& row) const {
    Keys out{config_.kite.api_key, config_.kite.api_secret, config_.kite.access_token};
    const bool newer = row.updated_at >= since_ || out.access_token.empty();
    if (row.access_token.empty() || !newer) return out;
    auto token = vault::get(*vault_, row, Field::access_token);
    if (!token) return std::unexpected(token.error());
    out.access_token = std::string(token->reveal());
    return hidden(std::move(out));
  }

  static Keys hidden(Keys keys) {
    for (const auto& secret : {keys.api_secret, keys.access_token}) {
      hide(secret);
    }
    return keys;
  }

  // What is shorter is no secret, and would tear holes into every other word.
  static void hide(std::string secret) {
    constexpr std::size_t hidden_from = 8;
    if (secret.size() >= hidden_from) agent::log_redact(std::move(secret));
  }

  Config config_;
  net::Loop& orders_;
  std::shared_ptr<const vault::Vault> vault_;
  base::Instant since_;
};

}  // namespace

base::Result<std::shared_ptr<const vault::Vault>> open_vault(const Config& config,
                                                             const vault::SecretKey& key) {
  std::vector<vault::SecretKey> former;
  if (!config.secret_key_before.empty()) {
    auto before = read_secret_key(config.secret_key_before);
    if (!before) return base::invalid("HMT_SECRET_KEY_BEFORE", before.error().message);
    former.push_back(*before);
  }
  return std::make_shared<const vault::Vault>(key, former);
}

kite::KiteConfig kite_config(const Config& config) {
  kite::KiteConfig kite;
  kite.api_key = config.kite.api_key;
  kite.api_secret = config.kite.api_secret;
  kite.access_token = config.kite.access_token;
  kite.rest = config.kite.rest;
  kite.ticker = config.kite.ticker;
  kite.login_page = config.kite.login_page;
  return kite;
}

runtime::BrokerDoor broker_door(const Config& config, net::Loop& orders,
                                std::shared_ptr<const vault::Vault> vault,
                                std::shared_ptr<kite::AccessToken> prices) {
  auto brokers = std::make_shared<const Brokers>(config, orders, std::move(vault));
  runtime::BrokerDoor door;
  door.open = [brokers](const BrokerConnection& row) { return brokers->open(row); };
  door.session = [brokers](const BrokerConnection& row) { return brokers->session(row); };
  door.seal = [brokers](const BrokerConnection& row, const std::string& field,
                        const Secret& secret) { return brokers->seal(row, field, secret); };
  door.renew = [brokers](BrokerConnection& row) { return brokers->renew(row); };
  door.login_url = [brokers](const BrokerConnection& row, const std::string& state) {
    return brokers->login_url(row, state);
  };
  door.session_end = kite::session_end;
  door.use_for_prices = [brokers, prices](const BrokerConnection& row) {
    if (const auto keys = brokers->keys(row)) prices->use(keys->api_key, keys->access_token);
  };
  return door;
}

}  // namespace hmt::app
