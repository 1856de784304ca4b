// Logger writes one JSON object per line: timestamp, level, logger, message, the caller's fields,
// those of `set_context`, and the trace_id and span_id of the current observation, so that logs and
// traces can be joined.
//
//   llmtrace::Logger logger({.name = "api", .file = "/var/log/api.log"});
//   auto scope = llmtrace::set_context({{"request_id", id}});
//   logger.info("answered", {{"model", model}, {"tokens", tokens}});
//
// A call copies what it is given into a bounded queue; a thread of the logger's own makes the line
// and writes it. Every call is noexcept and may come from any thread. Copies of a Logger share
// queue and thread; the last one that goes drains for at most 2 s. At every moment
// submitted = written + dropped + in_queue. A forked child writes its own lines, none of its
// parent's. The mask of `set_mask` is applied to message and fields; the logger's name is not
// masked. An exporter, such as OpenTelemetry's, gets the lines as well.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/context.h>
#include <llmtrace/export.h>
#include <llmtrace/json.h>
#include <llmtrace/log_exporter.h>
#include <llmtrace/log_sink.h>
#include <llmtrace/observed_scope.h>
#include <llmtrace/overflow.h>

#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace llmtrace {
inline namespace v0 {

namespace detail {
class CallLog;
}

/// "debug", "info", "warning", "error"
LLMTRACE_EXPORT std::string_view to_string(LogLevel level) noexcept;

struct LoggerOptions {
  std::string name = "app";
  /// What is below it costs one relaxed load: no field is turned into text.
  LogLevel level = LogLevel::Info;
  /// Appended to; empty: standard error.
  std::string file{};
  /// A file that would grow past it is renamed to "name.1.ext" and a new one begun; 0: never. Two
  /// processes must not do that to one file.
  std::size_t max_file_bytes = 0;
  /// A new file each midnight, local time, named "name_2026-11-16.ext"; not with max_file_bytes.
  bool daily_file = false;
  /// How many old files of either kind are kept.
  std::size_t max_files = 5;
  /// Lines that wait to be written, and what they take in memory.
  std::size_t queue_size = 8192;
  std::size_t queue_bytes = std::size_t{16} << 20;
  /// Of a new line when the queue is full; it is counted either way.
  Overflow overflow = Overflow::drop_newest();
  /// Given: it takes the lines, without their newline, one at a time on the logger's thread, and
  /// there is no file.
  std::shared_ptr<LogSink> sink{};
  /// Null: the system's clocks.
  std::shared_ptr<Clock> clock{};
};

struct LogStats {
  std::uint64_t submitted = 0;      ///< lines of an enabled level
  std::uint64_t written = 0;        ///< taken by the file or sink
  std::uint64_t queue_full = 0;     ///< dropped: no room, no memory or no thread
  std::uint64_t sink_failed = 0;    ///< dropped: the file or sink refused them (disk full)
  std::uint64_t in_queue = 0;       ///< waiting, or being written
  std::uint64_t mask_failures = 0;  ///< values that the mask failed on and that were replaced
  std::uint64_t exported = 0;       ///< given to the exporter, which counts their fate
  std::uint64_t dropped() const noexcept { return queue_full + sink_failed; }
};

/// One call of a model. The texts are read during the call only; of prompt and response a preview
/// is written, cut after masking.
struct LlmRequestLog {
  std::string_view model{};
  std::string_view provider{};
  std::string_view operation = "chat";
  std::string_view prompt{};
  std::string_view response{};
  std::chrono::nanoseconds latency{};
  std::optional<std::int64_t> input_tokens{};
  std::optional<std::int64_t> output_tokens{};
  std::string_view error{};         ///< given: the level is error, not info
  std::size_t preview_bytes = 256;  ///< the most of a preview; at most 64 KiB
  Json fields{};                    ///< an object, beside the others
};

class LLMTRACE_EXPORT Logger {
 public:
  /// Throws std::invalid_argument for options that contradict each other and for a file that cannot
  /// be opened, naming it.
  explicit Logger(LoggerOptions options = {});

  /// The same logger, queue and level under another name.
  Logger named(std::string name) const;

  bool enabled(LogLevel level) const noexcept {
    return level >= level_->load(std::memory_order_relaxed);
  }
  /// Of all that share this queue.
  void set_level(LogLevel level) const noexcept;

  /// Fields: {{"key", value}, ...}. A field of the same name as one of the context replaces it; one
  /// named as a part of the line ("message") is written as "fields.message".
  void debug(std::string_view message,
             std::initializer_list<JsonField> fields = {}) const noexcept {
    log(LogLevel::Debug, message, fields);
  }
  void info(std::string_view message, std::initializer_list<JsonField> fields = {}) const noexcept {
    log(LogLevel::Info, message, fields);
  }
  void warning(std::string_view message,
               std::initializer_list<JsonField> fields = {}) const noexcept {
    log(LogLevel::Warning, message, fields);
  }
  void error(std::string_view message,
             std::initializer_list<JsonField> fields = {}) const noexcept {
    log(LogLevel::Error, message, fields);
  }
  void log(LogLevel level, std::string_view message,
           std::initializer_list<JsonField> fields = {}) const noexcept {
    if (enabled(level)) write(level, message, fields);
  }

  /// The same for fields that are nested or made elsewhere. What is no object is the field
  /// "fields".
  void debug(std::string_view message, const Json& fields) const noexcept {
    log(LogLevel::Debug, message, fields);
  }
  void info(std::string_view message, const Json& fields) const noexcept {
    log(LogLevel::Info, message, fields);
  }
  void warning(std::string_view message, const Json& fields) const noexcept {
    log(LogLevel::Warning, message, fields);
  }
  void error(std::string_view message, const Json& fields) const noexcept {
    log(LogLevel::Error, message, fields);
  }
  void log(LogLevel level, std::string_view message, const Json& fields) const noexcept {
    if (enabled(level)) write(level, message, fields);
  }

  /// An error line: its what(), the field error_type, and `fields`.
  void log_error(const std::exception& exception, const Json& fields = {}) const noexcept;
  /// The line "llm request": model, latency_ms, tokens, previews and lengths in bytes.
  void log_llm_request(const LlmRequestLog& request) const noexcept;

  /// From now on `exporter` gets every line, too, whatever becomes of it in the file; see
  /// OtlpExporter::log_exporter. Null: nobody does. Not those lines that llmtrace says of itself
  /// (`as_sink`), nor what is said on its threads, by callbacks and masks: they would make lines
  /// about lines without end. For all that share this queue.
  void export_to(std::shared_ptr<LogExporter> exporter) const noexcept;

  /// Waits until the lines given before were written: true. False when the time was over or the
  /// sink refused lines meanwhile, and on the logger's own thread.
  bool flush(std::chrono::milliseconds timeout = std::chrono::seconds(5)) const noexcept;
  LogStats stats() const noexcept;
  /// Lines lost so far, for whatever reason.
  std::uint64_t dropped() const noexcept { return stats().dropped(); }

  /// This logger as what TransportOptions::log_sink wants.
  std::shared_ptr<LogSink> as_sink() const;

 private:
  friend class detail::CallLog;
  struct Impl;
  class Sink;
  explicit Logger(std::shared_ptr<const Impl> impl) noexcept;
  void write(LogLevel level, std::string_view message,
             std::initializer_list<JsonField> fields) const noexcept;
  void write(LogLevel level, std::string_view message, const Json& fields) const noexcept;
  template <class Fill>
  void submit(LogLevel level, std::string_view message, std::size_t capacity,
              Fill&& fill) const noexcept;

  std::shared_ptr<const Impl> impl_;
  const std::atomic<LogLevel>* level_;
};

/// Fields for every line that is logged inside the scope, by any logger; nested scopes merge, the
/// inner one wins. Threads inherit them as they do the trace: by `bind`. Needs no client.
[[nodiscard]] LLMTRACE_EXPORT ContextScope set_context(Json fields) noexcept;

struct LogCallParams {
  std::string name = "call";        ///< the lines' message
  LogLevel level = LogLevel::Info;  ///< of a call that succeeds; one that throws is an error
};

namespace detail {

/// Logs, when it goes, how long a call took and whether it succeeded.
class LLMTRACE_EXPORT CallLog {
 public:
  CallLog(const Logger& logger, const LogCallParams& params) noexcept;
  ~CallLog();
  CallLog(const CallLog&) = delete;
  CallLog& operator=(const CallLog&) = delete;
  /// Inside a handler: the exception that is being handled ended it.
  void failed() noexcept;

 private:
  void finish(LogLevel level, const Json& outcome) const noexcept;

  const Logger& logger_;
  const LogCallParams& params_;
  std::chrono::steady_clock::time_point start_;
  bool failed_ = false;
};

template <class Function>
decltype(auto) call_logged(const Logger& logger, const LogCallParams& params, Function&& function) {
  using Returned = decltype(std::forward<Function>(function)());
  static_assert(!Awaitable<std::remove_cvref_t<Returned>>,
                "llmtrace: log_call ends before a coroutine runs. Log inside the coroutine.");
  CallLog call(logger, params);
  try {
    return std::forward<Function>(function)();
  } catch (...) {
    call.failed();
    throw;
  }
}

/// What `log_call` makes. Takes what its function takes and nothing else.
template <class Function>
class LoggedCall {
 public:
  LoggedCall(const Logger& logger, Function function, LogCallParams params)
      : logger_(logger), function_(std::move(function)), params_(std::move(params)) {}

  template <class... Args>
  requires std::invocable<Function&, Args...>
  decltype(auto) operator()(Args&&... args) {
    return ::llmtrace::detail::call_logged(logger_, params_, [&]() -> decltype(auto) {
      return std::invoke(function_, std::forward<Args>(args)...);
    });
  }
  template <class... Args>
  requires std::invocable<const Function&, Args...>
  decltype(auto) operator()(Args&&... args) const {
    return ::llmtrace::detail::call_logged(logger_, params_, [&]() -> decltype(auto) {
      return std::invoke(function_, std::forward<Args>(args)...);
    });
  }

 private:
  Logger logger_;
  Function function_;
  LogCallParams params_;
};

}  // namespace detail

/// The decorator: a callable that does what `function` does and logs each call: duration_ms,
/// success, and the type and text of an exception, which goes on unchanged.
template <class Function>
detail::LoggedCall<std::decay_t<Function>> log_call(const Logger& logger, Function&& function,
                                                    LogCallParams params = {}) {
  return {logger, std::forward<Function>(function), std::move(params)};
}

}  // namespace v0
}  // namespace llmtrace
