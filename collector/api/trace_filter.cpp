#include "collector/api/trace_filter.h"

#include <string>
#include <utility>

#include "collector/api/api_error.h"
#include "collector/traces/node.h"
#include "collector/traces/node_ids.h"
#include "collector/traces/trace_ids.h"
#include "common/src/json_text.h"

namespace llmtrace::collector {
namespace {

// JSON text of a string, as it stands in a list of the summary.
std::string quoted(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

std::string lower_case_text(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

void filter_levels(const ApiQuery& query, RowFilter& filter) {
  std::string condition;
  std::vector<RowFilter::Value> values;
  for (const std::string& name : query.all("level")) {
    const auto level = level_from_text(name);
    if (!level) {
      throw bad_parameter("level", "must be DEBUG, DEFAULT, WARNING or ERROR, got '" + name + "'");
    }
    condition += condition.empty() ? "level = ?" : " OR level = ?";
    values.emplace_back(static_cast<std::int64_t>(*level));
  }
  if (!values.empty()) filter.where(condition.c_str(), std::move(values));
}

void filter_types(const ApiQuery& query, RowFilter& filter) {
  std::string condition;
  std::vector<RowFilter::Value> values;
  for (const std::string& type : query.all("type")) {
    condition += condition.empty() ? "INSTR(types, ?) > 0" : " OR INSTR(types, ?) > 0";
    values.emplace_back(quoted(type));
  }
  if (!values.empty()) filter.where(condition.c_str(), std::move(values));
}

void filter_source(const ApiQuery& query, RowFilter& filter) {
  if (!query.text("source")) return;
  const std::size_t source = query.choice("source", {"langfuse", "langsmith", "otlp"});
  filter.where("(sources & ?) <> 0", {std::int64_t{1} << source});
}

// Ids, names, users and tags by any part of them, the rest by whole words.
void filter_text(const std::string& text, RowFilter& filter) {
  const std::string part = lower_case_text(text);
  const std::string node_id = node_id_of_run(part);
  std::vector<RowFilter::Value> values = {part, trace_id_of(part), node_id, node_id};
  std::string condition = "INSTR(search, ?) > 0 OR trace_id = ? OR ";
  condition += kHasNodeId;
  const std::string words = text_query(text);
  if (!words.empty()) {
    condition +=
        " OR trace_id IN (SELECT nodes.trace_id FROM (SELECT rowid FROM node_text WHERE node_text "
        "MATCH ? ORDER BY rowid DESC LIMIT 20000) found JOIN nodes ON nodes.row = found.rowid)";
    values.emplace_back(words);
  }
  filter.where(condition.c_str(), std::move(values));
}

bool is_word_byte(unsigned char c) {
  return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

}  // namespace

RowFilter trace_filter(const ApiQuery& query) {
  RowFilter filter;
  query.times(filter, "start_us");
  query.equal(filter, "name", "name");
  query.equal(filter, "user", "user_id");
  query.equal(filter, "session", "session_id");
  query.equal(filter, "environment", "environment");
  if (const auto model = query.text("model")) filter.contains("models", quoted(*model));
  for (const std::string& tag : query.all("tag")) filter.contains("tags", quoted(tag));
  filter_levels(query, filter);
  filter_types(query, filter);
  filter_source(query, filter);
  if (const auto least_ms = query.number("min_latency_ms")) {
    filter.where("latency_us >= ?", {*least_ms * 1000});
  }
  if (const auto text = query.text("q")) filter_text(*text, filter);
  return filter;
}

std::string text_query(std::string_view text) {
  std::string query;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t begin = at;
    while (at < text.size() && is_word_byte(static_cast<unsigned char>(text[at]))) ++at;
    if (at == begin) {
      ++at;
      continue;
    }
    query += (query.empty() ? "\"" : " \"") + std::string(text.substr(begin, at - begin)) + '"';
    if (at < text.size() && text[at] == '*') query += '*';
  }
  return query;
}

}  // namespace llmtrace::collector
