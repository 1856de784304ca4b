#include "collector/traces/span_store.h"

#include <utility>

#include "collector/identifier.h"
#include "collector/iso_time.h"
#include "collector/otlp_json.h"
#include "collector/traces/node_mapper.h"
#include "collector/traces/plain_span.h"
#include "common/src/environment.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {
namespace {

bool is_id(const std::string& id, std::size_t digits) {
  return is_lower_hex(id, digits) && id.find_first_not_of('0') != std::string::npos;
}

std::string or_empty_object(const std::string& json) { return json.empty() ? "{}" : json; }

}  // namespace

// An export in the order of its spans.
struct SpanStore::Group {
  std::vector<Node> nodes{};
  std::vector<std::string> spans{};      // of nodes[i]: as JSON
  std::vector<std::size_t> resources{};  // of nodes[i]: index into resource_texts
  std::vector<std::string> resource_texts{};
  std::size_t refused_count = 0;
};

SpanStore::SpanStore(Database& database, TraceIndex& index, const CostEstimator& costs)
    : database_(database),
      index_(index),
      costs_(costs),
      insert_span_(database.connection(),
                   "INSERT INTO otlp_spans (row, resource, span) VALUES (?, ?, ?)"),
      insert_resource_(database.connection(),
                       "INSERT INTO otlp_resources (json) VALUES (?) ON CONFLICT DO NOTHING"),
      find_resource_(database.connection(), "SELECT id FROM otlp_resources WHERE json = ?") {}

SpanStore::Stored SpanStore::put(OtlpTrace trace) {
  Group group = read(std::move(trace));
  Stored stored{.span_count = group.nodes.size(), .refused_count = group.refused_count};
  if (group.nodes.empty()) return stored;
  stored.trace_ids = database_.write([&] {
    std::vector<std::int64_t> resources;
    for (const std::string& json : group.resource_texts) resources.push_back(resource_id(json));
    std::vector<std::string> changed = index_.put(group.nodes, {});
    for (std::size_t i = 0; i < group.nodes.size(); ++i) {
      const StatementReset reset(insert_span_);
      insert_span_.bind(1, group.nodes[i].row);
      insert_span_.bind(2, resources[group.resources[i]]);
      insert_span_.bind(3, std::string_view(group.spans[i]));
      insert_span_.step();
    }
    return changed;
  });
  index_.announce({.trace_ids = stored.trace_ids});
  return stored;
}

SpanStore::Group SpanStore::read(OtlpTrace&& trace) const {
  const std::int64_t received_ms = now_ms();
  Group group;
  for (OtlpResourceSpans& resource_spans : trace) {
    for (OtlpScopeSpans& scope_spans : resource_spans.scope_spans) {
      group.resource_texts.push_back(
          "{\"resource\":" + or_empty_object(resource_spans.resource_json) +
          ",\"scope\":" + or_empty_object(scope_spans.scope_json) + "}");
      for (OtlpSpan& span : scope_spans.spans) {
        for (std::string* id : {&span.trace_id, &span.span_id, &span.parent_span_id}) {
          *id = lower_case(std::move(*id));  // OTLP's JSON takes both
        }
        if (!is_id(span.trace_id, 32) || !is_id(span.span_id, 16)) {
          ++group.refused_count;
          continue;
        }
        group.spans.push_back(std::move(span.json));
        const SpanFacts facts = facts_of(span);
        const Observation row =
            map_plain_span(std::move(span), scope_spans, resource_spans.resource_attributes,
                           received_ms, SpanParts::AllButContent);
        group.nodes.push_back(node_of(row, Source::Otlp, facts, costs_));
        group.resources.push_back(group.resource_texts.size() - 1);
      }
    }
  }
  return group;
}

std::int64_t SpanStore::resource_id(const std::string& json) {
  {
    const StatementReset reset(insert_resource_);
    insert_resource_.bind(1, json);
    insert_resource_.step();
  }
  const StatementReset reset(find_resource_);
  find_resource_.bind(1, json);
  std::int64_t id = 0;
  if (find_resource_.step()) find_resource_.read(0, id);
  return id;
}

std::optional<StoredSpan> read_span(SqliteDatabase& connection, std::int64_t row) {
  SqliteStatement statement(connection,
                            "SELECT span, json FROM otlp_spans JOIN otlp_resources ON "
                            "resource = id WHERE row = ?");
  statement.bind(1, row);
  if (!statement.step()) return std::nullopt;
  StoredSpan stored;
  statement.read(0, stored.span_json);
  statement.read(1, stored.resource_json);
  const auto span = JsonValue::parse(stored.span_json);
  const auto surroundings = JsonValue::parse(stored.resource_json);
  if (!span || !surroundings) return std::nullopt;
  stored.span = decode_otlp_span(*span, Keep::AttributesAsJson);
  const JsonValue& scope = (*surroundings)["scope"];
  stored.scope = {.scope_name = scope["name"].as_string(),
                  .scope_version = scope["version"].as_string(),
                  .scope_attributes = decode_otlp_attributes(scope, Keep::AttributesAsJson)};
  stored.resource_attributes =
      decode_otlp_attributes((*surroundings)["resource"], Keep::AttributesAsJson);
  return stored;
}

}  // namespace llmtrace::collector
