#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

#include "agent/log.h"
#include "world/world.h"

// Runs worlds, seed after seed:
//   hmt_world [--from SEED] [--count N] [--jobs N] [--minutes N] [--stop-at-first] [--twice]
//             [--rule NAME]...                 only these count; of the others their number is told
//   hmt_world --from SEED --story TRIGGER      (or a tag of it) what its trail tells, line by line,
//   to look into one
// Prints one JSON object; exits 1 when anything was violated. One that crashes names its seed.
namespace hmt::world {
namespace {

struct Wanted {
  std::uint64_t from = 1;
  std::uint64_t count = 100;
  unsigned jobs = 2;
  int minutes = 375;
  bool stop_at_first = false;
  bool twice = false;              // each seed two times: the traces must agree
  std::vector<std::string> rules;  // none: all
  std::string story;

  bool counts(const Violation& one) const {
    return rules.empty() || std::ranges::find(rules, one.rule) != rules.end();
  }
};

struct Sum {
  std::mutex mutex;
  std::vector<Report> violated;
  std::map<std::string, std::uint64_t> others;  // violations of rules that do not count
  std::vector<std::uint64_t> diverged;
  FaultCounts faults{};
  std::uint64_t worlds = 0, happened = 0, orders = 0, triggers = 0, fires = 0, unknown = 0,
                attention = 0, epochs = 0;
};

Wanted read(int argc, char** argv) {
  Wanted out;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    const auto number = [&] { return i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0; };
    if (word == "--from") out.from = number();
    if (word == "--count") out.count = number();
    if (word == "--jobs") out.jobs = static_cast<unsigned>(number());
    if (word == "--minutes") out.minutes = static_cast<int>(number());
    if (word == "--stop-at-first") out.stop_at_first = true;
    if (word == "--twice") out.twice = true;
    if (word == "--rule" && i + 1 < argc) out.rules.emplace_back(argv[++i]);
    if (word == "--story" && i + 1 < argc) out.story = argv[++i];
  }
  return out;
}

thread_local std::uint64_t running_seed = 0;

// A bug stops the process (`base::ensure`): the seed is then all that is wanted of it.
void name_the_seed(int signal) {
  std::array<char, 64> text{};
  const int length = std::snprintf(text.data(), text.size(), "seed %llu: signal %d\n",
                                   static_cast<unsigned long long>(running_seed), signal);
  (void)!write(STDERR_FILENO, text.data(), static_cast<std::size_t>(length));
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}

Report run_one(std::uint64_t seed, const Wanted& wanted) {
  running_seed = seed;
  Length length;
  length.day = std::chrono::minutes(wanted.minutes);
  return World(seed, length).run();
}

void add(Sum& sum, Report report, bool diverged) {
  const std::scoped_lock lock(sum.mutex);
  ++sum.worlds;
  sum.happened += report.happened;
  sum.orders += report.orders;
  sum.triggers += report.triggers;
  sum.fires += report.fires;
  sum.unknown += report.unknown;
  sum.attention += report.attention;
  sum.epochs += static_cast<std::uint64_t>(report.epochs);
  for (std::size_t i = 0; i < fault_kinds; ++i) sum.faults[i] += report.faults[i];
  if (diverged) sum.diverged.push_back(report.seed);
  if (!report.violations.empty()) sum.violated.push_back(std::move(report));
}

void leave_what_counts(Report& report, const Wanted& wanted, Sum& sum) {
  const std::scoped_lock lock(sum.mutex);
  std::erase_if(report.violations, [&](const Violation& one) {
    if (wanted.counts(one)) return false;
    ++sum.others[one.rule];
    return true;
  });
}

void work(std::atomic<std::uint64_t>& next, const Wanted& wanted, Sum& sum) {
  for (;;) {
    const auto seed = next++;
    if (seed >= wanted.from + wanted.count) return;
    auto report = run_one(seed, wanted);
    const bool diverged = wanted.twice && run_one(seed, wanted).trace != report.trace;
    leave_what_counts(report, wanted, sum);
    const bool bad = diverged || !report.violations.empty();
    add(sum, std::move(report), diverged);
    if (bad && wanted.stop_at_first) next = wanted.from + wanted.count;
  }
}

std::string quoted_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;  // of all threads
}

