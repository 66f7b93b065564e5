#include "postgres/migrate.h"

#include <chrono>
#include <string>
#include <thread>

namespace hmt::postgres {
namespace {

using base::ErrorKind;
using base::fail;
using base::Result;

constexpr auto turn_max = std::chrono::seconds(60);
constexpr auto script_max = std::chrono::minutes(10);
constexpr auto lock_number = "4851279961";  // the migrations take it too

// One migration at a time in this database; ends with the session at the latest.
Result<void> take_turn(Connection& owner) {
  const auto until = Clock::now() + turn_max;
  while (true) {
    if (auto asked = owner.once(std::string("SELECT pg_try_advisory_lock(") + lock_number + ")");
        !asked) {
      return asked;
    }
    if (owner.rows(0).front().flag()) return {};
    if (Clock::now() > until) {
      return fail(ErrorKind::unavailable, "another process is migrating " +
                                              owner.settings().place() + ", and does not end");
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
}

void end_turn(Connection& owner) {
  (void)owner.once(std::string("SELECT pg_advisory_unlock(") + lock_number + ")");
}

// As the engine: a role that may only be hmt_engine, and owns nothing, can run it too.
Result<std::int64_t> read_version(Connection& owner) {
  auto done = owner.once("SELECT set_config('role', 'hmt_engine', false)");
  std::int64_t version = 0;
  if (done) done = owner.once("SELECT max(version) FROM public.hmt_schema_version");
  if (done) version = owner.rows(0).front().integer();
  if (done) done = owner.once("SELECT set_config('role', 'none', false)");
  if (done) return version;
  owner.close();
  return std::unexpected(done.error());
}

Result<void> apply_missing(Connection& owner) {
  const auto known = static_cast<std::int64_t>(migrations().size());
  const auto found = schema_version(owner);
  if (!found) return std::unexpected(found.error());
  if (*found > known) {
    return fail(ErrorKind::unsupported,
                owner.settings().place() + " has schema version " + std::to_string(*found) +
                    ", and this program knows up to " + std::to_string(known) +
                    ": use the newer program that wrote it");
  }
  for (auto version = *found + 1; version <= known; ++version) {
    const auto& migration = migrations()[static_cast<std::size_t>(version - 1)];
    constexpr fault::Step step = "schema";
    step.before();
    const auto done = owner.script(std::string(migration.sql), script_max);
    step.after();
    if (!done) {
      owner.close();  // it may stand in a transaction that has failed
      return fail(done.error().kind,
                  "migration " + std::string(migration.name) + ": " + done.error().message);
    }
  }
  return {};
}

}  // namespace

Result<std::int64_t> schema_version(Connection& owner) {
  auto asked = owner.once(
      "SELECT to_regclass('public.hmt_schema_version') IS NOT NULL, "
      "to_regclass('public.hmt_gtt_orders') IS NOT NULL, "
      "EXISTS (SELECT FROM pg_roles WHERE rolname = 'hmt_engine' AND "
      "pg_has_role(session_user, oid, 'MEMBER')), session_user");
  if (!asked) return std::unexpected(asked.error());
  auto in = owner.rows(0).front();
  const bool is_ours = in.flag();
  const bool has_orders = in.flag();
  const bool is_member = in.flag();
  const auto role = in.text();
  if (!is_ours && has_orders) {
    return fail(ErrorKind::unsupported,
                owner.settings().place() +
                    " has a table hmt_gtt_orders that HMT did not make: rename it, or use another "
                    "database");
  }
  if (!is_ours) return 0;
  if (!is_member) {
    return fail(ErrorKind::refused, role + " may not act as hmt_engine in " +
                                        owner.settings().place() +
                                        ": as an administrator, GRANT hmt_engine, authenticated "
                                        "TO " +
                                        role);
  }
  return read_version(owner);
}

Result<void> migrate(Connection& owner) {
  const auto found = schema_version(owner);
  if (!found) return std::unexpected(found.error());
  if (*found == static_cast<std::int64_t>(migrations().size())) return {};
  if (auto turn = take_turn(owner); !turn) return turn;
  auto done = apply_missing(owner);
  if (done) end_turn(owner);
  return done;
}

}  // namespace hmt::postgres
