#pragma once
#include <cstdint>

#include "vault/vault.h"

// The secrets of a broker connection's row, each with its place.
namespace hmt::vault {

enum class Field : std::uint8_t { api_key, api_secret, access_token };
Place place_of(const model::BrokerConnection& row, Field field);
// By the member's name: "api_key", "api_secret", "access_token".
Place place_of(const model::BrokerConnection& row, const std::string& field);

// Replaces one secret of the row; an empty one leaves the column empty.
void put(const Vault& vault, model::BrokerConnection& row, Field field,
         const agent::Secret& secret);
// An empty column is an empty secret. Errors: corrupt.
base::Result<agent::Secret> get(const Vault& vault, const model::BrokerConnection& row,
                                Field field);

// Seals anew what is not sealed with the current key; whether the row has changed. A row that a
// secret of does not open stays as it was. Errors: corrupt.
base::Result<bool> renew(const Vault& vault, model::BrokerConnection& row);

}  // namespace hmt::vault
