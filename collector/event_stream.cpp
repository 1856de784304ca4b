#include "collector/event_stream.h"

#include <microhttpd.h>

#include <algorithm>

namespace llmtrace::collector {

EventStream::Push EventStream::push(std::string_view text) {
  const std::lock_guard lock(mutex_);
  if (is_gone_ || is_closed_) return Push::Gone;
  if (text_.size() + text.size() > kMostBytes) return Push::Full;
  text_.append(text);
  wake();
  return Push::Taken;
}

void EventStream::close() {
  const std::lock_guard lock(mutex_);
  is_closed_ = true;
  wake();
}

void EventStream::attach(MHD_Connection& connection) {
  const std::lock_guard lock(mutex_);
  connection_ = &connection;
}

void EventStream::detach() {
  const std::lock_guard lock(mutex_);
  connection_ = nullptr;
  is_asleep_ = false;
  is_gone_ = true;
}

EventStream::Read EventStream::read(std::span<char> out) {
  const std::lock_guard lock(mutex_);
  if (!text_.empty()) {
    const std::size_t size = std::min(out.size(), text_.size());
    std::copy_n(text_.begin(), size, out.begin());
    text_.erase(0, size);
    return {.size = size};
  }
  if (is_closed_) return {.is_end = true};
  // Under the lock, so that nobody wakes a connection that is still about to fall asleep.
  is_asleep_ = true;
  MHD_suspend_connection(connection_);
  return {};
}

void EventStream::wake() {
  if (!is_asleep_) return;
  is_asleep_ = false;
  MHD_resume_connection(connection_);
}

}  // namespace llmtrace::collector
