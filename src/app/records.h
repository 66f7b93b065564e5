#pragma once
#include <array>
#include <functional>
#include <memory>
#include <string>

#include "app/config.h"
#include "base/result.h"
#include "store/store.h"

// The database that the configuration names, whichever backend it is.
namespace hmt::app {

class Records {
 public:
  virtual ~Records() = default;
  virtual store::Writer& writer() = 0;
  virtual std::int64_t schema_version() const = 0;
};

// Opens, and migrates what is older. Errors: as sqlite::open_database and postgres::open_database;
// `field` is HMT_DATABASE_URL where the URL itself is wrong.
// `on_lost` is called on the writer's thread when nothing can be written any more before a restart.
base::Result<std::unique_ptr<Records>> open_records(
    const Config& config, std::function<void(const std::string& why)> on_lost = {});

// The database as people may be told of it: without its password.
std::string database_name(const Config& config);

// Where generated secrets are kept: beside an SQLite file, in the working folder for a server.
std::string secrets_beside(const Config& config);

// The key of this database, out of the configuration or the file beside it. Errors: as secret_key.
base::Result<std::array<std::uint8_t, 32>> key_of(const Config& config, store::Reader& reader);

}  // namespace hmt::app
