#include <algorithm>
#include <string>

#include "api/json_writer.h"
#include "api/stream_frames.h"
#include "base/test_fuzz.h"

// Any frame that a client sends on the stream, and any text that we write into one.
namespace {

using namespace hmt;
using namespace hmt::api;
using base::test::require;

constexpr std::size_t tokens_max = 8;

void fuzz_frame(std::string_view text) {
  const auto frame = read_json(text);
  if (!frame) return;
  const auto wanted = read_subscription(*frame, tokens_max);
  if (!wanted) {
    require(!wanted.error().message.empty(), "a refusal without words");
    return;
  }
  const auto* px = frame->find("px");
  require(wanted->tokens.has_value() == (px != nullptr), "prices of nobody's choice");
  require(wanted->channels.has_value() == (frame->find("ch") != nullptr), "channels of nobody's");
  if (!px) return;
  require(wanted->tokens->size() <= tokens_max, "more prices than allowed");
  require(wanted->tokens->size() == px->items.size(), "a price was lost");
  for (std::size_t i = 0; i < px->items.size(); ++i) {
    require(std::to_string((*wanted->tokens)[i]) == px->items[i].text, "another token");
  }
}

// Bytes that are no UTF-8 are replaced; everything else comes out as it went in.
void fuzz_text(std::string_view text) {
  const auto written = json_string(text);
  const auto read = read_json(written);
  require(read && read->is(JsonValue::Kind::string), "a written text is not one");
  require(json_string(read->text) == written, "a written text is read as another");
  if (read_json('"' + std::string(text) + '"') && !text.contains('\\')) {
    require(read->text == text, "good text was changed");
  }
}

void fuzz_price(std::uint64_t bits) {
  constexpr auto bound = base::Price::rupees_max * base::Price::one_rupee;
  const auto raw = static_cast<std::int64_t>(bits % static_cast<std::uint64_t>(bound));
  const auto frame = read_json(price_frame({{408065, base::Price::from_raw(raw), {}}}));
  require(frame.has_value(), "a price frame is not JSON");
  const auto& text = frame->find("d")->items.at(0).items.at(1).text;
  const auto point = std::min(text.find('.'), text.size());
  auto fraction = text.substr(std::min(point + 1, text.size()));
  fraction.resize(3, '0');
  require(std::stoll(text.substr(0, point)) * 1000 + std::stoll(fraction) == raw,
          "a streamed price is another");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto [choice, text] = base::test::choose(data, size);
  switch (choice % 3) {
    case 0:
      fuzz_frame(text);
      break;
    case 1:
      if (text.size() < 8192) fuzz_text(text);
      break;
    default:
      fuzz_price(base::test::Bytes(text).take(8));
  }
  return 0;
}
