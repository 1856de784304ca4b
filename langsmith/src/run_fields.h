// How an observation looks as a run: one function for each part of it. The mapping is the table in
// docs/langsmith.md.
#pragma once

#include <langsmith/run.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/src/json_text.h"
#include "common/src/record.h"
#include "langsmith/src/resolved_config.h"

namespace langsmith {
inline namespace v0 {

/// `json_text` without the NULs in its strings: the server's databases refuse them, and with them
/// the whole batch. The reference clients leave them out too.
std::string without_nul(std::string_view json_text);

/// The first `most` characters of `text`.
std::string_view character_prefix(std::string_view text, std::size_t most) noexcept;

/// A JSON object that is put together from members and other objects; a repeated key replaces.
class JsonObject {
 public:
  void set(std::string_view key, std::string json_text);
  void set_text(std::string_view key, std::string_view value);  // nothing for empty text
  void set_json(std::string_view key, const llmtrace::Json& value);
  void merge(const llmtrace::Json& object);
  /// Takes a member out; empty when there is none.
  std::string take(std::string_view key);
  bool empty() const noexcept { return members_.empty(); }
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> members_;
};

/// A run's place: where its ancestors are, and what the ids of its tree are.
struct RunPlace {
  llmtrace::Uuid trace_id{};
  llmtrace::Uuid parent_id{};
  bool has_parent = false;
  std::string dotted_order;
};
RunPlace place_of(const llmtrace::Record& record);
RunType run_type_of(llmtrace::ObservationType type) noexcept;
llmtrace::ObservationType observation_type_of(RunType type) noexcept;

/// Inclusive counts from separate ones and back. LangSmith's input_tokens include what was cached.
std::string usage_metadata(const llmtrace::Record& record, std::uint64_t& invalid);
llmtrace::UsageDetails usage_details(const UsageMetadata& usage);
llmtrace::CostDetails cost_details(const UsageMetadata& usage);

/// An object as it is, any other value as {"key": value}.
std::string as_object_text(const llmtrace::Json& value, std::string_view key);
/// `full_name` is the run's when that was cut. `left_out` are the names of attachments that do not
/// travel: the metadata tell them.
std::string extra_text(const llmtrace::Record& record, const ResolvedConfig& config,
                       std::string_view runtime, std::string_view full_name,
                       const std::vector<std::string>& left_out, std::uint64_t& invalid);
/// `extra` with more names of attachments that do not travel.
std::string extra_naming(std::string_view extra, std::vector<std::string> left_out);
/// Without their fields when those are to be hidden; a token never goes along.
std::string events_text(const llmtrace::Record& record, bool hide_fields);
/// What stands as the run's error; empty for none.
std::string_view error_text(const llmtrace::Record& record) noexcept;
std::vector<std::string> tags_of(const llmtrace::Record& record);

}  // namespace v0
}  // namespace langsmith
