// Langfuse's wire: one Encoder per kind of request. Facts are those of Langfuse's public sources
// (server v4.16, langfuse-python 4.14): attribute names, the ingestion events, the scores API.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/encoder.h"
#include "langfuse/src/resolved_config.h"

namespace langfuse {
inline namespace v0 {

/// What all requests to one server have in common. Immutable, shared by the encoders.
class Wire {
 public:
  explicit Wire(ResolvedConfig config);
  const ResolvedConfig& config() const noexcept { return config_; }
  /// A request with the credentials, the SDK's headers and `headers`. The user's additional headers
  /// replace those of the same name.
  llmtrace::HttpRequest request(std::string_view method, std::string_view path,
                                std::vector<llmtrace::HttpHeader> headers = {}) const;

 private:
  ResolvedConfig config_;
  llmtrace::Secret authorization_;
};

/// Observations as OTLP spans to /api/public/otel/v1/traces.
std::unique_ptr<llmtrace::Encoder> make_otlp_encoder(std::shared_ptr<const Wire> wire);
/// Observations as ingestion events to /api/public/ingestion, for servers before 3.22.
std::unique_ptr<llmtrace::Encoder> make_legacy_encoder(std::shared_ptr<const Wire> wire);
/// Scores: arrays to /api/public/scores, or score-create events to /api/public/ingestion.
std::unique_ptr<llmtrace::Encoder> make_score_encoder(std::shared_ptr<const Wire> wire);

/// An event's id is its item's, a UUID's text. The two events of a root observation have these
/// behind it, so that of each event that a reply names one knows whether the item has another.
inline constexpr std::string_view kRootSuffix = "-root";
inline constexpr std::string_view kTraceSuffix = "-trace";

/// Reads the reply of /api/public/ingestion, a 207 with a verdict per event. `ids` are those of the
/// items in their events.
llmtrace::Verdict judge_ingestion(const std::vector<std::string>& ids,
                                  const llmtrace::HttpReply& reply, llmtrace::Timestamp now);

/// The prompt that a generation is linked to, its own or the trace's; null for other types and
/// without one.
const llmtrace::PromptReference* linked_prompt(const llmtrace::Record& record) noexcept;

/// Langfuse's name of a type: those it does not know are spans.
std::string_view langfuse_type(llmtrace::ObservationType type) noexcept;

/// The names and valid values as a JSON object; the invalid ones are counted.
std::string numbers_to_json(const llmtrace::UsageDetails& usage, std::uint64_t& invalid);
std::string numbers_to_json(const llmtrace::CostDetails& cost, std::uint64_t& invalid);

}  // namespace v0
}  // namespace langfuse
