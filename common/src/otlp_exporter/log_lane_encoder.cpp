// What goes to a backend's logs endpoint: the lines of loggers, and scores as evaluation events.
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include "common/src/json_members.h"
#include "common/src/json_text.h"
#include "common/src/otlp/log_encoder.h"
#include "common/src/otlp_exporter/genai_names.h"
#include "common/src/otlp_exporter/wire.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::uint32_t kSampled = 1;  // W3C's flag

// Older conventions had no evaluations: the names are of the first that had.
std::string_view evaluation_name(GenAi attribute) noexcept {
  return name_of(attribute, GenAiConventions::V1_41);
}

class LogsLaneEncoder : public Encoder {
 public:
  explicit LogsLaneEncoder(std::shared_ptr<const ResolvedOtlpConfig> config)
      : config_(std::move(config)),
        logs_(LogEncoder::make(encoding_of(config_->logs), resource_of(*config_))) {
    limits_.max_items = config_->log_records.max_items;
    limits_.max_bytes = config_->max_batch_bytes;
    limits_.max_item_bytes = config_->max_item_bytes;
    limits_.max_held_items = config_->log_records.max_waiting_items;
    limits_.linger = config_->log_records.interval;
    limits_.separator = logs_->separator();
    limits_.compression = compression_of(config_->logs);
  }

  const LaneLimits& limits() const noexcept override { return limits_; }
  Envelope envelope(std::size_t payload_bytes) const override {
    return logs_->envelope(payload_bytes);
  }
  HttpRequest request() override { return otlp_request(*config_, config_->logs); }
  Verdict judge(const Attempt& /*attempt*/, const HttpReply& reply, Timestamp now) override {
    return judge_export(config_->logs, reply, now);
  }

 protected:
  const LogEncoder& logs() const noexcept { return *logs_; }
  LimitedSink limited(AttributeSink& target) const noexcept {
    const AttributeLimits& limits = config_->limits;
    return {target, limits.log_attributes, limits.log_value_length};
  }

 private:
  const std::shared_ptr<const ResolvedOtlpConfig> config_;
  const std::unique_ptr<LogEncoder> logs_;
  LaneLimits limits_;
};

// ---- Lines

OtlpSeverity severity_of(LogLevel level) noexcept {
  static constexpr OtlpSeverity kSeverities[] = {OtlpSeverity::Debug, OtlpSeverity::Info,
                                                 OtlpSeverity::Warn, OtlpSeverity::Error};
  return kSeverities[static_cast<std::size_t>(level)];
}

std::string_view text_of(LogLevel level) noexcept {
  static constexpr std::string_view kTexts[] = {"debug", "info", "warning", "error"};
  return kTexts[static_cast<std::size_t>(level)];
}

void write_number(std::string_view key, std::string_view json, AttributeSink& sink) {
  const char* const end = json.data() + json.size();
  std::int64_t integer = 0;
  if (const auto read = std::from_chars(json.data(), end, integer);
      read.ec == std::errc() && read.ptr == end) {
    sink.integer(key, integer);
    return;
  }
  double number = 0;
  if (std::from_chars(json.data(), end, number).ec == std::errc()) {
    sink.number(key, number);
  } else {
    sink.string(key, json);  // too large for a double
  }
}

// `json` is the text of a valid value. Objects and arrays travel as text, null not at all.
void write_value(std::string_view key, std::string_view json, std::size_t max_bytes,
                 AttributeSink& sink) {
  switch (json.front()) {
    case '"': {
      std::string buffer;
      sink.string(key, utf8_prefix(unescape_json_string(json, buffer), max_bytes));
      return;
    }
    case 't':
    case 'f':
      sink.boolean(key, json.front() == 't');
      return;
    case '{':
    case '[':
      sink.string(key, json);
      return;
    case 'n':
      return;
    default:
      write_number(key, json, sink);
  }
}

