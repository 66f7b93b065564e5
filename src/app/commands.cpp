#include "app/commands.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <sstream>
#include <unistd.h>

#include "app/build.h"
#include "app/records.h"
#include "fault/step.h"

namespace hmt::app {

std::optional<Config> load_config(const CommonOptions& options, const Environment& environment,
                                  bool runs_engine) {
  std::optional<std::string> file;
  if (options.config_file) {
    std::ifstream stream(*options.config_file);
    if (!stream) {
      std::fprintf(stderr, "--config: cannot read %s\n", options.config_file->c_str());
      return std::nullopt;
    }
    std::ostringstream text;
    text << stream.rdbuf();
    file = text.str();
  }
  const auto with_flags = [&](const std::string& name) -> std::optional<std::string> {
    if (name == "HMT_LOG_LEVEL" && options.log_level) return options.log_level;
    return environment(name);
  };
  auto read = read_config(with_flags, file, runs_engine);
  std::ranges::move(mistyped(process_environment_names()), std::back_inserter(read.wrong));
  for (const auto& wrong : read.wrong) {
    std::fprintf(stderr, "%s: accepts %s\n", wrong.setting.c_str(), wrong.message.c_str());
  }
  if (!read.wrong.empty()) return std::nullopt;
  return std::move(read.config);
}

void start_log(const Config& config) {
  const bool text =
      config.log_format == "text" || (config.log_format.empty() && ::isatty(STDERR_FILENO) == 1);
  agent::log_start(config.log_level, text ? agent::LogFormat::text : agent::LogFormat::json);
}

int migrate(const CommonOptions& options) {
  const auto config = load_config(options, process_environment(), false);
  if (!config) return 2;
  const auto records = open_records(*config);
  if (!records) {
    std::fprintf(stderr, "hmt migrate: %s%s%s\n", records.error().field.c_str(),
                 records.error().field.empty() ? "" : ": ", records.error().message.c_str());
    return 1;
  }
  std::printf("%s is at schema version %lld\n", database_name(*config).c_str(),
              static_cast<long long>((*records)->schema_version()));
  return 0;
}

int list_faults() {
  std::fputs(fault::listed().c_str(), stdout);
  return 0;
}

int show_version() {
  std::printf("hmt %s (%s)\n", version().c_str(), build().c_str());
  return 0;
}

}  // namespace hmt::app
