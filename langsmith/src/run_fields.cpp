#include "langsmith/src/run_fields.h"

#include <algorithm>
#include <limits>

#include "common/src/json_value.h"
#include "common/src/time_text.h"
#include "common/src/token_counts.h"
#include "common/src/utf8.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::append_json;
using llmtrace::append_json_string;
using llmtrace::Json;
using llmtrace::JsonValue;
using llmtrace::Level;
using llmtrace::ObservationType;
using llmtrace::Record;
using llmtrace::TraceAttributes;
using llmtrace::Uuid;

// A path is sent with every run: past this many levels a run is shown under the last one.
constexpr std::size_t kMaxLevels = 512;
constexpr std::size_t kUuidLength = 36;

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

std::string json_text(const Json& value) {
  std::string out;
  append_json(out, value);
  return out;
}

// "20261123T073952364184Z" and the run's id.
void append_segment(std::string& path, llmtrace::Timestamp start, const Uuid& uuid) {
  std::string time;
  llmtrace::append_rfc3339(time, start);
  std::erase_if(time, [](char c) { return c == '-' || c == ':' || c == '.'; });
  path.append(time).append(llmtrace::uuid_text(uuid));
}

bool is_object(const Json& value) {
  return !value.is_absent() && !value.is_string() && value.text().starts_with('{');
}

void write(JsonObject& object, std::string_view key, std::optional<std::int64_t> count) {
  if (count) object.set(key, std::to_string(*count));
}

// With the whole all of its details are given anew: one that was told before is no part of it.
void add_detail(llmtrace::UsageDetails& details, std::string_view name,
                std::optional<std::int64_t> count, bool is_whole_given) {
  if (count || is_whole_given) details.merge({{name, count.value_or(0)}});
}

// What is too large to be added stays at the largest count.
std::int64_t sum(std::initializer_list<std::optional<std::int64_t>> counts) {
  std::int64_t total = 0;
  for (const auto& count : counts) {
    const std::int64_t part = std::max<std::int64_t>(0, count.value_or(0));
    if (__builtin_add_overflow(total, part, &total))
      return std::numeric_limits<std::int64_t>::max();
  }
  return total;
}

// The counts inside are taken out of the whole, but never to less than nothing. A negative whole
// stays one: it is no valid number, and counted as such.
std::int64_t rest_of(std::int64_t whole, std::int64_t inside) {
  return whole < 0 ? whole : std::max<std::int64_t>(0, whole - inside);
}

}  // namespace

std::string without_nul(std::string_view json_text) {
  constexpr std::string_view kNul = "\\u0000";
  std::string out;
  while (!json_text.empty()) {
    const std::size_t escape = std::min(json_text.find('\\'), json_text.size());
    out.append(json_text.substr(0, escape));
    json_text.remove_prefix(escape);
    const std::size_t length = json_text.starts_with(kNul) ? kNul.size() : 2;
    if (length == 2) out.append(json_text.substr(0, 2));
    json_text.remove_prefix(std::min(length, json_text.size()));
  }
  return out;
}

std::string_view character_prefix(std::string_view text, std::size_t most) noexcept {
  if (text.size() <= most) return text;
  std::size_t end = 0;
  for (std::size_t count = 0; count < most && end < text.size(); ++count) {
    end += std::max<std::size_t>(1, llmtrace::utf8_sequence_length(text.substr(end)));
  }
  return text.substr(0, end);
}

void JsonObject::set(std::string_view key, std::string text) {
  const auto same = std::find_if(members_.begin(), members_.end(),
                                 [&](const auto& member) { return member.first == key; });
  if (same != members_.end()) {
    same->second = std::move(text);
  } else {
    members_.emplace_back(key, std::move(text));
  }
}

void JsonObject::set_text(std::string_view key, std::string_view value) {
  if (!value.empty()) set(key, quoted(value));
}

void JsonObject::set_json(std::string_view key, const Json& value) {
  if (!value.is_absent()) set(key, json_text(value));
}

