#include "common/src/log/log_queue.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "common/src/log/log_line.h"
#include "common/src/own_thread.h"
#include "common/src/registry.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLinger(10);
constexpr std::size_t kReserved = 8192;  // entries; more of them are made room for as they come
// As condition variables cannot be told to wait for ever by a duration.
constexpr milliseconds kLongest = std::chrono::hours(24 * 365);

thread_local const LogQueue* writes_for = nullptr;

}  // namespace

LogQueue::LogQueue(const LoggerOptions& options, std::unique_ptr<LineSink> sink)
    : options_(options),
      log_(make_stderr_log_sink(), options.clock ? options.clock : make_system_clock()),
      full_text_("logger " + options.name + ": the queue is full; lines are dropped and counted"),
      sink_(std::move(sink)) {
  entries_.reserve(std::min(options_.queue_size, kReserved));
  batch_.reserve(entries_.capacity());
}

bool LogQueue::has_room(std::size_t bytes) const noexcept {
  return stats_.in_queue < options_.queue_size && bytes_ + bytes <= options_.queue_bytes;
}

bool LogQueue::wait_for_room(std::unique_lock<std::mutex>& lock, std::size_t bytes) {
  const milliseconds timeout = std::min(options_.overflow.timeout(), kLongest);
  // The thread that makes room cannot wait for it.
  if (timeout.count() <= 0 || writes_for == this) return false;
  ++waiting_;
  hurry();
  const bool room = progress_.wait_for(lock, timeout, [&] { return has_room(bytes); });
  --waiting_;
  return room;
}

void LogQueue::export_to(std::shared_ptr<LogExporter> exporter) noexcept {
  const std::lock_guard lock(mutex_);
  exporter_.swap(exporter);
}

void LogQueue::push(LogEntry&& entry) noexcept {
  const std::size_t bytes = entry.byte_size();
  const bool urgent = entry.level == LogLevel::Error;
  bool wake = false;
  bool added = false;
  {
    std::unique_lock lock(mutex_);
    added = (has_room(bytes) || wait_for_room(lock, bytes)) && add(std::move(entry), bytes);
    ++stats_.submitted;
    if (added) {
      const bool due = urgent || stats_.in_queue >= options_.queue_size / 2;
      wake = std::exchange(idle_, false) || (due && !hurry_);
      hurry_ = hurry_ || due;
    } else {
      ++stats_.queue_full;
    }
  }
  if (wake) wake_.notify_one();
  if (!added) log_.log(DropReason::QueueFull, LogLevel::Warning, full_text_);
}

bool LogQueue::add(LogEntry&& entry, std::size_t bytes) noexcept {
  try {
    if (!thread_.joinable()) start();
    entries_.push_back(std::move(entry));
  } catch (const std::exception&) {  // no memory, or no thread to be had
    return false;
  }
  bytes_ += bytes;
  ++stats_.in_queue;
  return true;
}

void LogQueue::refuse() noexcept {
  const std::lock_guard lock(mutex_);
  ++stats_.submitted;
  ++stats_.queue_full;
}

void LogQueue::start() {
  // Signals are the program's business: the thread inherits a mask that blocks them all.
  sigset_t all;
  sigset_t previous;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &previous);
  try {
    thread_ = std::thread([self = shared_from_this()] { self->run(); });
    pthread_setname_np(thread_.native_handle(), "llmtrace-log");
  } catch (const std::exception&) {
    pthread_sigmask(SIG_SETMASK, &previous, nullptr);
    throw;
  }
  pthread_sigmask(SIG_SETMASK, &previous, nullptr);
}

void LogQueue::hurry() noexcept {
  hurry_ = true;
  wake_.notify_one();
}

bool LogQueue::flush(milliseconds timeout) noexcept {
  if (writes_for == this) return false;
  std::unique_lock lock(mutex_);
  const std::uint64_t goal = stats_.submitted - stats_.queue_full;
  const std::uint64_t failed_before = stats_.sink_failed;
  const auto reached = [&] { return stats_.written + stats_.sink_failed >= goal; };
  if (!reached()) {
    ++waiting_;
    hurry();
    progress_.wait_for(lock, std::min(timeout, kLongest), reached);
    --waiting_;
  }
  return reached() && stats_.sink_failed == failed_before;
}

