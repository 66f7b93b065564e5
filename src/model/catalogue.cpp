#include "model/catalogue.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace hmt::model {
namespace {

std::string fold(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::string symbol_key(Exchange exchange, std::string_view symbol) {
  return std::string(word(exchange)) + ":" + std::string(symbol);
}

std::vector<std::string> words_of(std::string_view query) {
  std::vector<std::string> words;
  std::size_t at = 0;
  while (at < query.size()) {
    const auto end = std::min(query.find(' ', at), query.size());
    if (end > at) words.push_back(fold(query.substr(at, end - at)));
    at = end + 1;
  }
  return words;
}

constexpr int no_match = 4;

int rank(const Instrument& instrument, const std::string& folded_name,
         const std::vector<std::string>& words) {
  const std::string_view symbol = instrument.trading_symbol;
  if (words.size() == 1) {
    if (symbol == words[0]) return 0;
    if (symbol.starts_with(words[0])) return 1;
  }
  bool all_in_symbol = true;
  for (const auto& each : words) {
    const bool in_symbol = symbol.find(each) != std::string_view::npos;
    all_in_symbol = all_in_symbol && in_symbol;
    if (!in_symbol && folded_name.find(each) == std::string::npos) return no_match;
  }
  return all_in_symbol ? 2 : 3;
}

}  // namespace

Catalogue::Catalogue(std::vector<Instrument> instruments) : instruments_(std::move(instruments)) {
  std::ranges::sort(instruments_, [](const Instrument& a, const Instrument& b) {
    return std::tie(a.trading_symbol, a.exchange) < std::tie(b.trading_symbol, b.exchange);
  });
  folded_names_.reserve(instruments_.size());
  for (std::size_t i = 0; i < instruments_.size(); ++i) {
    folded_names_.push_back(fold(instruments_[i].name));
    by_token_.emplace(instruments_[i].token, i);
    by_symbol_.emplace(symbol_key(instruments_[i].exchange, instruments_[i].trading_symbol), i);
  }
}

const Instrument* Catalogue::find(InstrumentToken token) const {
  const auto found = by_token_.find(token);
  return found == by_token_.end() ? nullptr : &instruments_[found->second];
}

const Instrument* Catalogue::find(Exchange exchange, std::string_view trading_symbol) const {
  const auto found = by_symbol_.find(symbol_key(exchange, trading_symbol));
  return found == by_symbol_.end() ? nullptr : &instruments_[found->second];
}

std::vector<const Instrument*> Catalogue::search(std::string_view query, std::size_t limit) const {
  std::optional<Exchange> exchange;
  if (const auto colon = query.find(':'); colon != std::string_view::npos) {
    exchange = from_word<Exchange>(fold(query.substr(0, colon)));
    query.remove_prefix(colon + 1);
    if (!exchange) return {};
  }
  const auto words = words_of(query);
  std::vector<std::tuple<int, std::size_t, std::size_t>> matches;  // rank, symbol length, index
  for (std::size_t i = 0; i < instruments_.size(); ++i) {
    if (exchange && instruments_[i].exchange != *exchange) continue;
    const int found = rank(instruments_[i], folded_names_[i], words);
    if (found < no_match) matches.emplace_back(found, instruments_[i].trading_symbol.size(), i);
  }
  const auto count = std::min(limit, matches.size());
  std::ranges::partial_sort(matches, matches.begin() + static_cast<std::ptrdiff_t>(count));
  std::vector<const Instrument*> out;
  for (std::size_t i = 0; i < count; ++i) out.push_back(&instruments_[std::get<2>(matches[i])]);
  return out;
}

std::optional<Exchange> Catalogue::thinned_since(const Catalogue& former) const {
  std::map<Exchange, std::size_t> left;
  std::map<Exchange, std::size_t> had;
  for (const auto& each : instruments_) ++left[each.exchange];
  for (const auto& each : former.instruments_) ++had[each.exchange];
  for (const auto& [exchange, count] : had) {
    if (left[exchange] < count - count / 2) return exchange;
  }
  return std::nullopt;
}

}  // namespace hmt::model