void JsonObject::merge(const Json& object) {
  if (object.is_absent()) return;
  if (!is_object(object)) {  // a mask that failed left no object
    set_json("metadata", object);
    return;
  }
  const std::string text = json_text(object);
  llmtrace::JsonObjectReader reader(text);
  std::string key;
  std::string_view value;
  while (reader.next(key, value)) set(key, std::string(value));
}

std::string JsonObject::take(std::string_view key) {
  std::string text;
  std::erase_if(members_, [&](auto& member) {
    if (member.first != key) return false;
    text = std::move(member.second);
    return true;
  });
  return text;
}

std::string JsonObject::text() const {
  std::string out = "{";
  for (const auto& [key, value] : members_) {
    if (out.size() > 1) out.push_back(',');
    append_json_string(out, key);
    out.append(":").append(value);
  }
  out.push_back('}');
  return out;
}

RunPlace place_of(const Record& record) {
  std::vector<const Record*> line;  // from the run up
  for (const Record* at = &record; at != nullptr; at = at->parent) line.push_back(at);
  const Record& root = *line.back();
  RunPlace place;
  place.trace_id = root.uuid;
  place.has_parent = line.size() > 1;
  if (root.remote && !root.remote->run_path.empty()) {
    const std::string& path = root.remote->run_path;
    const std::size_t first_end = std::min(path.find('.'), path.size());
    place.trace_id =
        llmtrace::uuid_from(std::string_view(path).substr(first_end - kUuidLength, kUuidLength));
    place.parent_id = llmtrace::uuid_from(std::string_view(path).substr(path.size() - kUuidLength));
    place.has_parent = true;
    place.dotted_order = path;
  }
  const std::size_t levels = std::min(line.size(), kMaxLevels);
  for (std::size_t i = 0; i < levels; ++i) {
    const Record& at = i + 1 < levels ? *line[line.size() - 1 - i] : record;
    if (!place.dotted_order.empty()) place.dotted_order.push_back('.');
    append_segment(place.dotted_order, at.start_time, at.uuid);
    if (i + 1 < levels) place.parent_id = at.uuid;
  }
  return place;
}

std::string_view to_string(RunType type) noexcept {
  static constexpr std::string_view kNames[] = {"tool",      "chain",  "llm",   "retriever",
                                                "embedding", "prompt", "parser"};
  return kNames[static_cast<std::size_t>(type)];
}

RunType run_type_of(ObservationType type) noexcept {
  switch (type) {
    case ObservationType::Generation:
      return RunType::Llm;
    case ObservationType::Tool:
      return RunType::Tool;
    case ObservationType::Retriever:
      return RunType::Retriever;
    case ObservationType::Embedding:
      return RunType::Embedding;
    case ObservationType::Prompt:
      return RunType::Prompt;
    case ObservationType::Parser:
      return RunType::Parser;
    default:
      return RunType::Chain;
  }
}

ObservationType observation_type_of(RunType type) noexcept {
  switch (type) {
    case RunType::Tool:
      return ObservationType::Tool;
    case RunType::Llm:
      return ObservationType::Generation;
    case RunType::Retriever:
      return ObservationType::Retriever;
    case RunType::Embedding:
      return ObservationType::Embedding;
    case RunType::Prompt:
      return ObservationType::Prompt;
    case RunType::Parser:
      return ObservationType::Parser;
    case RunType::Chain:
      break;
  }
  return ObservationType::Chain;
}

std::string usage_metadata(const Record& record, std::uint64_t& invalid) {
  const llmtrace::TokenCounts tokens = llmtrace::token_counts(record.usage_details);
  invalid += tokens.invalid;
  JsonObject usage;
  write(usage, "input_tokens", tokens.input);
  write(usage, "output_tokens", tokens.output);
  write(usage, "total_tokens", tokens.total);
  JsonObject input_details;
  write(input_details, "audio", tokens.input_audio);
  write(input_details, "cache_creation", tokens.cache_creation);
  write(input_details, "cache_read", tokens.cache_read);
  if (!input_details.empty()) usage.set("input_token_details", input_details.text());
  JsonObject output_details;
  write(output_details, "audio", tokens.output_audio);
  write(output_details, "reasoning", tokens.reasoning);
  if (!output_details.empty()) usage.set("output_token_details", output_details.text());
  for (const auto& item : record.cost_details.items()) {
    if (!(item.value >= 0)) {
      ++invalid;
      continue;
    }
    std::string number;
    llmtrace::append_json_number(number, item.value);
    if (item.name == "input" || item.name == "output" || item.name == "total") {
      usage.set(item.name + "_cost", std::move(number));
    }
  }
  return usage.empty() ? std::string() : usage.text();
}

