#pragma once
#include <algorithm>
#include <cstdint>
#include <vector>

// One side of an instrument's levels, nearest first: a heap of four children a node, whose every
// move is reported, so that a level is found, and taken out, from where its trigger says it stands.
namespace hmt::trigger {

class Levels {
 public:
  struct Node {
    std::uint32_t key = 0;  // the smaller, the nearer
    std::uint32_t leg = 0;  // whose level it is
  };

  bool empty() const { return nodes_.empty(); }
  const Node& nearest() const { return nodes_.front(); }
  const Node& at(std::uint32_t place) const { return nodes_[place]; }
  std::size_t bytes() const { return nodes_.capacity() * sizeof(Node); }

  // `moved(leg, place)` is told where each node comes to stand.
  template <class Moved>
  void push(Node node, const Moved& moved) {
    // By a quarter, not by doubling: a million levels are most of what the book holds.
    if (nodes_.size() == nodes_.capacity()) nodes_.reserve(nodes_.size() + nodes_.size() / 4 + 2);
    nodes_.push_back(node);
    rise(static_cast<std::uint32_t>(nodes_.size() - 1), node, moved);
  }

  template <class Moved>
  void remove(std::uint32_t place, const Moved& moved) {
    const Node last = nodes_.back();
    nodes_.pop_back();
    if (place == nodes_.size()) return;
    const bool nearer = place > 0 && last.key < nodes_[parent(place)].key;
    if (nearer) {
      rise(place, last, moved);
    } else {
      sink(place, last, moved);
    }
  }

 private:
  static constexpr std::uint32_t arity = 4;
  static std::uint32_t parent(std::uint32_t place) { return (place - 1) / arity; }

  template <class Moved>
  void rise(std::uint32_t place, Node node, const Moved& moved) {
    while (place > 0 && node.key < nodes_[parent(place)].key) {
      put(place, nodes_[parent(place)], moved);
      place = parent(place);
    }
    put(place, node, moved);
  }

  template <class Moved>
  void sink(std::uint32_t place, Node node, const Moved& moved) {
    const auto size = static_cast<std::uint32_t>(nodes_.size());
    while (place * arity + 1 < size) {
      const auto first = place * arity + 1;
      auto nearest_child = first;
      for (auto child = first + 1; child < std::min(first + arity, size); ++child) {
        if (nodes_[child].key < nodes_[nearest_child].key) nearest_child = child;
      }
      if (nodes_[nearest_child].key >= node.key) break;
      put(place, nodes_[nearest_child], moved);
      place = nearest_child;
    }
    put(place, node, moved);
  }

  template <class Moved>
  void put(std::uint32_t place, Node node, const Moved& moved) {
    nodes_[place] = node;
    moved(node.leg, place);
  }

  std::vector<Node> nodes_;
};

}  // namespace hmt::trigger
