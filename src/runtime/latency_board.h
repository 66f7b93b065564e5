#pragma once
#include <array>
#include <deque>
#include <map>
#include <mutex>

#include "runtime/desk.h"

// How long fires take, stage by stage, minute by minute for a day. Any thread; a fire's stages come
// from several. Limits: 1,440 minutes; 4,096 fires under way, past which the oldest is not measured
// any more.
namespace hmt::runtime {

class LatencyBoard {
 public:
  static constexpr std::size_t minutes_max = 1440;
  static constexpr std::size_t under_way_max = 4096;

  explicit LatencyBoard(base::Instant now);

  void decided(const model::OrderTag& tag, base::Instant tick_at, base::Instant at);
  void durable(const model::OrderTag& tag, base::Instant at);
  void sent(const model::OrderTag& tag, base::Instant at);
  void answered(const model::OrderTag& tag, base::Instant at);
  void ended(const model::OrderTag& tag);  // it never gets an answer

  void ticked(std::int64_t more, base::Instant at);
  void feed_lost(base::Instant at);

  Performance read(int minutes, base::Instant now) const;

  // Which bucket a duration falls into: sixteen to each doubling, of microseconds.
  static std::size_t bucket_of(base::Duration duration);
  static base::Duration end_of(std::size_t bucket);

 private:
  struct Times {
    std::map<std::size_t, std::int64_t> counts;  // by bucket
    base::Duration max{};
    model::OrderTag max_tag;
  };
  struct Minute {
    std::int64_t number = 0;  // of minutes since 1970
    std::array<Times, stages> times;
    std::int64_t ticks = 0;
    std::int64_t fires = 0;
    std::int64_t feed_losses = 0;
  };
  struct UnderWay {
    std::uint64_t order = 0;
    base::Instant tick_at{};
    base::Instant last_at{};
  };

  Minute& minute_of(base::Instant at);
  void count(Stage stage, base::Duration took, base::Instant at, const model::OrderTag& tag);
  void pass(Stage stage, const model::OrderTag& tag, base::Instant at);
  static StageTimes summed(const std::vector<const Times*>& parts);

  mutable std::mutex mutex_;
  const base::Instant since_;
  std::deque<Minute> minutes_;  // rising, with holes
  std::map<model::OrderTag, UnderWay> under_way_;
  std::map<std::uint64_t, model::OrderTag> by_order_;
  std::uint64_t next_order_ = 0;
};

}  // namespace hmt::runtime
