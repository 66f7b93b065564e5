#pragma once
#include <utility>
#include <vector>

#include "engine/engine.h"

namespace hmt::engine {

struct Engine::Now {
  base::Instant at;
  std::vector<Effect>& effects;

  template <class E>
  void ask(E&& effect) {
    effects.emplace_back(std::forward<E>(effect));
  }
};

}  // namespace hmt::engine
