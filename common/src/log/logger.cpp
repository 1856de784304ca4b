#include <llmtrace/log.h>
#include <llmtrace/spdlog_bridge.h>

#include <exception>
#include <utility>

#include "common/src/cell.h"
#include "common/src/guard.h"
#include "common/src/json_text.h"
#include "common/src/log/log_core.h"
#include "common/src/log/log_line.h"
#include "common/src/registry.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kFieldBytes = 32;  // what a field takes, most often
constexpr std::size_t kMaxPreview = std::size_t{64} << 10;
constexpr std::size_t kMaskWindow = std::size_t{4} << 10;  // what a mask sees beyond the preview

bool is_object(const Json& json) noexcept {
  return !json.is_absent() && !json.is_string() && json.text().starts_with('{');
}

// Fields are an object; any other value is one field.
Json as_fields(Json value, std::string_view name) {
  if (value.is_absent() || is_object(value)) return value;
  return {{name, std::move(value)}};
}

double milliseconds_of(std::chrono::nanoseconds duration) noexcept {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

std::string_view to_string(LogLevel level) noexcept {
  static constexpr std::string_view kNames[] = {"debug", "info", "warning", "error"};
  return kNames[static_cast<std::size_t>(level)];
}

struct Logger::Impl {
  std::shared_ptr<LogCore> core;
  std::string name;
};

Logger::Logger(LoggerOptions options) {
  std::string name = options.name;
  auto core = std::make_shared<LogCore>(std::move(options));
  level_ = &core->level;
  impl_ = std::make_shared<const Impl>(Impl{std::move(core), std::move(name)});
}

Logger::Logger(std::shared_ptr<const Impl> impl) noexcept
    : impl_(std::move(impl)), level_(&impl_->core->level) {}

Logger Logger::named(std::string name) const {
  return Logger(std::make_shared<const Impl>(Impl{impl_->core, std::move(name)}));
}

void Logger::set_level(LogLevel level) const noexcept {
  impl_->core->level.store(level, std::memory_order_relaxed);
}

// Makes the entry, lets `fill` append its fields, and queues it.
template <class Fill>
void Logger::submit(LogLevel level, std::string_view message, std::size_t capacity,
                    Fill&& fill) const noexcept {
  LogQueue* const queue = impl_->core->queue();
  if (queue == nullptr) return;
  try {
    LogEntry entry(level, impl_->core->now(), impl_->name, message, capacity);
    std::forward<Fill>(fill)(entry);
    queue->push(std::move(entry));
  } catch (const std::exception&) {  // no memory
    queue->refuse();
  }
}

void Logger::write(LogLevel level, std::string_view message,
                   std::initializer_list<JsonField> fields) const noexcept {
  submit(level, message, kFieldBytes * fields.size(), [&](LogEntry& entry) {
    if (fields.size() == 0) return;
    JsonWriter writer(entry.text);
    writer.begin_object();
    for (const JsonField& field : fields) {
      writer.key(field.key);
      detail::write_guarded(writer, field.value);
    }
    writer.end_object();
  });
}

void Logger::write(LogLevel level, std::string_view message, const Json& fields) const noexcept {
  submit(level, message, fields.text().size(), [&](LogEntry& entry) {
    if (fields.is_absent()) return;
    if (is_object(fields)) {
      entry.text.append(fields.text());
    } else {
      entry.text.append("{\"fields\":");
      append_json(entry.text, fields, JsonWriter::kMaxDepth - 1);
      entry.text.push_back('}');
    }
  });
}

void Logger::log_error(const std::exception& exception, const Json& fields) const noexcept {
  if (!enabled(LogLevel::Error)) return;
  guarded([&] {
    Json all = {{"error_type", detail::exception_type_name(exception)}};
    all.merge(as_fields(fields, "fields"));
    write(LogLevel::Error, exception.what(), all);
  });
}

void Logger::log_llm_request(const LlmRequestLog& request) const noexcept {
  const LogLevel level = request.error.empty() ? LogLevel::Info : LogLevel::Error;
  if (!enabled(level)) return;
  const std::size_t preview = std::min(request.preview_bytes, kMaxPreview);
  // An exporter may have a mask of its own.
  const bool is_masked = process_mask() != nullptr || impl_->core->has_exporter();
  const std::size_t window = preview + (is_masked ? kMaskWindow : 0);
  const std::size_t capacity = std::min(window, request.prompt.size()) +
                               std::min(window, request.response.size()) +
                               request.fields.text().size() + 12 * kFieldBytes;
  submit(level, "llm request", capacity, [&](LogEntry& entry) {
    entry.preview_bytes = preview;
    JsonWriter writer(entry.text);
    const auto text = [&](std::string_view key, std::string_view value) {
      if (value.empty()) return;
      writer.key(key);
      writer.string(value);
    };
    const auto shown = [&](std::string_view key, std::string_view length_key,
                           std::string_view value) {
      if (preview != 0) text(key, utf8_prefix(value, window));
      writer.key(length_key);
      writer.unsigned_integer(value.size());
    };
    const auto tokens = [&](std::string_view key, std::optional<std::int64_t> value) {
      if (!value) return;
      writer.key(key);
      writer.integer(*value);
    };
    writer.begin_object();
    text("operation", request.operation);
    text("provider", request.provider);
    text("model", request.model);
    writer.key("latency_ms");
    writer.number(milliseconds_of(request.latency));
    tokens("input_tokens", request.input_tokens);
    tokens("output_tokens", request.output_tokens);
    shown(kPromptPreview, "prompt_bytes", request.prompt);
    shown(kResponsePreview, "response_bytes", request.response);
    text("error", request.error);
    if (is_object(request.fields)) {
      JsonObjectReader reader(request.fields.text());
      std::string key;
      std::string_view value;
      while (reader.next(key, value)) {
        writer.key(key);
        writer.raw(value);
      }
    } else if (!request.fields.is_absent()) {
      writer.key("fields");
      writer.value(request.fields);
    }
    writer.end_object();
  });
}

void Logger::export_to(std::shared_ptr<LogExporter> exporter) const noexcept {
  impl_->core->export_to(std::move(exporter));
}

bool Logger::flush(std::chrono::milliseconds timeout) const noexcept {
  LogQueue* const queue = impl_->core->queue();
  return queue != nullptr && queue->flush(timeout);
}

LogStats Logger::stats() const noexcept {
  const LogQueue* const queue = impl_->core->queue();
  return queue == nullptr ? LogStats() : queue->stats();
}

// Logs what llmtrace says of itself, on whatever thread; never exported.
class Logger::Sink final : public LogSink {
 public:
  explicit Sink(Logger logger) : logger_(std::move(logger)) {}
  void log(LogLevel level, std::string_view message) override {
    if (!logger_.enabled(level)) return;
    logger_.submit(level, message, 0, [](LogEntry& entry) { entry.exported = false; });
  }

 private:
  Logger logger_;
};

std::shared_ptr<LogSink> Logger::as_sink() const { return std::make_shared<Sink>(*this); }

ContextScope set_context(Json fields) noexcept {
  Context context = Context::current();
  guarded([&] {
    if (fields.is_absent()) return;
    Ref<ContextNode> node = copy_node(current_node());
    auto merged = Ref<LogFields>::make();
    if (node->log_fields_) merged->fields = node->log_fields_->fields;
    merged->fields.merge(as_fields(std::move(fields), "context"));
    node->log_fields_ = Ref<const LogFields>::adopt(merged.detach());
    context = Context(node.detach());
  });
  return ContextScope(std::move(context));
}

namespace detail {

void append_log_line(std::string& out, Timestamp time, LogLevel level, std::string_view logger,
                     std::string_view message) {
  const std::shared_ptr<const Mask> mask = process_mask();
  ::llmtrace::append_log_line(out, LogEntry(level, time, logger, message), mask.get());
}

CallLog::CallLog(const Logger& logger, const LogCallParams& params) noexcept
    : logger_(logger), params_(params), start_(logger.impl_->core->steady_now()) {}

CallLog::~CallLog() {
  if (failed_ || !logger_.enabled(params_.level)) return;
  guarded([&] { finish(params_.level, {{"success", true}}); });
}

void CallLog::failed() noexcept {
  failed_ = true;
  // A thread that is being cancelled or has called pthread_exit unwinds without an exception; to
  // catch and keep that would end the process.
  if (!std::current_exception()) return;
  guarded([&] {
    Json outcome;
    try {
      throw;
    } catch (const std::exception& exception) {
      outcome = {{"success", false},
                 {"error_type", exception_type_name(exception)},
                 {"error", exception.what()}};
    } catch (...) {
      outcome = {{"success", false}, {"error", "an exception that is not a std::exception"}};
    }
    finish(LogLevel::Error, outcome);
  });
}

void CallLog::finish(LogLevel level, const Json& outcome) const noexcept {
  guarded([&] {
    const auto duration = logger_.impl_->core->steady_now() - start_;
    Json fields = {{"duration_ms", milliseconds_of(duration)}};
    fields.merge(outcome);
    logger_.log(level, params_.name, fields);
  });
}

}  // namespace detail
}  // namespace v0
}  // namespace llmtrace
