#include "collector/traces/trace_summary.h"

#include <algorithm>

#include "collector/langsmith/json_fields.h"
#include "common/src/json_text.h"
#include "common/src/utf8.h"

namespace llmtrace::collector {
namespace {

// A trace of a million nodes has no more words than these in its row.
constexpr std::size_t kMostListBytes = 4096;
constexpr std::size_t kMostNameBytes = 1024;

// Adds JSON text of a string to a JSON array unless it is there.
void add_element(std::string& array, std::string_view element) {
  if (array.find(element) != std::string::npos || array.size() > kMostListBytes) return;
  array.pop_back();
  if (array.size() > 1) array += ',';
  array.append(element);
  array += ']';
}

void add_text(std::string& array, std::string_view text) {
  std::string element;
  append_json_string(element, text);
  add_element(array, element);
}

void add_all(std::string& array, const std::optional<std::string>& others) {
  if (!others) return;
  JsonArrayReader reader(*others);
  for (std::string_view element; reader.next(element);) {
    if (element.starts_with('"')) add_element(array, element);
  }
}

void fill(std::optional<std::string>& value, const std::optional<std::string>& other) {
  if (!value) value = other;
}

std::string lower_case_text(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

void TraceSummary::add(const Node& node, std::int64_t node_sources) {
  add_time(node);
  ++node_count;
  level = std::max(level, node.level);
  if (node.level == static_cast<std::int64_t>(NodeLevel::Error)) ++error_count;
  input_tokens += node.input_tokens;
  output_tokens += node.output_tokens;
  total_tokens += node.total_tokens;
  if (node.cost_usd) {
    cost_usd = std::max(cost_usd, 0.0) + *node.cost_usd;
    cost_is_estimated = cost_is_estimated || node.cost_is_estimated;
  }
  sources |= node_sources;
  add_text(types, node.type);
  if (node.model) add_text(models, *node.model);
  add_all(tags, node.tags);
  fill(user_id, node.user_id);
  fill(session_id, node.session_id);
  if (!environment || environment == "default") {
    if (node.environment) environment = node.environment;
  }
  fill(release, node.release);
  fill(version, node.version);
  add_name(node);
}

void TraceSummary::add_time(const Node& node) {
  std::optional<std::int64_t> end_us;
  if (latency_us != kOpen) end_us = start_us + latency_us;
  if (node.end_us) end_us = std::max(end_us.value_or(*node.end_us), *node.end_us);
  start_us = node_count == 0 ? node.start_us : std::min(start_us, node.start_us);
  latency_us = end_us ? std::max<std::int64_t>(*end_us - start_us, 0) : kOpen;
}

void TraceSummary::add_name(const Node& node) {
  const std::int64_t rank = node.trace_name ? 3 : (node.parent_id ? 1 : 2);
  const auto& given = node.trace_name ? node.trace_name : node.name;
  if (given && rank > name_rank) {
    name = given;
    name_rank = rank;
  }
  // Names of nodes are found by text search too; they stand behind the trace's own words.
  if (!node.name || search.size() > kMostNameBytes) return;
  const std::string line = "\n" + lower_case_text(*node.name) + "\n";
  if (search.find(line) == std::string::npos) search += line;
}

void TraceSummary::apply(const Trace& trace) {
  sources |= std::int64_t{1} << static_cast<std::int64_t>(Source::Langfuse);
  if (node_count == 0) start_us = trace.timestamp_ms.value_or(trace.created_ms) * 1000;
  if (trace.name) {
    name = trace.name;
    name_rank = 3;
  }
  if (trace.user_id) user_id = trace.user_id;
  if (trace.session_id) session_id = trace.session_id;
  if (trace.environment) environment = trace.environment;
  if (trace.release) release = trace.release;
  if (trace.version) version = trace.version;
  add_all(tags, trace.tags);
}

void TraceSummary::finish() {
  // What was there of nodes' names begins at the first line break; the rest is made anew.
  const std::size_t names = std::min(search.find('\n'), search.size());
  std::string own = lower_case_text(trace_id);
  for (const std::optional<std::string>* text :
       {&name, &user_id, &session_id, &release, &version}) {
    if (*text) own += "\t" + lower_case_text(**text);
  }
  own += "\t" + lower_case_text(tags) + "\t" + lower_case_text(models);
  std::replace(own.begin(), own.end(), '\n', ' ');
  search = own + search.substr(names);
}

}  // namespace llmtrace::collector
