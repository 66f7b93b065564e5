#pragma once
#include <array>
#include <deque>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "agent/metrics.h"
#include "runtime/desk.h"

// How long fires take, stage by stage: for people minute by minute for a day, and for Prometheus
// since the process began. Counting costs the same however much was counted before. Any thread; a
// fire's stages come from several. Limits: 1,440 minutes, of which those with fires take 10 KB
// each; 4,096 fires under way, past which the oldest is not measured any more; what takes longer
// than 4 hours counts among the longest.
namespace hmt::runtime {

class LatencyBoard {
 public:
  static constexpr std::size_t minutes_max = 1440;
  static constexpr std::size_t under_way_max = 4096;
  static constexpr std::size_t buckets = 496;

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
    std::array<std::uint32_t, buckets> counts{};
    std::int64_t count = 0;
    base::Duration max{};
    model::OrderTag max_tag;
  };
  struct Minute {
    std::int64_t number = 0;                           // of minutes since 1970
    std::unique_ptr<std::array<Times, stages>> times;  // null: no fire
    std::int64_t ticks = 0;
    std::int64_t fires = 0;
    std::int64_t feed_losses = 0;
  };
  struct UnderWay {
    std::uint64_t number = 0;
    base::Instant tick_at{};
    base::Instant last_at{};
  };

  Minute& minute_of(base::Instant at);
  void count(Stage stage, base::Duration took, base::Instant at, const model::OrderTag& tag);
  void pass(Stage stage, const model::OrderTag& tag, base::Instant at);
  void make_room_for(const model::OrderTag& tag);
  static StageTimes summed(const std::vector<const Times*>& parts);

  mutable std::mutex mutex_;
  const base::Instant since_;
  std::deque<Minute> minutes_;  // rising, with holes
  std::unordered_map<model::OrderTag, UnderWay> under_way_;
  std::vector<model::OrderTag> latest_;  // a ring: the fire of each number, modulo its size
  std::uint64_t next_number_ = 0;
  std::array<agent::Histogram, stages> seconds_;
};

}  // namespace hmt::runtime
