#pragma once
#include <string>

namespace hmt::app {

std::string version();  // "0.1.0"
std::string build();    // commit and build type: "1a2b3c4 Release"

}  // namespace hmt::app
