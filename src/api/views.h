#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/auth.h"
#include "runtime/desk.h"
#include "store/store.h"

// What we show, as JSON. The names are those of the tables.
namespace hmt::api {

// A row as it is stored, and what the engine knows of it at this moment.
std::string stored_trigger_json(const model::Trigger& trigger);
std::string trigger_json(std::string_view stored, const runtime::Watch& watch);
std::string trigger_json(const model::Trigger& trigger, const runtime::Watch& watch);

std::string attempt_json(const model::Attempt& attempt);
std::string audit_json(const store::AuditRow& row);
std::string detail_json(const model::Detail& detail);
std::string instrument_json(const model::Instrument& instrument,
                            const std::optional<runtime::LivePrice>& live);

// The engine as one caller may see it. The operator sees all of it; a user the counts of their own
// triggers, null when they cannot be read now, and nothing of what waits for others' accounts.
struct EngineView {
  runtime::Standing standing;
  bool whole = true;
  std::optional<store::TriggerCounts> own = {};  // of a user
};
EngineView engine_view(const runtime::Desk& desk, store::Reader& reader, const store::Actor& actor);

std::string stats_json(const EngineView& view);   // the six counters
std::string engine_json(const EngineView& view);  // status, reasons, open exchanges, all counters
std::string health_json(const EngineView& view, const runtime::Configured& configured,
                        std::string_view version, std::string_view build);

// Milliseconds since 1970, for the frames of the stream.
std::int64_t epoch_milliseconds(base::Instant at);

}  // namespace hmt::api