void write_fields(const LogRecord& record, AttributeSink& sink) {
  const std::string& text = record.fields.text();
  if (record.fields.is_string() || !text.starts_with('{')) {
    sink.json("fields", record.fields);  // what a mask made of them
    return;
  }
  JsonMembers members;
  members.add(text);
  for (const JsonMembers::Member& member : members.members()) {
    const bool is_preview = record.preview_bytes != 0 &&
                            (member.key == kPromptPreview || member.key == kResponsePreview);
    // As in the file: the logger's name is not to be replaced by a field.
    const bool is_own = member.key == "logger";
    write_value(is_own ? members.free_name("fields.", member.key) : member.key, member.value,
                is_preview ? record.preview_bytes : std::string::npos, sink);
  }
}

class LineLaneEncoder final : public LogsLaneEncoder {
 public:
  using LogsLaneEncoder::LogsLaneEncoder;

  bool takes(ItemKind kind) const noexcept override { return kind == ItemKind::Log; }
  using Encoder::encode;
  void encode(const LogRecord& record, std::string& out) override {
    OtlpLog log;
    log.time = record.time;
    log.severity = severity_of(record.level);
    log.severity_text = text_of(record.level);
    log.body = record.message;
    if (record.has_ids) {
      log.trace_id = &record.trace_id;
      log.span_id = &record.span_id;
      log.flags = record.sampled ? kSampled : 0;
    }
    logs().encode(
        log,
        [&](AttributeSink& target) {
          LimitedSink sink = limited(target);
          sink.text("logger", record.logger);
          write_fields(record, sink);
          return sink.dropped();
        },
        out);
  }
};

// ---- Scores

// Texts of hex digits, as scores have them; nothing when empty.
template <std::size_t Size>
std::optional<std::array<std::uint8_t, Size>> id_of(std::string_view hex) {
  std::array<std::uint8_t, Size> id{};
  if (hex.size() != 2 * Size) return std::nullopt;
  for (std::size_t i = 0; i < Size; ++i) {
    const char* const digits = hex.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, id[i], 16).ptr != digits + 2) return std::nullopt;
  }
  return id;
}

void write_score(const Score& score, AttributeSink& sink) {
  sink.string(evaluation_name(GenAi::EvaluationName), score.name);
  switch (score.value.kind()) {
    case ScoreValue::Kind::Text:
      sink.string(evaluation_name(GenAi::EvaluationLabel), score.value.text());
      break;
    case ScoreValue::Kind::Boolean:
      sink.string(evaluation_name(GenAi::EvaluationLabel),
                  score.value.number() != 0 ? "true" : "false");
      [[fallthrough]];
    case ScoreValue::Kind::Number:
      sink.number(evaluation_name(GenAi::EvaluationValue), score.value.number());
      break;
    case ScoreValue::Kind::Absent:
      break;
  }
  sink.text(evaluation_name(GenAi::EvaluationExplanation), score.comment);
  sink.text("session.id", score.session_id);
  sink.text("llmtrace.score.id", score.id);
  sink.text("llmtrace.dataset_run.id", score.dataset_run_id);
  sink.json("llmtrace.metadata", score.metadata);
}

class EvaluationLaneEncoder final : public LogsLaneEncoder {
 public:
  using LogsLaneEncoder::LogsLaneEncoder;

  bool takes(ItemKind kind) const noexcept override { return kind == ItemKind::Score; }
  using Encoder::encode;
  void encode(const Score& score, std::string& out) override {
    const auto trace_id = id_of<16>(score.trace_id);
    const auto span_id = id_of<8>(score.observation_id);
    OtlpLog log;
    log.time = score.timestamp;
    log.event_name = "gen_ai.evaluation.result";
    if (trace_id) {
      log.trace_id = &*trace_id;
      log.flags = kSampled;
    }
    if (trace_id && span_id) log.span_id = &*span_id;
    logs().encode(
        log,
        [&](AttributeSink& target) {
          LimitedSink sink = limited(target);
          write_score(score, sink);
          return sink.dropped();
        },
        out);
  }
};

}  // namespace

std::unique_ptr<Encoder> make_line_lane_encoder(std::shared_ptr<const ResolvedOtlpConfig> config) {
  return std::make_unique<LineLaneEncoder>(std::move(config));
}

std::unique_ptr<Encoder> make_evaluation_lane_encoder(
    std::shared_ptr<const ResolvedOtlpConfig> config) {
  return std::make_unique<EvaluationLaneEncoder>(std::move(config));
}

}  // namespace v0
}  // namespace llmtrace