llmtrace::UsageDetails usage_details(const UsageMetadata& usage) {
  const InputTokenDetails& in = usage.input_token_details;
  const OutputTokenDetails& out = usage.output_token_details;
  llmtrace::UsageDetails details;
  if (usage.input_tokens) {
    const std::int64_t inside = sum({in.audio, in.cache_creation, in.cache_read});
    details.merge({{"input", rest_of(*usage.input_tokens, inside)}});
  }
  const bool input = usage.input_tokens.has_value();
  add_detail(details, "input_audio_tokens", in.audio, input);
  add_detail(details, "input_cache_creation", in.cache_creation, input);
  add_detail(details, "input_cached_tokens", in.cache_read, input);
  if (usage.output_tokens) {
    const std::int64_t inside = sum({out.audio, out.reasoning});
    details.merge({{"output", rest_of(*usage.output_tokens, inside)}});
  }
  const bool output = usage.output_tokens.has_value();
  add_detail(details, "output_audio_tokens", out.audio, output);
  add_detail(details, "output_reasoning_tokens", out.reasoning, output);
  if (usage.total_tokens) details.merge({{"total", *usage.total_tokens}});
  return details;
}

llmtrace::CostDetails cost_details(const UsageMetadata& usage) {
  llmtrace::CostDetails details;
  if (usage.input_cost) details.merge({{"input", *usage.input_cost}});
  if (usage.output_cost) details.merge({{"output", *usage.output_cost}});
  if (usage.total_cost) details.merge({{"total", *usage.total_cost}});
  return details;
}

std::string as_object_text(const Json& value, std::string_view key) {
  if (value.is_absent()) return {};
  if (is_object(value)) return json_text(value);
  JsonObject object;
  object.set_json(key, value);
  return object.text();
}

namespace {

// The names under which LangSmith shows and filters a model's settings.
void add_model(JsonObject& metadata, const Record& record) {
  metadata.set_text("ls_provider", record.provider);
  metadata.set_text("ls_model_name", record.model);
  if (run_type_of(record.type) == RunType::Llm) metadata.set_text("ls_model_type", "chat");
  if (!is_object(record.model_parameters)) return;
  const std::string text = json_text(record.model_parameters);
  llmtrace::JsonObjectReader reader(text);
  std::string key;
  std::string_view value;
  while (reader.next(key, value)) {
    if (key == "temperature") metadata.set("ls_temperature", std::string(value));
    if (key == "max_tokens") metadata.set("ls_max_tokens", std::string(value));
    if (key == "stop") metadata.set("ls_stop", std::string(value));
  }
}

void add_trace(JsonObject& metadata, const TraceAttributes& trace) {
  metadata.merge(trace.metadata);
  metadata.set_text("user_id", trace.user_id);
  metadata.set_text("session_id", trace.session_id);  // groups traces to a thread
  metadata.set_text("trace_name", trace.trace_name);
  metadata.set_text("version", trace.version);
  metadata.set_text("release", trace.release_name);
  metadata.set_text("environment", trace.environment);
}

// What a run has no field for. Types that are no run type are told here.
void add_rest(JsonObject& metadata, const Record& record) {
  const RunType run_type = run_type_of(record.type);
  if (observation_type_of(run_type) != record.type && record.type != ObservationType::Span) {
    metadata.set_text("observation_type", llmtrace::to_string(record.type));
  }
  metadata.set_text("version", record.version);
  if (record.level && *record.level != Level::Default && *record.level != Level::Error) {
    metadata.set_text("level", llmtrace::to_string(*record.level));
  }
  if (record.level != Level::Error) metadata.set_text("status_message", record.status_message);
  if (record.prompt) {
    metadata.set_text("prompt_name", record.prompt->reference.name);
    metadata.set("prompt_version", std::to_string(record.prompt->reference.version));
  }
  const Record* root = &record;
  while (root->parent != nullptr) root = root->parent;
  // An id from outside. LangSmith's own header gave its trace's, which every run has anyway.
  if (root == &record && root->trace_id != place_of(record).trace_id) {
    metadata.set_text("otel_trace_id", llmtrace::to_hex(root->trace_id));
    if (root->has_parent) {
      metadata.set_text("otel_parent_span_id", llmtrace::to_hex(root->parent_span_id));
    }
  }
}

}  // namespace

