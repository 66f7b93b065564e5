#pragma once
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <tuple>

#include "agent/scheduler.h"
#include "broker/gateway.h"

// The broker's candles, asked for within its limit of three a second and kept for a moment, so that
// charts never cost an order anything: it is another limit than that of orders, and another
// connection. Limits: 16 wait, then exhausted; 64 answers are kept for 15 s. Thread rule: the
// orders' thread.
namespace hmt::runtime {

struct CandleQuery {
  model::InstrumentToken token = 0;
  model::Interval interval = model::Interval::minute;
  base::Instant from{};
  base::Instant until{};
  auto operator<=>(const CandleQuery&) const = default;
};

class History {
 public:
  static constexpr std::size_t waiting_max = 16;
  static constexpr std::size_t kept_max = 64;
  static constexpr base::Duration kept_for = std::chrono::seconds(15);
  static constexpr base::Duration spacing = std::chrono::milliseconds(350);

  explicit History(agent::Scheduler& scheduler) : scheduler_(scheduler) {}
  ~History();

  // Looked for when the request's turn has come; null: it is gone.
  using FindGateway = std::function<broker::OrderGateway*()>;
  using Answer = broker::Done<std::vector<model::Candle>>;
  // Errors: as the gateway's; exhausted; not_found (the gateway is gone).
  void ask(FindGateway find, const CandleQuery& query, Answer answer);

 private:
  struct Waiting {
    FindGateway find;
    CandleQuery query;
    Answer answer;
  };
  struct Kept {
    base::Duration at{};
    std::vector<model::Candle> candles;
  };

  void ask_next();
  void keep(const CandleQuery& query, const std::vector<model::Candle>& candles);

  agent::Scheduler& scheduler_;
  std::deque<Waiting> waiting_;
  std::map<CandleQuery, Kept> kept_;
  agent::TimerId timer_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace hmt::runtime
