#include "sim/order_form.h"

#include <charconv>

namespace hmt::sim {
namespace {

std::unexpected<Refusal> invalid(std::string_view field) {
  return refuse("Invalid `" + std::string(field) + "`.");
}

// Each reader leaves its target alone when the field is absent or empty, and keeps the first error.
class Reader {
 public:
  explicit Reader(const Fields& form) : form_(form) {}

  template <class Enum>
  void word(std::string_view name, Enum& to) {
    const std::string text = form_.text(name);
    if (text.empty()) return;
    if (const auto value = model::from_word<Enum>(text)) {
      to = *value;
    } else {
      fail(name);
    }
  }

  void price(std::string_view name, Price& to) {
    const std::string text = form_.text(name);
    if (text.empty()) return;
    if (const auto value = Price::parse(text)) {
      to = *value;
    } else {
      fail(name);
    }
  }

  void quantity(std::string_view name, std::int64_t& to) {
    const std::string text = form_.text(name);
    if (text.empty()) return;
    const char* end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, to);
    if (read.ec != std::errc{} || read.ptr != end || to > 1'000'000'000) fail(name);
  }

  void required(std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) {
      const auto found = form_.required(name);
      if (!found && error_.message.empty()) error_ = found.error();
    }
  }

  void fail(std::string_view name) {
    if (error_.message.empty()) error_ = invalid(name).error();
  }

  const Refusal& error() const { return error_; }
  bool failed() const { return !error_.message.empty(); }
  bool has(std::string_view name) const { return !form_.text(name).empty(); }

 private:
  const Fields& form_;
  Refusal error_{.message = {}};
};

template <class T, class Read>
void read_optional(Reader& reader, std::string_view name, std::optional<T>& to, Read read) {
  if (!reader.has(name)) return;
  T value{};
  read(value);
  to = value;
}

}  // namespace

Answer<PlaceRequest> read_placement(const std::string& variety, const Fields& form) {
  if (variety != "regular" && variety != "amo") {
    return refuse("The variety `" + variety + "` is not simulated.");
  }
  Reader reader(form);
  reader.required(
      {"exchange", "tradingsymbol", "transaction_type", "quantity", "product", "order_type"});
  PlaceRequest out;
  out.variety = variety;
  out.trading_symbol = form.text("tradingsymbol");
  out.tag = form.text("tag");
  reader.word("exchange", out.exchange);
  reader.word("transaction_type", out.side);
  reader.word("product", out.product);
  reader.word("order_type", out.type);
  reader.quantity("quantity", out.quantity);
  reader.quantity("disclosed_quantity", out.disclosed_quantity);
  reader.price("price", out.price);
  reader.price("trigger_price", out.trigger_price);
  reader.price("market_protection", out.market_protection);
  if (const std::string validity = form.text("validity"); !validity.empty()) {
    if (validity != "DAY" && validity != "IOC") reader.fail("validity");
    out.validity = validity;
  }
  if (out.market_protection > Price::from_rupees(100)) reader.fail("market_protection");
  if (reader.failed()) return std::unexpected(reader.error());
  return out;
}

Answer<ModifyRequest> read_modification(const Fields& form) {
  Reader reader(form);
  ModifyRequest out;
  read_optional(reader, "order_type", out.type, [&](auto& to) { reader.word("order_type", to); });
  read_optional(reader, "quantity", out.quantity,
                [&](auto& to) { reader.quantity("quantity", to); });
  read_optional(reader, "disclosed_quantity", out.disclosed_quantity,
                [&](auto& to) { reader.quantity("disclosed_quantity", to); });
  read_optional(reader, "price", out.price, [&](auto& to) { reader.price("price", to); });
  read_optional(reader, "trigger_price", out.trigger_price,
                [&](auto& to) { reader.price("trigger_price", to); });
  if (const std::string validity = form.text("validity"); !validity.empty()) {
    if (validity != "DAY" && validity != "IOC") reader.fail("validity");
    out.validity = validity;
  }
  if (reader.failed()) return std::unexpected(reader.error());
  return out;
}

}  // namespace hmt::sim
