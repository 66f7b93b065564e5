#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "agent/secret.h"
#include "base/result.h"
#include "model/connection.h"

// Secrets at rest: sealed for one place in one table, as printable text.
namespace hmt::vault {

using SecretKey = std::array<std::uint8_t, 32>;  // HMT_SECRET_KEY

// Where a secret belongs. What was sealed for one place does not open at another.
struct Place {
  std::string table;
  model::UserId user;
  model::ConnectionId connection;
  std::string field;
};

// Thread rule: any thread, at once.
class Vault {
 public:
  static constexpr std::size_t secret_bytes_max = 4096;

  // Seals with a key derived from `current`; opens also what was sealed with one of `former`.
  explicit Vault(const SecretKey& current, std::span<const SecretKey> former = {});
  ~Vault();
  Vault(Vault&&) noexcept;
  Vault& operator=(Vault&&) noexcept;

  // "v1." and base64url; never the same twice. REQUIRES: at most secret_bytes_max.
  std::string seal(const agent::Secret& secret, const Place& place) const;

  // Errors: corrupt. The message says which of these it is and what to do: not in our form, sealed
  // with a key that is not here, sealed for another place, damaged.
  base::Result<agent::Secret> open(std::string_view sealed, const Place& place) const;

  // Whether it was sealed with the current key; what is not should be sealed anew.
  bool is_current(std::string_view sealed) const;

 private:
  struct Keys;
  std::unique_ptr<Keys> keys_;
};

}  // namespace hmt::vault