std::string extra_text(const Record& record, const ResolvedConfig& config, std::string_view runtime,
                       std::string_view full_name, const std::vector<std::string>& left_out,
                       std::uint64_t& invalid) {
  JsonObject extra;
  if (record.run) extra.merge(record.run->extra);
  JsonObject metadata;
  const std::string given = extra.take("metadata");
  if (!config.hide_metadata) {
    metadata.set_text("revision_id", config.revision_id);
    metadata.set_text("full_name", full_name);
    if (!given.empty()) metadata.merge(Json::from_text(given));
    if (record.attributes) add_trace(metadata, *record.attributes);
    metadata.merge(record.metadata);
    add_model(metadata, record);
    add_rest(metadata, record);
  }
  if (!left_out.empty()) metadata.set_json("attachments_left_out", Json(left_out));
  if (std::string usage = usage_metadata(record, invalid); !usage.empty()) {
    metadata.set("usage_metadata", std::move(usage));
  }
  if (!record.model_parameters.is_absent()) {
    JsonObject invocation;
    invocation.merge(record.model_parameters);
    invocation.set_text("model", record.model);
    extra.set("invocation_params", invocation.text());
  }
  if (!metadata.empty()) extra.set("metadata", metadata.text());
  if (!runtime.empty()) extra.set("runtime", std::string(runtime));
  return extra.empty() ? std::string() : extra.text();
}

std::string extra_naming(std::string_view extra, std::vector<std::string> left_out) {
  constexpr std::string_view kKey = "attachments_left_out";
  JsonObject object;
  if (!extra.empty()) object.merge(Json::from_text(std::string(extra)));
  JsonObject metadata;
  if (const std::string given = object.take("metadata"); !given.empty()) {
    metadata.merge(Json::from_text(given));
  }
  if (const auto named = JsonValue::parse(metadata.take(kKey))) {
    for (const JsonValue& name : named->elements()) left_out.push_back(name.as_string());
  }
  metadata.set_json(kKey, Json(left_out));
  object.set("metadata", metadata.text());
  return object.text();
}

std::string events_text(const Record& record, bool hide_fields) {
  std::string events;
  constexpr std::string_view kNewToken = "new_token";
  const auto append = [&](std::string_view name, llmtrace::Timestamp time, const Json& fields) {
    JsonObject event;
    event.set_text("name", name);
    std::string text;
    llmtrace::append_rfc3339(text, time);
    event.set_text("time", text);
    // A token is a piece of the output, which has rules of its own (GHSA-rr7j-v2q5-chgv).
    if (!hide_fields && name != kNewToken) event.set_json("kwargs", fields);
    events.append(events.empty() ? "[" : ",").append(event.text());
  };
  if (record.completion_start_time && run_type_of(record.type) == RunType::Llm) {
    append(kNewToken, *record.completion_start_time, {});
  }
  if (record.run) {
    for (const auto& event : record.run->events) append(event.name, event.time, event.fields);
  }
  if (!events.empty()) events.push_back(']');
  return events;
}

std::string_view error_text(const Record& record) noexcept {
  if (record.level != Level::Error) return {};
  // OBSERVE sees that an exception passed, not which.
  if (record.status_message.empty()) return "an exception left the function";
  return record.status_message;
}

std::vector<std::string> tags_of(const Record& record) {
  std::vector<std::string> tags;
  if (record.attributes) tags = record.attributes->tags;
  if (record.run) {
    for (const std::string& tag : record.run->tags) {
      if (std::find(tags.begin(), tags.end(), tag) == tags.end()) tags.push_back(tag);
    }
  }
  return tags;
}

}  // namespace v0
}  // namespace langsmith
