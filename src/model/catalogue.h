#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/instrument.h"

namespace hmt::model {

// The day's instruments, fixed once built: share it between threads as pointer to const. Keyed by
// exchange and trading symbol, because tokens are reused.
class Catalogue {
 public:
  Catalogue() = default;
  explicit Catalogue(std::vector<Instrument> instruments);

  const Instrument* find(InstrumentToken token) const;
  const Instrument* find(Exchange exchange, std::string_view trading_symbol) const;

  // At most `limit` matches of the words in `query`, case folded: exact symbol first, then symbol
  // prefix, then symbol part, then name; shorter symbols first within a rank. A leading "NSE:"
  // narrows the exchange.
  std::vector<const Instrument*> search(std::string_view query, std::size_t limit) const;

  // An exchange of which less than half is left of what `former` had: such a list is hardly whole.
  std::optional<Exchange> thinned_since(const Catalogue& former) const;

  std::size_t size() const { return instruments_.size(); }
  const std::vector<Instrument>& all() const { return instruments_; }

 private:
  std::vector<Instrument> instruments_;  // sorted by symbol, then exchange
  std::vector<std::string> folded_names_;
  // tidy-ok: looked up, never iterated
  std::unordered_map<InstrumentToken, std::size_t> by_token_;
  // tidy-ok: looked up, never iterated
  std::unordered_map<std::string, std::size_t> by_symbol_;  // "NSE:INFY"
};

}  // namespace hmt::model
