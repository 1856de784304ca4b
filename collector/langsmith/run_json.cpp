#include "collector/langsmith/run_json.h"

#include <llmtrace/json_writer.h>

#include <map>
#include <optional>
#include <utility>

#include "collector/identifier.h"
#include "collector/iso_time.h"
#include "collector/langsmith/dotted_order.h"
#include "collector/langsmith/json_fields.h"
#include "collector/langsmith/project_row.h"
#include "collector/langsmith/run_usage.h"
#include "collector/reply_fields.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

// As the server derives it, whatever the client said while the run was open.
std::string_view status_of(const Run& run) {
  if (run.error) return "error";
  if (!run.end_us) return "pending";
  return run.status == "error" ? "error" : "success";
}

// The time of the first "new_token" event, which is told of llm runs alone.
std::optional<std::int64_t> first_token_us(const Run& run) {
  if (run.run_type != "llm" || !run.events) return std::nullopt;
  JsonArrayReader events(*run.events);
  for (std::string_view event; events.next(event);) {
    if (json_member(event, {"name"}) != R"("new_token")") continue;
    const std::string_view time = json_member(event, {"time"});
    return time.starts_with('"') ? parse_iso_us(unescape_json_string(time)) : std::nullopt;
  }
  return std::nullopt;
}

std::string parent_run_ids(const Run& run) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_array();
  const auto parts = read_dotted_order(*run.dotted_order);  // was checked when it came
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) writer.string(parts[i].id);
  writer.end_array();
  return json;
}

std::optional<std::string> thread_id(const Run& run) {
  if (!run.extra) return std::nullopt;
  for (const std::string_view name : {"session_id", "thread_id", "conversation_id"}) {
    const std::string_view id = json_member(*run.extra, {"metadata", name});
    if (id.starts_with('"')) return unescape_json_string(id);
  }
  return std::nullopt;
}

// {"<key>": {"n", "avg", "values"}}: the mean of scores, and how often each other value was given.
std::string feedback_stats(const std::vector<Feedback>& feedback, const std::string& run_id) {
  struct Stats {
    std::int64_t count = 0;
    std::int64_t scored = 0;
    double sum = 0;
    std::map<std::string, std::int64_t> values{};
  };
  std::map<std::string, Stats> by_key;
  for (const Feedback& one : feedback) {
    if (one.run_id != run_id) continue;
    Stats& stats = by_key[one.key];
    ++stats.count;
    const JsonValue score = JsonValue::parse(one.score.value_or("null")).value_or(JsonValue());
    if (!score.is_null()) {
      ++stats.scored;
      stats.sum += score.is_number() ? score.as_double() : (score.as_bool() ? 1 : 0);
    }
    if (one.value && one.value->starts_with('"')) ++stats.values[unescape_json_string(*one.value)];
  }
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  for (const auto& [key, stats] : by_key) {
    writer.key(key);
    ReplyFields fields(writer);
    fields.add("n", stats.count);
    stats.scored > 0 ? fields.add("avg", stats.sum / static_cast<double>(stats.scored))
                     : fields.add_null("avg");
    fields.add("values", stats.values);
  }
  writer.end_object();
  return json;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_~";
  std::string encoded;
  for (const char c : text) {
    encoded += kPlain.find(c) != std::string_view::npos ? std::string(1, c)
                                                        : "%" + to_hex(std::string_view(&c, 1));
  }
  return encoded;
}

// {"attachment.<name>": {"presigned_url", "mime_type"}}
std::string attachment_urls(const RunSurroundings& surroundings, const std::string& run_id) {
  std::string json;
  JsonWriter writer(json);
  writer.begin_object();
  for (const AttachmentInfo& attachment : surroundings.attachments) {
    if (attachment.run_id != run_id) continue;
    writer.key("attachment." + attachment.name);
    ReplyFields fields(writer);
    fields.add("presigned_url", surroundings.base_url + "/runs/" + run_id + "/attachments/" +
                                    percent_encoded(attachment.name));
    fields.add("mime_type", attachment.mime_type);
  }
  writer.end_object();
  return json;
}

std::string app_path(const Run& run) {
  return "/o/" + std::string(kTenantId) + "/projects/p/" + *run.session_id + "/r/" + run.id +
         "?trace_id=" + *run.trace_id + "&start_time=" + to_naive_text_us(*run.start_us);
}

void write_usage(const Run& run, ReplyFields& fields) {
  const RunUsage usage = usage_of(run);
  fields.add("total_tokens", usage.total_tokens);
  fields.add("prompt_tokens", usage.prompt_tokens);
  fields.add("completion_tokens", usage.completion_tokens);
  fields.add_json("prompt_token_details", usage.prompt_token_details);
  fields.add_json("completion_token_details", usage.completion_token_details);
  fields.add("total_cost", usage.total_cost);
  fields.add("prompt_cost", usage.prompt_cost);
  fields.add("completion_cost", usage.completion_cost);
}

}  // namespace

void write_run(const Run& run, const RunSurroundings& surroundings, JsonWriter& writer) {
  ReplyFields fields(writer);
  fields.add("id", run.id);
  fields.add("name", run.name);
  fields.add("run_type", run.run_type);
  fields.add("start_time", to_naive_text_us(*run.start_us));
  run.end_us ? fields.add("end_time", to_naive_text_us(*run.end_us)) : fields.add_null("end_time");
  fields.add("status", status_of(run));
  fields.add("error", run.error);
  fields.add_json("inputs", run.inputs);
  fields.add_json("outputs", run.outputs);
  fields.add_json("extra", run.extra);
  fields.add_json("events", run.events.value_or("[]"));
  fields.add_json("tags", run.tags.value_or("[]"));
  fields.add_json("serialized", run.serialized);
  fields.add("execution_order", 1);
  fields.add("parent_run_id", run.parent_id);
  fields.add_json("parent_run_ids", parent_run_ids(run));
  fields.add("trace_id", run.trace_id);
  fields.add("dotted_order", run.dotted_order);
  fields.add("session_id", run.session_id);
  fields.add("thread_id", thread_id(run));
  fields.add("reference_example_id", run.reference_example_id);
  write_usage(run, fields);
  const auto first_token = first_token_us(run);
  first_token ? fields.add("first_token_time", to_naive_text_us(*first_token))
              : fields.add_null("first_token_time");
  fields.add_json("feedback_stats", feedback_stats(surroundings.feedback, run.id));
  fields.add_json("s3_urls", attachment_urls(surroundings, run.id));
  fields.add("app_path", app_path(run));
}

}  // namespace llmtrace::collector
