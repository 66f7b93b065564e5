#include "vault/rows.h"

#include <utility>

namespace hmt::vault {
namespace {

constexpr Field all_fields[] = {Field::api_key, Field::api_secret, Field::access_token};

std::string_view word(Field field) {
  switch (field) {
    case Field::api_key:
      return "api_key";
    case Field::api_secret:
      return "api_secret";
    case Field::access_token:
      return "access_token";
  }
  std::unreachable();
}

std::string model::BrokerConnection::* column(Field field) {
  switch (field) {
    case Field::api_key:
      return &model::BrokerConnection::api_key;
    case Field::api_secret:
      return &model::BrokerConnection::api_secret;
    case Field::access_token:
      return &model::BrokerConnection::access_token;
  }
  std::unreachable();
}

}  // namespace

Place place_of(const model::BrokerConnection& row, Field field) {
  return place_of(row, std::string(word(field)));
}

Place place_of(const model::BrokerConnection& row, const std::string& field) {
  return {"broker_connections", row.user_id, row.id, field};
}

void put(const Vault& vault, model::BrokerConnection& row, Field field,
         const agent::Secret& secret) {
  row.*column(field) = secret.empty() ? "" : vault.seal(secret, place_of(row, field));
}

base::Result<agent::Secret> get(const Vault& vault, const model::BrokerConnection& row,
                                Field field) {
  const auto& sealed = row.*column(field);
  if (sealed.empty()) return agent::Secret();
  return vault.open(sealed, place_of(row, field));
}

base::Result<bool> renew(const Vault& vault, model::BrokerConnection& row) {
  auto renewed = row;
  for (const auto field : all_fields) {
    const auto& sealed = row.*column(field);
    if (sealed.empty() || vault.is_current(sealed)) continue;
    const auto secret = get(vault, row, field);
    if (!secret) return std::unexpected(secret.error());
    put(vault, renewed, field, *secret);
  }
  const bool changed = renewed != row;
  row = std::move(renewed);
  return changed;
}

}  // namespace hmt::vault