void print(const Sum& sum, double seconds) {
  std::printf(
      "{\"worlds\": %llu, \"seconds\": %.1f, \"cpu_seconds\": %.1f, \"happened\": %llu, "
      "\"triggers\": %llu, "
      "\"fires\": %llu, \"orders\": %llu, \"unanswered\": %llu, \"attention\": %llu, "
      "\"leases\": %llu,\n \"faults\": {",
      static_cast<unsigned long long>(sum.worlds), seconds, cpu_seconds(),
      static_cast<unsigned long long>(sum.happened), static_cast<unsigned long long>(sum.triggers),
      static_cast<unsigned long long>(sum.fires), static_cast<unsigned long long>(sum.orders),
      static_cast<unsigned long long>(sum.unknown), static_cast<unsigned long long>(sum.attention),
      static_cast<unsigned long long>(sum.epochs));
  for (std::size_t i = 0; i < fault_kinds; ++i)
    std::printf("%s\"%s\": %llu", i == 0 ? "" : ", ", fault_words[i].data(),
                static_cast<unsigned long long>(sum.faults[i]));
  std::printf("},\n \"diverged\": [");
  for (std::size_t i = 0; i < sum.diverged.size(); ++i)
    std::printf("%s%llu", i == 0 ? "" : ", ", static_cast<unsigned long long>(sum.diverged[i]));
  std::printf("],\n \"others\": {");
  const char* comma = "";
  for (const auto& [rule, times] : sum.others) {
    std::printf("%s%s: %llu", comma, quoted_text(rule).c_str(),
                static_cast<unsigned long long>(times));
    comma = ", ";
  }
  std::printf("},\n \"violations\": [");
  comma = "\n  ";
  for (const auto& report : sum.violated) {
    for (const auto& one : report.violations) {
      std::printf("%s{\"seed\": %llu, \"rule\": %s, \"what\": %s}", comma,
                  static_cast<unsigned long long>(report.seed), quoted_text(one.rule).c_str(),
                  quoted_text(one.what).c_str());
      comma = ",\n  ";
    }
  }
  std::printf("]}\n");
}

void tell(const Wanted& wanted) {
  Length length;
  length.day = std::chrono::minutes(wanted.minutes);
  World world(wanted.from, length);
  (void)world.run();
  for (const auto& entry : world.story(wanted.story)) {
    std::printf("%s %s %s", base::to_rfc3339(entry.at).c_str(), entry.event.c_str(),
                entry.tag.text().c_str());
    for (const auto& [name, value] : entry.detail)
      std::printf(" %s: %s;", std::string(name).c_str(), std::string(value).c_str());
    std::printf("\n");
  }
}

int run(int argc, char** argv) {
  const auto wanted = read(argc, argv);
  if (!wanted.story.empty()) {
    tell(wanted);
    return 0;
  }
  Sum sum;
  std::atomic<std::uint64_t> next = wanted.from;
  const auto started = std::chrono::steady_clock::now();
  std::vector<std::jthread> workers;
  for (unsigned i = 0; i < std::max(1U, wanted.jobs); ++i) {
    workers.emplace_back([&] { work(next, wanted, sum); });
  }
  workers.clear();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  print(sum, took.count());
  return sum.violated.empty() && sum.diverged.empty() ? 0 : 1;
}

}  // namespace
}  // namespace hmt::world

int main(int argc, char** argv) {
  for (const int each : {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL})
    std::signal(each, hmt::world::name_the_seed);
  hmt::agent::log_start(hmt::agent::Level::none, hmt::agent::LogFormat::json);
  const int code = hmt::world::run(argc, argv);
  hmt::agent::log_stop();
  return code;
}
