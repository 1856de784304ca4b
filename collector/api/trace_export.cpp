#include "collector/api/trace_export.h"

#include <map>
#include <optional>
#include <utility>

#include "collector/identifier.h"
#include "collector/iso_time.h"
#include "collector/row_sql.h"
#include "collector/traces/node_content.h"
#include "collector/traces/span_store.h"
#include "common/src/json_text.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

// Attributes of one span, typed as OTLP has them.
class Attributes {
 public:
  void add(std::string_view key, const std::optional<std::string>& text) {
    if (!text) return;
    begin(key, "stringValue");
    append_json_string(json_, *text);
    json_ += "}}";
  }
  void add(std::string_view key, std::int64_t number) {
    begin(key, "intValue");
    json_ += '"' + std::to_string(number) + "\"}}";
  }
  [[nodiscard]] std::string json() const { return json_.empty() ? "[]" : json_ + ']'; }

 private:
  void begin(std::string_view key, std::string_view kind) {
    json_ += json_.empty() ? "[{\"key\":" : ",{\"key\":";
    append_json_string(json_, key);
    json_ += ",\"value\":{\"";
    json_.append(kind);
    json_ += "\":";
  }
  std::string json_;
};

// A string's own text, for attributes that hold text or JSON.
std::optional<std::string> plain(const std::optional<std::string>& json) {
  if (!json || !json->starts_with('"')) return json;
  return unescape_json_string(*json);
}

std::string lower_case_text(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

std::string attributes_of(const Node& node, const NodeContent& content) {
  Attributes attributes;
  attributes.add("langfuse.observation.type", lower_case_text(node.type));
  attributes.add("langfuse.observation.level",
                 std::string(to_string(static_cast<NodeLevel>(node.level))));
  attributes.add("langfuse.observation.status_message", node.status_message);
  attributes.add("langfuse.observation.input", plain(content.input));
  attributes.add("langfuse.observation.output", plain(content.output));
  attributes.add("langfuse.observation.metadata", content.metadata);
  attributes.add("langfuse.observation.model.name", node.model);
  attributes.add("langfuse.observation.model.parameters", content.model_parameters);
  attributes.add("langfuse.observation.usage_details", content.usage);
  attributes.add("langfuse.observation.cost_details", content.cost);
  attributes.add("langfuse.trace.name", node.trace_name);
  attributes.add("langfuse.trace.tags", node.tags);
  attributes.add("langfuse.environment", node.environment);
  attributes.add("langfuse.release", node.release);
  attributes.add("langfuse.version", node.version);
  attributes.add("gen_ai.provider.name", node.provider);
  attributes.add("user.id", node.user_id);
  attributes.add("session.id", node.session_id);
  if (content.prompt) {
    const JsonValue prompt = JsonValue::parse(*content.prompt).value_or(JsonValue());
    attributes.add("langfuse.observation.prompt.name", prompt["name"].as_string());
    attributes.add("langfuse.observation.prompt.version", prompt["version"].as_integer());
  }
  if (node.first_token_us) {
    attributes.add("langfuse.observation.completion_start_time",
                   to_iso_text_us(*node.first_token_us));
  }
  return attributes.json();
}

// Ids of other forms become ids of OTLP's: always the same for the same text.
std::string hex_id(const std::string& id, std::size_t digits) {
  if (is_lower_hex(id, digits)) return id;
  std::uint64_t hash = 14'695'981'039'346'656'037U;  // FNV-1a
  std::string hex;
  while (hex.size() < digits) {
    for (const char c : id) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211U;
    }
    constexpr std::string_view kDigits = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) hex += kDigits[(hash >> shift) & 15U];
  }
  return hex.substr(0, digits);
}

std::string nanoseconds(std::int64_t us) { return '"' + std::to_string(us) + "000\""; }

std::string span_of(const Node& node, const NodeContent& content) {
  std::string json = "{\"traceId\":\"" + hex_id(node.trace_id, 32) + "\",\"spanId\":\"" +
                     hex_id(node.id, 16) + '"';
  if (node.parent_id) json += ",\"parentSpanId\":\"" + hex_id(*node.parent_id, 16) + '"';
  json += ",\"name\":";
  append_json_string(json, node.name.value_or(""));
  json += ",\"kind\":1,\"startTimeUnixNano\":" + nanoseconds(node.start_us);
  if (node.end_us) json += ",\"endTimeUnixNano\":" + nanoseconds(*node.end_us);
  const bool is_error = node.level == static_cast<std::int64_t>(NodeLevel::Error);
  if (is_error) json += ",\"status\":{\"code\":2}";
  return json + ",\"attributes\":" + attributes_of(node, content) + '}';
}

}  // namespace

std::string trace_as_otlp(SqliteDatabase& connection, const std::vector<MergedNode>& nodes) {
  // Spans by what they came with; '{"resource": ..., "scope": ...}'.
  std::map<std::string, std::string> groups;
  for (const MergedNode& merged : nodes) {
    RowFilter filter;
    filter.equal("trace_id", merged.node.trace_id);
    filter.equal("id", merged.node.id);
    NodeContent content;
    std::optional<StoredSpan> stored;
    for (const Node& row : read_rows<Node>(connection, filter, " ORDER BY source", kAllRows)) {
      if (row.source == static_cast<std::int64_t>(Source::Otlp)) {
        stored = read_span(connection, row.row);
      }
      merge_content(content, read_content(connection, row));
    }
    const bool is_plain = stored && merged.sources == std::int64_t{1}
                                                          << static_cast<int>(Source::Otlp);
    std::string& spans =
        groups[is_plain ? stored->resource_json
                        : R"({"resource":{},"scope":{"name":"langfuse-sdk llmtrace-collector"}})"];
    spans +=
        (spans.empty() ? "" : ",") + (is_plain ? stored->span_json : span_of(merged.node, content));
  }
  std::string json;
  for (const auto& [surroundings, spans] : groups) {
    const auto parsed = JsonValue::parse(surroundings).value_or(JsonValue());
    json += json.empty() ? "{\"resourceSpans\":[" : ",";
    json += "{\"resource\":" + parsed["resource"].to_text() +
            ",\"scopeSpans\":[{\"scope\":" + parsed["scope"].to_text() + ",\"spans\":[" + spans +
            "]}]}";
  }
  return json.empty() ? "{\"resourceSpans\":[]}" : json + "]}";
}

}  // namespace llmtrace::collector
