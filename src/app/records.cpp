#include "app/records.h"

#include "app/keys.h"
#include "postgres/database.h"
#include "sqlite/database.h"

namespace hmt::app {
namespace {

template <class Database>
class Opened final : public Records {
 public:
  explicit Opened(std::unique_ptr<Database> database) : database_(std::move(database)) {}
  store::Writer& writer() override { return database_->writer(); }
  std::int64_t schema_version() const override { return database_->schema_version(); }

 private:
  std::unique_ptr<Database> database_;
};

template <class Database>
base::Result<std::unique_ptr<Records>> held(base::Result<std::unique_ptr<Database>> database) {
  if (!database) return std::unexpected(database.error());
  return std::make_unique<Opened<Database>>(std::move(*database));
}

}  // namespace

base::Result<std::unique_ptr<Records>> open_records(
    const Config& config, std::function<void(const std::string& why)> on_lost) {
  if (config.database_url.empty()) {
    sqlite::Options options;
    options.on_lost = std::move(on_lost);
    return held(sqlite::open_database(config.database_path, options));
  }
  postgres::Options options;
  options.lease_lasts = config.lease_lasts;
  auto opened = held(postgres::open_database(config.database_url, options));
  if (!opened && opened.error().kind == base::ErrorKind::invalid) {
    return base::invalid("HMT_DATABASE_URL", opened.error().message);
  }
  return opened;
}

std::string database_name(const Config& config) {
  return config.database_url.empty() ? config.database_path : "The PostgreSQL database";
}

std::string secrets_beside(const Config& config) {
  return config.database_url.empty() ? config.database_path : "hmt-postgres";
}

base::Result<std::array<std::uint8_t, 32>> key_of(const Config& config, store::Reader& reader) {
  const auto events = reader.last_event();
  if (!events) return std::unexpected(events.error());
  return secret_key(config.secret_key, secrets_beside(config), *events > 0);
}

}  // namespace hmt::app
