#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "runtime/desk.h"
#include "store/store.h"

// The numbered frames of the stream, made from the audit.
namespace hmt::api {

struct EventFrames {
  std::int64_t number = 0;
  std::string trigger = {};  // the "trg" frame; empty: the event is of no trigger
  std::string order = {};    // the "ord" frame; empty: the event is of no order
  std::string other = {};    // the "evt" frame, of events that are of neither
};

struct EventPage {
  static constexpr std::size_t events_max = 200;
  std::vector<EventFrames> events;
  bool last = false;  // nothing more was there when it was read
};

// Errors: as the reader's.
base::Result<EventPage> read_events(store::Reader& reader, const runtime::Desk& desk,
                                    const store::Actor& actor, std::int64_t after);

}  // namespace hmt::api
