#include "app/build.h"

namespace hmt::app {

std::string version() {
  return HMT_VERSION;
}

std::string build() {
  return HMT_COMMIT " " HMT_BUILD_TYPE;
}

}  // namespace hmt::app
