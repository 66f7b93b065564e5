#include "api/stream_frames.h"

#include <limits>

#include "api/fields.h"
#include "api/json_writer.h"

namespace hmt::api {
namespace {

using base::invalid;
using base::Result;
using Kind = JsonValue::Kind;

constexpr std::int64_t raw_per_e4 = base::Price::one_rupee / 10'000;

std::string in_ten_thousandths(base::Price price) {
  const auto whole = std::to_string(price.raw() / raw_per_e4);
  const auto rest = price.raw() % raw_per_e4;
  if (rest == 0) return whole;
  auto fraction = std::to_string(rest);
  fraction.insert(0, 3 - fraction.size(), '0');
  return whole + "." + fraction;
}

Result<std::vector<model::InstrumentToken>> read_tokens(const JsonValue& list,
                                                        std::size_t tokens_max) {
  if (!list.is(Kind::array) || list.items.size() > tokens_max) {
    return invalid("px",
                   "px is a list of at most " + std::to_string(tokens_max) + " instrument tokens");
  }
  std::vector<model::InstrumentToken> out;
  for (const auto& item : list.items) {
    const auto token = whole_number(item.is(Kind::number) ? item.text : "", 1,
                                    std::numeric_limits<model::InstrumentToken>::max());
    if (!token) return invalid("px", "px is a list of instrument tokens, which are whole numbers");
    out.push_back(static_cast<model::InstrumentToken>(*token));
    if (!model::segment_of(out.back())) {
      return invalid("px", "no instrument has the token " + item.text + ": its segment is unknown");
    }
  }
  return out;
}

Result<Channels> read_channels(const JsonValue& list) {
  const auto wrong = invalid("ch", "ch is a list of \"trg\", \"ord\" and \"stat\"");
  if (!list.is(Kind::array)) return wrong;
  Channels out;
  for (const auto& item : list.items) {
    if (!item.is(Kind::string)) return wrong;
    if (item.text == "trg") {
      out.triggers = true;
    } else if (item.text == "ord") {
      out.orders = true;
    } else if (item.text == "stat") {
      out.stats = true;
    } else {
      return wrong;
    }
  }
  return out;
}

}  // namespace

std::string hello_frame(std::string_view build, std::string_view ui_build,
                        std::string_view stream_id, std::int64_t seen, base::Instant now,
                        const EngineView& engine) {
  ObjectWriter out;
  out.text("t", "hello").text("build", build);
  if (!ui_build.empty()) out.text("ui", ui_build);
  out.text("sid", stream_id).number("seq", seen);
  return out.number("now", epoch_milliseconds(now)).raw("engine", engine_json(engine)).done();
}

std::string stat_frame(const EngineView& engine) {
  return ObjectWriter().text("t", "stat").raw("d", engine_json(engine)).done();
}

std::string heartbeat_frame(base::Instant now) {
  return ObjectWriter().text("t", "hb").number("now", epoch_milliseconds(now)).done();
}

std::string resumed_frame(std::int64_t seen) {
  return ObjectWriter().text("t", "resumed").number("seq", seen).done();
}

std::string price_frame(const std::vector<runtime::LivePrice>& prices) {
  ArrayWriter list;
  for (const auto& price : prices) {
    ArrayWriter entry;
    entry.add(std::to_string(price.token)).add(in_ten_thousandths(price.last));
    list.add(entry.add(std::to_string(epoch_milliseconds(price.at))).done());
  }
  return ObjectWriter().text("t", "px").raw("d", list.done()).done();
}

Result<Subscription> read_subscription(const JsonValue& frame, std::size_t tokens_max) {
  Subscription out;
  for (const auto& value : frame.members) {
    const auto& name = value.name;
    if (name == "t") continue;
    if (name == "px") {
      auto tokens = read_tokens(value, tokens_max);
      if (!tokens) return std::unexpected(tokens.error());
      out.tokens = std::move(*tokens);
    } else if (name == "ch") {
      const auto channels = read_channels(value);
      if (!channels) return std::unexpected(channels.error());
      out.channels = *channels;
    } else {
      return invalid(name, "a subscription knows px and ch");
    }
  }
  return out;
}

}  // namespace hmt::api
