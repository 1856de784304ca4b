#include "collector/langsmith/feedback_json.h"

#include <llmtrace/json_writer.h>

#include "collector/iso_time.h"
#include "collector/reply_fields.h"

namespace llmtrace::collector {
namespace {

void write_feedback(const Feedback& feedback, JsonWriter& writer) {
  ReplyFields fields(writer);
  fields.add("id", feedback.id);
  fields.add("key", feedback.key);
  fields.add_json("score", feedback.score);
  fields.add_json("value", feedback.value);
  fields.add("comment", feedback.comment);
  fields.add_json("correction", feedback.correction);
  fields.add("run_id", feedback.run_id);
  fields.add("trace_id", feedback.trace_id);
  fields.add("session_id", feedback.session_id);
  fields.add("is_root", feedback.run_id.has_value() && feedback.run_id == feedback.trace_id);
  fields.add("feedback_group_id", feedback.feedback_group_id);
  fields.add("comparative_experiment_id", feedback.comparative_experiment_id);
  fields.add_json("feedback_source", feedback.source.value_or(R"({"type":"api","metadata":null})"));
  fields.add_json("extra", feedback.extra);
  feedback.start_us ? fields.add("start_time", to_iso_text_us(*feedback.start_us))
                    : fields.add_null("start_time");
  fields.add("created_at", to_iso_text_us(feedback.created_us));
  fields.add("modified_at", to_iso_text_us(feedback.modified_us));
}

}  // namespace

std::string feedback_json(const Feedback& feedback) {
  std::string json;
  JsonWriter writer(json);
  write_feedback(feedback, writer);
  return json;
}

std::string feedback_json(const std::vector<Feedback>& feedback) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  for (const Feedback& one : feedback) write_feedback(one, writer);
  writer.end_array();
  return json;
}

}  // namespace llmtrace::collector
