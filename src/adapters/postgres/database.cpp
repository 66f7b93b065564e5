#include "postgres/database.h"

#include <algorithm>
#include <random>
#include <utility>

#include "postgres/connection.h"
#include "postgres/migrate.h"
#include "postgres/pool.h"
#include "postgres/reader.h"
#include "postgres/writer.h"

namespace hmt::postgres {
namespace {

using base::Result;

base::Uuid random_name() {
  std::random_device source;
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::generate(bytes, [&] { return static_cast<std::uint8_t>(source()); });
  return base::Uuid::from_random(bytes);
}

Limits limits_of(const Options& options) {
  Limits out;
  out.connect = options.connect;
  out.answer = options.answer;
  return out;
}

// For migrations: statements that may take their time.
Connection owner_of(const Settings& settings) {
  Limits patient;
  patient.statement = std::chrono::minutes(5);
  patient.lock = std::chrono::seconds(30);
  patient.idle = std::chrono::minutes(1);
  return {settings, Role::owner, patient};
}

class OpenDatabase : public Database {
 public:
  OpenDatabase(PostgresWriter::Setting setting, std::int64_t version)
      : writer_(std::move(setting)), version_(version) {}

  store::Writer& writer() override { return writer_; }
  std::int64_t schema_version() const override { return version_; }

 private:
  PostgresWriter writer_;
  std::int64_t version_;
};

Report read_report(Columns in) {
  Report out;
  out.server = in.text();
  out.role = in.text();
  out.is_superuser = in.flag();
  out.is_encrypted = in.flag();
  out.is_durable = in.flag();
  out.is_read_only = in.flag();
  out.clock_ahead = in.instant() - std::chrono::system_clock::now();
  return out;
}

}  // namespace

Result<std::unique_ptr<Database>> open_database(const std::string& url, const Options& options) {
  auto settings = Settings::parse(url);
  if (!settings) return std::unexpected(settings.error());
  const auto version = migrate_database(url);
  if (!version) return std::unexpected(version.error());
  PostgresWriter::Setting setting{
      .settings = *settings,
      .limits = limits_of(options),
      .lease_lasts = options.lease_lasts,
      .pool = std::make_shared<Pool>(*settings, limits_of(options), options.readers),
      .name = random_name()};
  return std::make_unique<OpenDatabase>(std::move(setting), *version);
}

Result<std::unique_ptr<store::Reader>> open_reader(const std::string& url) {
  auto settings = Settings::parse(url);
  if (!settings) return std::unexpected(settings.error());
  return std::make_unique<PostgresReader>(std::make_shared<Pool>(*settings, Limits{}, 1));
}

Result<std::int64_t> migrate_database(const std::string& url) {
  auto settings = Settings::parse(url);
  if (!settings) return std::unexpected(settings.error());
  auto owner = owner_of(*settings);
  if (auto done = migrate(owner); !done) return std::unexpected(done.error());
  return schema_version(owner);
}

Result<Report> check_database(const std::string& url) {
  auto settings = Settings::parse(url);
  if (!settings) return std::unexpected(settings.error());
  auto owner = owner_of(*settings);
  if (auto open = owner.ready(); !open) return std::unexpected(open.error());
  const auto asked = Clock::now();
  auto done = owner.once(
      "SELECT current_setting('server_version'), session_user, (SELECT rolsuper FROM pg_roles "
      "WHERE rolname = session_user), coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = "
      "pg_backend_pid()), false), current_setting('fsync') = 'on' AND "
      "current_setting('full_page_writes') = 'on', pg_is_in_recovery(), (extract(epoch FROM "
      "clock_timestamp()) * 1000000)::bigint");
  if (!done) return std::unexpected(done.error());
  const auto round_trip = Clock::now() - asked;
  auto out = read_report(owner.rows(0).front());
  out.round_trip = round_trip;
  out.known_version = static_cast<std::int64_t>(migrations().size());
  const auto version = schema_version(owner);
  if (!version) return std::unexpected(version.error());
  out.schema_version = *version;
  if (*version == 0) return out;
  done = owner.once("SELECT set_config('role', 'hmt_engine', false)");
  if (done) {
    done = owner.once("SELECT holder FROM hmt_lease WHERE expires_at > clock_timestamp()");
  }
  if (!done) return std::unexpected(done.error());
  if (!owner.rows(0).empty()) out.holder = owner.rows(0).front().text();
  return out;
}

}  // namespace hmt::postgres
