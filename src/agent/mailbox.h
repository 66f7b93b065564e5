#pragma once
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace hmt::agent {

// A bounded queue from many threads to one. When it is full the sender is told and decides; nothing
// that was taken in is dropped.
template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t capacity) : capacity_(capacity) {}

  // False when it is full or stopped: `item` is not in it then. Any thread; never waits for room.
  [[nodiscard]] bool try_push(T item) {
    {
      const std::lock_guard lock(mutex_);
      if (stopped_ || items_.size() >= capacity_) return false;
      items_.push_back(std::move(item));
    }
    arrived_.notify_one();
    return true;
  }

  // Makes `out` all that waits, oldest first; what was in `out` is gone. One consumer. Keep the
  // same vector, and nothing is allocated once it has grown.
  void drain(std::vector<T>& out) {
    out.clear();
    const std::lock_guard lock(mutex_);
    items_.swap(out);
  }

  // As `drain`, and waits until there is something. False when it was stopped and is empty: there
  // will be no more.
  bool wait_drain(std::vector<T>& out) {
    out.clear();
    std::unique_lock lock(mutex_);
    arrived_.wait(lock, [this] { return stopped_ || !items_.empty(); });
    items_.swap(out);
    return !out.empty();
  }

  // Takes nothing more in; what is in it can still be drained. Any thread.
  void stop() {
    {
      const std::lock_guard lock(mutex_);
      stopped_ = true;
    }
    arrived_.notify_all();
  }

  std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return items_.size();
  }

 private:
  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<T> items_;
  bool stopped_ = false;
};

}  // namespace hmt::agent
