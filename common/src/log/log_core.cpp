#include "common/src/log/log_core.h"

#include <pthread.h>

#include <chrono>
#include <exception>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/src/fork.h"
#include "common/src/rate_limited_log.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::chrono::seconds kShutdown(2);

// Never destroyed: a static logger may come before and go after everything.
struct LiveCores {
  std::mutex mutex;  // held over a fork
  std::vector<LogCore*> cores;
};

LiveCores& live_cores() {
  static LiveCores& instance = *new LiveCores;
  return instance;
}

void before_fork() { live_cores().mutex.lock(); }
void in_parent() { live_cores().mutex.unlock(); }
void in_child() {
  for (LogCore* core : live_cores().cores) core->renew_after_fork();
  live_cores().mutex.unlock();
}

void install_handlers() {
  install_fork_handlers();  // the mask's mutex is held over a fork, too
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(before_fork, in_parent, in_child); });
}

LoggerOptions checked(LoggerOptions options) {
  const auto refuse = [](const std::string& what) { throw std::invalid_argument(what); };
  if (options.queue_size == 0) refuse("LoggerOptions::queue_size must be at least 1, got 0");
  if (options.max_file_bytes != 0 && options.daily_file) {
    refuse("LoggerOptions::max_file_bytes and daily_file exclude each other: give one");
  }
  if (options.file.empty() && (options.max_file_bytes != 0 || options.daily_file)) {
    refuse("LoggerOptions::max_file_bytes and daily_file need a file");
  }
  if (!options.file.empty() && options.sink) {
    refuse("LoggerOptions::file and sink exclude each other: give one");
  }
  return options;
}

std::unique_ptr<LineSink> opened(const LoggerOptions& options) {
  try {
    return open_line_sink(options);
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& error) {
    throw std::invalid_argument("LoggerOptions::file \"" + options.file +
                                "\" cannot be opened: " + error.what());
  }
}

}  // namespace

LogCore::LogCore(LoggerOptions options)
    : level(options.level),
      options_(checked(std::move(options))),
      clock_(options_.clock ? options_.clock : make_system_clock()),
      queue_(std::make_shared<LogQueue>(options_, opened(options_))) {
  install_handlers();
  const std::lock_guard lock(live_cores().mutex);
  live_cores().cores.push_back(this);
}

LogCore::~LogCore() {
  {
    const std::lock_guard lock(live_cores().mutex);
    std::erase(live_cores().cores, this);
  }
  if (queue_) queue_->close(kShutdown);
}

void LogCore::export_to(std::shared_ptr<LogExporter> exporter) noexcept {
  std::shared_ptr<LogExporter> previous;  // released after the lock: it may be the last of its own
  const std::lock_guard lock(live_cores().mutex);
  has_exporter_.store(exporter != nullptr, std::memory_order_relaxed);
  if (queue_) queue_->export_to(exporter);
  previous = std::exchange(exporter_, std::move(exporter));
}

void LogCore::renew_after_fork() noexcept {
  // Its mutex may be held by a thread that does not exist here: it is left for good.
  alignas(std::shared_ptr<LogQueue>) std::byte left[sizeof(std::shared_ptr<LogQueue>)];
  new (left) std::shared_ptr<LogQueue>(std::move(queue_));
  try {
    queue_ = std::make_shared<LogQueue>(options_, nullptr);
    queue_->export_to(exporter_);
  } catch (const std::exception&) {  // no memory: this process logs nothing
  }
}

}  // namespace v0
}  // namespace llmtrace
