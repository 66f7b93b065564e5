#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

// Stands in for libFuzzer in the ordinary tests: gives a target every file of its corpus, and each
// of them cut short in places. What the target finds wrong aborts, under the name of its file.
namespace {

constexpr std::size_t cuts_max = 64;

std::vector<std::filesystem::path> files_of(const char* folder) {
  std::vector<std::filesystem::path> out;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_regular_file()) out.push_back(entry.path());
  }
  std::ranges::sort(out);
  return out;
}

void replay(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const auto step = bytes.size() / cuts_max + 1;
  for (std::size_t cut = 0; cut < bytes.size(); cut += step) {
    // A copy of the very size, so that a read past its end is seen.
    const std::vector<std::uint8_t> part(bytes.begin(), bytes.end() - static_cast<long>(cut));
    LLVMFuzzerTestOneInput(part.data(), part.size());
  }
}

}  // namespace

int main(int count, char** arguments) {
  const auto files = count == 2 ? files_of(arguments[1]) : std::vector<std::filesystem::path>{};
  for (const auto& file : files) {
    std::printf("%s\n", file.filename().c_str());
    std::fflush(stdout);
    replay(file);
  }
  std::printf("%zu passed, %d failed\n", files.size(), files.empty() ? 1 : 0);
  return files.empty() ? 1 : 0;
}
