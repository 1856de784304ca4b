#include "common/src/masking.h"

#include "common/src/cell.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace {
inline namespace v0 {
namespace {

class Masker {
 public:
  explicit Masker(const Mask& mask) noexcept : mask_(mask) {}

  Json json(const Json& value, Field field) {
    if (value.is_absent()) return {};
    try {
      JsonText masked = mask_(JsonText{value.to_text()}, field);
      if (JsonValue::is_valid(masked.text)) return unquoted(std::move(masked.text));
    } catch (...) {  // counted below: whatever it was, the value must not leave
    }
    ++failures_;
    return Json(kMaskFailed);
  }

  void text(std::string& value, Field field) {
    if (value.empty()) return;
    const Json masked = json(Json(std::string_view(value)), field);
    value = masked.text();
  }

  void tags(std::vector<std::string>& tags) {
    if (tags.empty()) return;
    const Json masked = json(Json(tags), Field::Tags);
    const auto list = JsonValue::parse(masked.text());
    tags.clear();
    if (!list || !list->is_array()) {
      tags.push_back(masked.text());
      return;
    }
    for (const JsonValue& tag : list->elements()) {
      tags.push_back(tag.is_string() ? tag.as_string() : tag.to_text());
    }
  }

  std::uint64_t failures() const noexcept { return failures_; }

 private:
  // JSON text that is one string becomes a plain string again.
  static Json unquoted(std::string&& text) {
    if (!text.empty() && text.front() == '"') {
      if (const auto value = JsonValue::parse(text); value && value->is_string()) {
        return Json(std::string_view(value->as_string()));
      }
    }
    return Json::from_text(std::move(text));
  }

  const Mask& mask_;
  std::uint64_t failures_ = 0;
};

}  // namespace

std::uint64_t apply_mask(Record& record, const Mask& mask) {
  Masker masker(mask);
  record.input = masker.json(record.input, Field::Input);
  record.output = masker.json(record.output, Field::Output);
  record.metadata = masker.json(record.metadata, Field::Metadata);
  record.model_parameters = masker.json(record.model_parameters, Field::ModelParameters);
  masker.text(record.status_message, Field::StatusMessage);
  if (record.run) {
    auto run = Ref<RunDetails>::make(static_cast<const RunFields&>(*record.run));
    masker.tags(run->tags);
    for (RunDetails::Event& event : run->events)
      event.fields = masker.json(event.fields, Field::Event);
    run->extra = masker.json(run->extra, Field::Metadata);
    run->serialized = masker.json(run->serialized, Field::Metadata);
    record.run = std::move(run);
  }
  if (record.attributes &&
      (!record.attributes->tags.empty() || !record.attributes->metadata.is_absent())) {
    auto attributes = copy_attributes(record.attributes.get());
    masker.tags(attributes->tags);
    attributes->metadata = masker.json(attributes->metadata, Field::Metadata);
    record.attributes = Ref<const TraceAttributes>::adopt(attributes.detach());
  }
  return masker.failures();
}

std::uint64_t apply_mask(Score& score, const Mask& mask) {
  Masker masker(mask);
  masker.text(score.comment, Field::ScoreComment);
  if (score.feedback) {
    auto feedback = std::make_shared<FeedbackFields>(*score.feedback);
    feedback->value = masker.json(feedback->value, Field::ScoreValue);
    feedback->correction = masker.json(feedback->correction, Field::ScoreValue);
    feedback->source_info = masker.json(feedback->source_info, Field::Metadata);
    score.feedback = std::move(feedback);
  }
  score.metadata = masker.json(score.metadata, Field::Metadata);
  if (score.value.kind() == ScoreValue::Kind::Text) {
    std::string text = score.value.text();
    masker.text(text, Field::ScoreValue);
    score.value = ScoreValue(std::move(text));
  }
  return masker.failures();
}

std::uint64_t apply_mask(LogRecord& record, const Mask& mask) {
  LogText text{std::move(record.message), std::move(record.fields)};
  const std::uint64_t failures = apply_mask(text, mask);
  record.message = std::move(text.message);
  record.fields = std::move(text.fields);
  return failures;
}

std::uint64_t apply_mask(LogText& text, const Mask& mask) {
  Masker masker(mask);
  masker.text(text.message, Field::LogMessage);
  text.fields = masker.json(text.fields, Field::LogFields);
  return masker.failures();
}

}  // namespace v0
}  // namespace llmtrace
