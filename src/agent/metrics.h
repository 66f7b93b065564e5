#pragma once
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

// Counters, gauges and histograms for GET /metrics, in Prometheus text. Any thread. A handle is
// cheap to keep and to use, and lives as long as the program. Names start with "hmt_"; labels never
// carry ids of users or secrets.
namespace hmt::agent {

using Labels = std::initializer_list<std::pair<std::string, std::string>>;

class Counter {
 public:
  void add(std::uint64_t n = 1) const;

 private:
  friend Counter counter(std::string_view, std::string_view, Labels);
  void* handle_ = nullptr;
};

class Gauge {
 public:
  void set(double value) const;

 private:
  friend Gauge gauge(std::string_view, std::string_view, Labels);
  void* handle_ = nullptr;
};

class Histogram {
 public:
  void observe_seconds(double seconds) const;

 private:
  friend Histogram latency_histogram(std::string_view, std::string_view, Labels);
  friend Histogram fine_latency_histogram(std::string_view, std::string_view, Labels);
  void* handle_ = nullptr;
};

Counter counter(std::string_view name, std::string_view help, Labels labels = {});
Gauge gauge(std::string_view name, std::string_view help, Labels labels = {});
// Buckets from 10 µs to 30 s.
Histogram latency_histogram(std::string_view name, std::string_view help, Labels labels = {});
// Buckets from 1 µs to 131 ms, eight to each doubling: for what must not become a fifth slower.
Histogram fine_latency_histogram(std::string_view name, std::string_view help, Labels labels = {});

std::string metrics_text();  // text format 0.0.4

}  // namespace hmt::agent
