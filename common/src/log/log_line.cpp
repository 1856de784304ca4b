#include "common/src/log/log_line.h"

#include <llmtrace/log.h>

#include <algorithm>
#include <array>

#include "common/src/json_members.h"
#include "common/src/json_text.h"
#include "common/src/own_thread.h"
#include "common/src/time_text.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::array<std::string_view, 6> kOwnKeys = {"timestamp", "level",    "logger",
                                                      "message",   "trace_id", "span_id"};
constexpr std::string_view kOwnPrefix = "fields.";

void append_member(std::string& out, std::string_view key, std::string_view string) {
  out.append(",\"").append(key).append("\":");
  append_json_string(out, string);
}

void append_id(std::string& out, std::string_view key, const std::uint8_t* bytes,
               std::size_t count) {
  out.append(",\"").append(key).append("\":\"");
  append_hex(out, bytes, count);
  out.push_back('"');
}

// A raw line break in JSON text is white space between its parts, and would end the line.
void append_value(std::string& out, std::string_view json) {
  const std::size_t start = out.size();
  out.append(json);
  if (json.find('\n') == std::string_view::npos && json.find('\r') == std::string_view::npos)
    return;
  const auto begin = out.begin() + static_cast<std::ptrdiff_t>(start);
  std::replace_if(
      begin, out.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
}

bool is_cut(const LogEntry& entry, const JsonMembers::Member& member) {
  return entry.preview_bytes != 0 && member.value.starts_with('"') &&
         (member.key == kPromptPreview || member.key == kResponsePreview);
}

void append_members(std::string& out, const LogEntry& entry, const JsonMembers& members) {
  for (const JsonMembers::Member& member : members.members()) {
    const bool own = std::find(kOwnKeys.begin(), kOwnKeys.end(), member.key) != kOwnKeys.end();
    out.push_back(',');
    if (own) {
      append_json_string(out, members.free_name(kOwnPrefix, member.key));
    } else {
      append_json_string(out, member.key);
    }
    out.push_back(':');
    if (is_cut(entry, member)) {
      std::string buffer;
      const std::string_view whole = unescape_json_string(member.value, buffer);
      append_json_string(out, utf8_prefix(whole, entry.preview_bytes));
    } else {
      append_value(out, member.value);
    }
  }
}

void append_head(std::string& out, const LogEntry& entry, std::string_view message) {
  out.append("{\"timestamp\":\"");
  append_rfc3339(out, entry.time);
  out.push_back('"');
  append_member(out, "level", to_string(entry.level));
  append_member(out, "logger", entry.logger());
  append_member(out, "message", message);
  if (!entry.has_ids) return;
  append_id(out, "trace_id", entry.trace_id.data(), entry.trace_id.size());
  append_id(out, "span_id", entry.span_id.data(), entry.span_id.size());
}

// What a mask made of the fields: an object as it should be, or one value in its place.
void append_masked(std::string& out, const LogEntry& entry, const Json& fields) {
  if (fields.is_absent()) return;
  const std::string& text = fields.text();
  if (!fields.is_string() && text.starts_with('{')) {
    JsonMembers members;
    members.add(text);
    append_members(out, entry, members);
    return;
  }
  out.append(",\"fields\":");
  append_value(out, fields.to_text());
}

}  // namespace

LogEntry::LogEntry(LogLevel said_level, Timestamp said_at, std::string_view logger,
                   std::string_view message, std::size_t capacity)
    : name_size(logger.size()),
      message_size(message.size()),
      time(said_at),
      exported(!on_own_thread()),
      level(said_level) {
  text.reserve(logger.size() + message.size() + capacity);
  text.append(logger).append(message);
  ContextNode* const node = current_node();
  if (node == nullptr) return;
  context = node->log_fields_;
  const Cell* const cell = node->cell();
  if (cell == nullptr) return;
  trace_id = cell->record.trace_id;
  span_id = cell->record.span_id;
  has_ids = true;
  sampled = cell->is_recording();
}

std::uint64_t append_log_line(std::string& out, const LogEntry& entry, const Mask* mask) {
  std::uint64_t failures = 0;
  JsonMembers members;
  if (entry.context) members.add(entry.context->fields.text());
  members.add(entry.fields());
  if (mask == nullptr) {
    append_head(out, entry, entry.message());
    append_members(out, entry, members);
  } else {
    LogText masked{std::string(entry.message()), {}};
    if (!members.members().empty()) masked.fields = Json::from_text(members.to_text());
    failures = apply_mask(masked, *mask);
    append_head(out, entry, masked.message);
    append_masked(out, entry, masked.fields);
  }
  out.append("}\n");
  return failures;
}

LogRecord log_record(const LogEntry& entry) {
  LogRecord record;
  record.time = entry.time;
  record.level = entry.level;
  record.logger = entry.logger();
  record.message = entry.message();
  JsonMembers members;
  if (entry.context) members.add(entry.context->fields.text());
  members.add(entry.fields());
  if (!members.members().empty()) record.fields = Json::from_text(members.to_text());
  record.preview_bytes = entry.preview_bytes;
  record.trace_id = entry.trace_id;
  record.span_id = entry.span_id;
  record.has_ids = entry.has_ids;
  record.sampled = entry.sampled;
  return record;
}

}  // namespace v0
}  // namespace llmtrace
