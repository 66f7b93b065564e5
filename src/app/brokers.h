#pragma once
#include <memory>

#include "app/config.h"
#include "base/time.h"
#include "kite/config.h"
#include "net/loop.h"
#include "runtime/settings.h"
#include "vault/vault.h"

// Rows of broker_connections into sessions with Kite, and back. Seals are opened here and nowhere
// else.
namespace hmt::app {

kite::KiteConfig kite_config(const Config& config);

// Seals with `key`, and opens also what HMT_SECRET_KEY_BEFORE has sealed. Errors: invalid.
base::Result<std::shared_ptr<const vault::Vault>> open_vault(const Config& config,
                                                             const vault::SecretKey& key);

// `prices` is the ticker's session. The nil connection is the operator's own: its keys come from
// the configuration, and so does its session until a login brings another. Thread rule: what the
// door gives may be called on any thread; gateways belong to `orders`.
runtime::BrokerDoor broker_door(const Config& config, net::Loop& orders,
                                std::shared_ptr<const vault::Vault> vault,
                                std::shared_ptr<kite::AccessToken> prices);

}  // namespace hmt::app
