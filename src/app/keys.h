#pragma once
#include <array>
#include <cstdint>
#include <string>

#include "base/result.h"
#include "oms/tag.h"

// The secrets that hmt makes for itself and keeps beside the database, readable by its owner alone.
namespace hmt::app {

struct AdminTokenFile {
  std::string token;
  std::string path;  // empty: the token was given by the configuration
  bool made_now = false;
};

// The configured token, or the one in `<database>.token`, made at the first start.
base::Result<AdminTokenFile> admin_token(const std::string& configured,
                                         const std::string& database_path);

// 32 bytes out of the configured base64, or of `<database>.key`, made at the first start. Errors:
// refused when an engine has used the database before and its key is gone: another would not know
// its orders.
base::Result<std::array<std::uint8_t, 32>> secret_key(const std::string& configured,
                                                      const std::string& database_path,
                                                      bool is_used);

// 32 bytes in base64. Errors: invalid.
base::Result<std::array<std::uint8_t, 32>> read_secret_key(const std::string& text);

oms::TagKey tag_key(const std::array<std::uint8_t, 32>& secret);

}  // namespace hmt::app
