#include "agent/metrics.h"

#include <cmath>
#include <exception>
#include <map>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>
#include <prometheus/text_serializer.h>

#include "agent/log.h"
#include "base/ensure.h"

namespace hmt::agent {
namespace {

// Never destroyed: handles are used until the last thread ends.
prometheus::Registry& registry() {
  static auto& the_registry = *new prometheus::Registry;
  return the_registry;
}

const prometheus::Histogram::BucketBoundaries& latency_buckets() {
  static const prometheus::Histogram::BucketBoundaries seconds = {
      0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
      0.025,   0.05,     0.1,     0.25,   0.5,     1.0,    2.5,   5.0,    10.0,  30.0};
  return seconds;
}

const prometheus::Histogram::BucketBoundaries& fine_buckets() {
  static const auto seconds = [] {
    constexpr int of_a_doubling = 8;
    constexpr int doublings = 17;
    prometheus::Histogram::BucketBoundaries out;
    for (int i = 0; i <= of_a_doubling * doublings; ++i) {
      out.push_back(1e-6 * std::exp2(static_cast<double>(i) / of_a_doubling));
    }
    return out;
  }();
  return seconds;
}

// The metric of that name and labels, made at its first use. A name that is used for two kinds, or
// that Prometheus does not allow, is a bug.
template <class Builder, class... More>
auto* find_or_add(Builder builder, std::string_view name, std::string_view help, Labels labels,
                  const More&... more) {
  base::ensure(name.starts_with("hmt_"), "a metric's name starts with hmt_");
  try {
    auto& family = builder.Name(std::string(name)).Help(std::string(help)).Register(registry());
    return &family.Add(std::map<std::string, std::string>(labels.begin(), labels.end()), more...);
  } catch (const std::exception& error) {
    base::ensure(false, error.what());
    std::terminate();
  }
}

}  // namespace

void Counter::add(std::uint64_t n) const {
  if (handle_ != nullptr) {
    static_cast<prometheus::Counter*>(handle_)->Increment(static_cast<double>(n));
  }
}

void Gauge::set(double value) const {
  if (handle_ != nullptr) static_cast<prometheus::Gauge*>(handle_)->Set(value);
}

void Histogram::observe_seconds(double seconds) const {
  if (handle_ != nullptr) static_cast<prometheus::Histogram*>(handle_)->Observe(seconds);
}

Counter counter(std::string_view name, std::string_view help, Labels labels) {
  Counter out;
  out.handle_ = find_or_add(prometheus::BuildCounter(), name, help, labels);
  return out;
}

Gauge gauge(std::string_view name, std::string_view help, Labels labels) {
  Gauge out;
  out.handle_ = find_or_add(prometheus::BuildGauge(), name, help, labels);
  return out;
}

Histogram latency_histogram(std::string_view name, std::string_view help, Labels labels) {
  Histogram out;
  out.handle_ = find_or_add(prometheus::BuildHistogram(), name, help, labels, latency_buckets());
  return out;
}

Histogram fine_latency_histogram(std::string_view name, std::string_view help, Labels labels) {
  Histogram out;
  out.handle_ = find_or_add(prometheus::BuildHistogram(), name, help, labels, fine_buckets());
  return out;
}

std::string metrics_text() {
  static const auto dropped =
      gauge("hmt_log_lines_dropped", "Log lines dropped because the output was too slow");
  dropped.set(static_cast<double>(log_lines_dropped()));
  return prometheus::TextSerializer().Serialize(registry().Collect());
}

}  // namespace hmt::agent
