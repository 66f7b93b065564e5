#include "api/events.h"

#include <algorithm>
#include <map>

#include "api/json_writer.h"
#include "api/views.h"

namespace hmt::api {
namespace {

using base::ErrorKind;
using base::Result;

// Rows that several events of a page tell of are read once.
class Rows {
 public:
  Rows(store::Reader& reader, const runtime::Desk& desk, const store::Actor& actor)
      : reader_(reader), desk_(desk), actor_(actor) {}

  // The row as it stands now, with "rev"; of a row that is gone, its id and "gone".
  Result<std::string> trigger(model::TriggerId id) {
    if (const auto known = triggers_.find(id); known != triggers_.end()) return known->second;
    const auto row = reader_.trigger(id, actor_);
    if (!row && row.error().kind != ErrorKind::not_found) return std::unexpected(row.error());
    ObjectWriter out;
    if (row) {
      out.members_of(trigger_json(*row, desk_.watch(*row))).number("rev", row->version);
    } else {
      out.text("id", id.text()).null("rev").boolean("gone", true);
    }
    return triggers_.emplace(id, out.done()).first->second;
  }

  // The attempt with that tag as it stands now, or null.
  Result<std::string> attempt(model::TriggerId id, const model::OrderTag& tag) {
    auto known = attempts_.find(id);
    if (known == attempts_.end()) {
      auto read = reader_.attempts(id, actor_);
      if (!read && read.error().kind != ErrorKind::not_found) {
        return std::unexpected(read.error());
      }
      known = attempts_.emplace(id, read ? std::move(*read) : std::vector<model::Attempt>{}).first;
    }
    const auto found = std::ranges::find(known->second, tag, &model::Attempt::tag);
    return found == known->second.end() ? "null" : attempt_json(*found);
  }

 private:
  store::Reader& reader_;
  const runtime::Desk& desk_;
  const store::Actor& actor_;
  std::map<model::TriggerId, std::string> triggers_;
  std::map<model::TriggerId, std::vector<model::Attempt>> attempts_;
};

std::string frame(std::string_view type, std::int64_t number, const std::string& item) {
  ObjectWriter out;
  out.text("t", type).number("seq", number);
  return out.raw("d", ArrayWriter().add(item).done()).done();
}

void write_event(ObjectWriter& out, const model::AuditEntry& entry) {
  out.text("event", entry.event).text("severity", word(entry.severity));
  out.text("actor", entry.actor).instant("at", entry.at).raw("detail", detail_json(entry.detail));
}

Result<EventFrames> frames_of(const store::AuditRow& row, Rows& rows) {
  const auto& entry = row.entry;
  EventFrames out{.number = row.number};
  if (!entry.trigger_id) {
    ObjectWriter item;
    write_event(item, entry);
    out.other = frame("evt", row.number, item.done());
    return out;
  }
  const auto trigger = rows.trigger(*entry.trigger_id);
  if (!trigger) return std::unexpected(trigger.error());
  ObjectWriter item;
  write_event(item.members_of(*trigger), entry);
  out.trigger = frame("trg", row.number, item.done());
  if (entry.tag.empty()) return out;
  const auto attempt = rows.attempt(*entry.trigger_id, entry.tag);
  if (!attempt) return std::unexpected(attempt.error());
  ObjectWriter order;
  order.text("tag", entry.tag).text("trigger_id", entry.trigger_id->text());
  write_event(order, entry);
  out.order = frame("ord", row.number, order.raw("order", *attempt).done());
  return out;
}

}  // namespace

Result<EventPage> read_events(store::Reader& reader, const runtime::Desk& desk,
                              const store::Actor& actor, std::int64_t after) {
  store::AuditFilter filter;
  filter.after = after;
  filter.limit = EventPage::events_max;
  const auto audit = reader.audit(filter, actor);
  if (!audit) return std::unexpected(audit.error());
  EventPage page;
  page.last = audit->size() < EventPage::events_max;
  Rows rows(reader, desk, actor);
  for (const auto& row : *audit) {
    auto frames = frames_of(row, rows);
    if (!frames) return std::unexpected(frames.error());
    page.events.push_back(std::move(*frames));
  }
  return page;
}

}  // namespace hmt::api
