#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "api/auth.h"
#include "api/events.h"
#include "api/json_value.h"
#include "api/views.h"
#include "net/http_server.h"
#include "net/loop.h"
#include "runtime/desk.h"

// GET /api/v1/stream: who listens, and what each still has to hear. Prices conflate: the latest
// wins. Events are read from the audit when their turn comes, so a slow listener costs no memory
// and misses nothing: it either catches up or is told to read afresh. Thread rule: the loop's.
namespace hmt::api {

inline constexpr int close_read_afresh = 4001;
inline constexpr int close_sign_in_again = 4003;

class StreamHub : public std::enable_shared_from_this<StreamHub> {
 public:
  static constexpr std::size_t streams_max = 256;
  static constexpr std::size_t streams_per_user_max = 5;   // the operator has no such bound
  static constexpr std::size_t tokens_max = 500;           // of one stream's prices
  static constexpr std::int64_t events_behind_max = 5000;  // past it: read afresh

  StreamHub(net::Loop& loop, runtime::Desk& desk, store::Reader& reader, std::string build,
            std::string ui_build);
  ~StreamHub();

  // Errors: exhausted.
  base::Result<void> room_for(const Identity& identity) const;
  // Events after `resume_after` come first; none: what happens from now on. Errors: unavailable.
  base::Result<void> open(net::Responder responder, Identity identity,
                          std::optional<std::int64_t> resume_after);
  // Events up to this number are committed.
  void heard(std::int64_t number);
  void close_all();

 private:
  struct Stream;
  using StreamId = std::uint64_t;

  net::WebSocketHandlers handlers_for(StreamId id);
  void opened(StreamId id);
  void said(StreamId id, std::string_view text);
  void closed(StreamId id);
  void subscribe(Stream& stream, const JsonValue& frame);
  void resume(Stream& stream, const JsonValue& frame);
  void complain(Stream& stream, std::string_view message, std::string_view field);
  void end(Stream& stream, int code, std::string_view why);
  void end_with_its_sign_in(Stream& stream);
  EngineView view_of(Stream& stream);

  void start_ticking();
  void tick();
  void every_second();
  void watch_health(Stream& stream);
  void send_prices();
  void send_prices(Stream& stream);
  void pump_all(bool only_waiting);
  void pump(Stream& stream);
  const EventPage* page_after(const Stream& stream);

  net::Loop& loop_;
  runtime::Desk& desk_;
  store::Reader& reader_;
  std::string build_;
  std::string ui_build_;  // empty: no screens
  std::map<StreamId, std::unique_ptr<Stream>> streams_;
  StreamId last_id_ = 0;
  std::int64_t heard_ = 0;
  std::uint64_t ticks_ = 0;
  bool ticking_ = false;
  bool pump_posted_ = false;
  // Listeners that stand at the same place share one reading; kept for one round.
  std::map<std::pair<std::string, std::int64_t>, EventPage> pages_;
};

}  // namespace hmt::api