void LogQueue::close(milliseconds timeout) noexcept {
  {
    std::unique_lock lock(mutex_);
    if (!thread_.joinable()) return;
    closing_ = true;
    wake_.notify_one();
    // The last logger may go on the thread itself, inside a user's sink.
    if (writes_for != this) progress_.wait_for(lock, timeout, [&] { return finished_; });
    if (!finished_) return thread_.detach();  // it keeps this object alive as long as it needs it
  }
  thread_.join();
}

LogStats LogQueue::stats() const noexcept {
  const std::lock_guard lock(mutex_);
  return stats_;
}

// ---- The thread

void LogQueue::run() noexcept {
  writes_for = this;
  mark_own_thread();
  std::unique_lock lock(mutex_);
  for (;;) {
    idle_ = true;
    wake_.wait(lock, [&] { return !entries_.empty() || closing_; });
    idle_ = false;
    if (entries_.empty()) break;
    wake_.wait_for(lock, kLinger, [&] { return hurry_ || closing_; });
    hurry_ = false;
    batch_.swap(entries_);
    batch_exporter_ = exporter_;
    lock.unlock();
    write_batch();
    batch_.clear();
    batch_exporter_.reset();
    lock.lock();
  }
  finished_ = true;
  progress_.notify_all();
}

// Lines go to the sink together as far as it takes them; those of one write share its fate.
void LogQueue::write_batch() noexcept {
  const std::shared_ptr<const Mask> mask = process_mask();
  std::uint64_t count = 0;
  std::size_t bytes = 0;
  LogLevel level{};
  const auto put_all = [&] {
    if (count == 0) return;
    const bool done = put(level);
    settle(done ? count : 0, done ? 0 : count, bytes);
    count = 0;
    bytes = 0;
  };
  for (LogEntry& entry : batch_) {
    if (batch_exporter_ && entry.exported) export_line(entry);
    if (!append_line(entry, mask.get())) {
      settle(0, 1, entry.byte_size());
      continue;
    }
    const std::size_t most = sink_ ? sink_->max_bytes() : 0;
    if (lines_.size() + line_.size() > most) put_all();
    if (count == 0) {
      lines_.swap(line_);
      level = entry.level;
    } else {
      lines_.append(line_);
    }
    ++count;
    bytes += entry.byte_size();
    entry.text = std::string();
  }
  put_all();
}

// Whatever becomes of it in the file.
void LogQueue::export_line(const LogEntry& entry) noexcept {
  try {
    batch_exporter_->export_record(log_record(entry));
    ++exported_;
  } catch (const std::exception& error) {
    say(static_cast<LogKind>(DropReason::EncodeFailed), "a line was not exported", error.what());
  }
}

// Leaves the line in line_; false when there is no memory for it.
bool LogQueue::append_line(const LogEntry& entry, const Mask* mask) noexcept {
  std::uint64_t failures = 0;
  try {
    line_.clear();
    failures = append_log_line(line_, entry, mask);
  } catch (const std::exception& error) {
    say(static_cast<LogKind>(DropReason::EncodeFailed), "a line was lost", error.what());
    return false;
  }
  if (failures == 0) return true;
  say(LogKind::UserCode, "a value was replaced",
      "the mask function threw or returned text that is not JSON");
  const std::lock_guard lock(mutex_);
  stats_.mask_failures += failures;
  return true;
}

bool LogQueue::put(LogLevel level) noexcept {
  std::string reason = "an exception that is not a std::exception";
  try {
    if (!sink_) sink_ = open_line_sink(options_);
    sink_->write(level, lines_);
    lines_.clear();
    return true;
  } catch (const std::exception& error) {
    reason = error.what();
  } catch (...) {  // the user's code: counted by the caller
  }
  lines_.clear();
  say(LogKind::Setup, "lines that cannot be written were lost", reason.c_str());
  return false;
}

void LogQueue::say(LogKind kind, const char* what, const char* why) noexcept {
  try {
    log_.log(kind, LogLevel::Error, "logger " + options_.name + ": " + what + ": " + why);
  } catch (const std::exception&) {  // no memory for more than that
    log_.log(kind, LogLevel::Error, what);
  }
}

void LogQueue::settle(std::uint64_t written, std::uint64_t failed, std::size_t bytes) noexcept {
  const std::lock_guard lock(mutex_);
  stats_.written += written;
  stats_.sink_failed += failed;
  stats_.in_queue -= written + failed;
  stats_.exported += std::exchange(exported_, 0);
  bytes_ -= bytes;
  if (waiting_ != 0) progress_.notify_all();
}

}  // namespace v0
}  // namespace llmtrace
